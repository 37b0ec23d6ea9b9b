from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from anydsl.training.runs.checkpoints import read
from tests.training.processes import environment

SPEC = """\
anynet 1

net Tiny {{
  input = 1x8x8
  stem {{ w = 16, s = 1 }}
  body {{
    block = resnext
    b = 1
    g = 8
    stage s1 {{ d = 1, w = 24 }}
    stage s2 {{ d = 2, w = 40 }}
  }}
  head {{ classes = 10 }}
}}

recipe all {{
  data = digits(augment = [crop, flip])
  epochs = {epochs}
  batch = 64
  optimizer = sgd(lr = 0.001, momentum = 0.9, weight_decay = 5e-4)
  schedule = cosine(warmup = 0.2)
  label_smoothing = 0.1
  clip_norm = 1
  ema = 0.9
  precise_bn = 256
  precision = fp32
  sync_batch_norm = {synced}
}}
"""
STEPS = 20  # of an epoch: 1,294 pictures in batches of 64
ONE = [sys.executable, "-m", "anydsl"]
TWO = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
TWO += ["-m", "anydsl"]


def arguments(folder: Path, out: str, *, epochs: int = 1, synced: str = "true") -> list[str]:
    file = folder / "two.anynet"
    file.write_text(SPEC.format(epochs=epochs, synced=synced))
    return ["train", str(file), "--device", "cpu", "--logger", "none", "--out", str(folder / out)]


def ended(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=240
    )


def weights(folder: Path, out: str) -> dict[str, torch.Tensor]:
    tensors, values = read(folder / out / "checkpoints" / "last.safetensors")
    assert values["history"][-1]["step"] == STEPS
    return {name: value for name, value in tensors.items() if name.startswith(("model", "ema"))}


def test_two_ranks_are_one_process_with_their_batches_together(tmp_path: Path) -> None:
    """All that a recipe has is in it, so that a rank that did more or less would show."""
    runs = {"one": (ONE, "true"), "two": (TWO, "true"), "apart": (TWO, "false")}
    found: dict[str, dict[str, torch.Tensor]] = {}
    for out, (command, synced) in runs.items():
        done = ended([*command, *arguments(tmp_path, out, synced=synced)], tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("test accuracy") == 1  # one rank speaks for both
        found[out] = weights(tmp_path, out)
    for name, value in found["one"].items():
        torch.testing.assert_close(found["two"][name], value, rtol=1e-5, atol=1e-5)
    gaps = [(found["apart"][n] - v).abs().max().item() for n, v in found["one"].items()]
    assert max(gaps) > 1e-4, "batch norms that don't know of each other would have gone unnoticed"


def test_a_signal_ends_all_ranks_and_the_run_goes_on_where_it_stood(tmp_path: Path) -> None:
    whole = arguments(tmp_path, "whole", epochs=4)
    assert ended([*TWO, *whole], tmp_path).returncode == 0
    command = [*TWO, *arguments(tmp_path, "cut", epochs=4)]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    )
    metrics = tmp_path / "cut" / "metrics.jsonl"
    until = time.monotonic() + 120
    while not metrics.exists() or not metrics.read_text():
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode != 0
    assert said.count("all is saved") == 1
    assert "torchrun --standalone --nproc-per-node 2 -m anydsl train --resume" in said
    shutil.copytree(tmp_path / "cut", tmp_path / "alone")
    done = ended([*command, "--resume"], tmp_path)
    assert done.returncode == 0, done.stderr
    alone = [*ONE, "train", "--resume", str(tmp_path / "alone"), "--device", "cpu"]
    assert ended(alone, tmp_path).returncode == 0  # another number of ranks goes on, too
    rows = [(tmp_path / out / "metrics.jsonl").read_text() for out in ("cut", "alone")]
    losses = [[json.loads(row)["train_loss"] for row in text.splitlines()] for text in rows]
    assert losses[1] == pytest.approx(losses[0], abs=1e-3)
    ends = [
        read(tmp_path / out / "checkpoints" / "last.safetensors")[0] for out in ("whole", "cut")
    ]
    assert all(torch.equal(ends[1][name], value) for name, value in ends[0].items())


def test_a_batch_that_two_ranks_cannot_share_is_refused_once(tmp_path: Path) -> None:
    done = ended([*TWO, *arguments(tmp_path, "odd"), "--set", "batch=33"], tmp_path)
    assert done.returncode != 0
    assert done.stderr.count("can't be split evenly over 2 processes") == 1
    assert "anydsl/training" not in done.stderr.replace("torch/distributed", "")


FAILING = """\
import os, signal, sys
from anydsl.cli import main
from anydsl.training.step import Step

do = Step.__call__

def step(self, images, labels):
    do(self, images, labels)
    if os.environ["RANK"] == "1" and self._state.position == 5:
        {fails}

Step.__call__ = step
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "another process of this run is gone"),
        ("raise MemoryError", "out of memory"),
    ],
)
def test_a_rank_that_fails_alone_ends_the_others(tmp_path: Path, fails: str, said: str) -> None:
    (tmp_path / "failing.py").write_text(FAILING.format(fails=fails))
    command = [*TWO[:-2], str(tmp_path / "failing.py"), *arguments(tmp_path, "r")]
    done = ended(command, tmp_path)
    assert done.returncode != 0
    assert done.stderr.count(f"error: {said}") == done.stderr.count("error: ") == 1
    assert "anydsl/training" not in done.stderr  # no traceback of ours


@pytest.mark.parametrize("word", ["cuda:0", "tpu"])
def test_a_rank_without_its_device_says_so_once(tmp_path: Path, word: str) -> None:
    done = ended([*TWO, *arguments(tmp_path, "gone"), "--device", word], tmp_path)
    assert done.returncode != 0
    assert done.stderr.count(f"error: --device {word}: not on this machine") == 1
