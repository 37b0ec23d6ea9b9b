"""Processes that end without any warning: what is on the disk is whole, and the run goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.training.processes import ROOT, environment, python

AT_EVERY_CALL = """
import os, signal, sys
from pathlib import Path
from unittest import mock
import torch
from anydsl.design.recipe import AdamW, Recipe
from anydsl.training.runs.checkpoints import read
from anydsl.training.runs.folder import RunFolder
from anydsl.training.runs.keeping import Keeping
from anydsl.training.runs.epoch import Epoch
from anydsl.training.state import State

torch.set_num_threads(1)


def life(path):
    # Three epochs, each with a checkpoint in its midst and one at its end.
    folder = RunFolder(path)
    folder.checkpoints.keeping = Keeping(keep=2)
    state = State(torch.nn.Linear(3, 2), Recipe(optimizer=AdamW()), 2)
    saved = folder.checkpoints.newest()
    if saved is not None:
        assert not saved[2], saved[2]
        state.restore(saved[0], saved[1])
        folder.checkpoints.clear(state.epoch)
    while state.epoch < 3:
        if state.position == 0:
            state.position = 1
            fill(state, state.epoch + 0.5)
            folder.checkpoints.save(state)
        number = state.epoch + 1
        fill(state, number)
        state.finish_epoch(Epoch(number, 2 * number, 1.0, 0.5, 1.0, 0.5, 0.1, 1.0, 1.0))
        folder.checkpoints.keep(state)


def fill(state, value):
    with torch.no_grad():
        for parameter in state.module.parameters():
            parameter.fill_(value)


def dying(name, call, after):
    real = getattr(os, name)

    def patched(*arguments):
        global calls
        calls += 1
        if calls == call and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return real(*arguments)
        finally:
            if calls == call:
                os.kill(os.getpid(), signal.SIGKILL)

    return mock.patch.object(os, name, patched)


kills = 0
for name in ("fsync", "replace", "link", "unlink"):
    for after in (False, True):
        for call in range(1, 99):
            path = Path(f"{name}-{call}-{after}")
            (path / "checkpoints").mkdir(parents=True)
            child = os.fork()
            if not child:
                calls = 0
                with dying(name, call, after):
                    life(path)
                os._exit(0)
            if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
                break
            kills += 1
            for file in (path / "checkpoints").glob("[!.]*"):
                tensors, values = read(file)
                expected = values["epoch"] + values.get("position", 0) / 2
                if "weight" in tensors:
                    assert tensors["weight"].eq(expected).all(), (path, file)
                else:
                    assert tensors["model.weight"].eq(expected).all(), (path, file)
            life(path)
            names = sorted(file.name for file in (path / "checkpoints").iterdir())
            assert names == [
                "best.safetensors",
                "epoch-0002.safetensors",
                "epoch-0003.safetensors",
                "last.safetensors",
            ], (path, names)
            assert read(path / "checkpoints" / "last.safetensors")[1]["epoch"] == 3
print(kills)
"""


def test_killed_before_or_after_any_call_all_files_are_whole(tmp_path: Path) -> None:
    done = python(AT_EVERY_CALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    # An epoch syncs three files and four renames, one of them that of a second name, which also
    # links and unlinks; in the end one checkpoint is too many. Before and after each.
    assert int(done.stdout) == 2 * (3 * (3 + 4 + 4 + 1 + 1) + 1)


def test_runs_killed_at_random_moments_end_in_the_same_bits(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "chaos" / "kill_training.py", "--kills", "2", "--epochs", "4"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kills" in done.stdout and "0 ended differently" in done.stdout


def test_a_run_killed_before_it_was_one_is_begun_anew(tmp_path: Path) -> None:
    from anydsl.training.runs.folder import RunFolder

    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "environment.json").write_text("{}")
    (run / f".recipe.json.{os.getpid()}").write_text("{")
    RunFolder.create(run, "run")
    assert sorted(file.name for file in run.iterdir()) == ["checkpoints", "environment.json"]
