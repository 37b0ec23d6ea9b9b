"""A run that is killed: the spec, the processes, and whether two runs ended alike."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from anydsl.training.runs.checkpoints import read

SPEC = """\
anynet 1

net Victim {{
  input = 1x8x8
  stem {{ w = {width}, s = 1 }}
  body {{
    block = resnext
    b = 1
    g = 8
    stage s1 {{ d = 1, w = {width} }}
    stage s2 {{ d = 1, w = {width} }}
  }}
  head {{ classes = 10 }}
}}

recipe all {{
  data = digits(augment = [crop, flip])
  epochs = {epochs}
  batch = {batch}
  optimizer = adamw(lr = 0.003)
  schedule = cosine(warmup = 1)
  label_smoothing = 0.1
  clip_norm = 1
  ema = 0.95
  precise_bn = 256
  precision = fp32
}}
"""

TIMED = ("seconds", "images_per_second", "run")


def spec(folder: Path, *, width: int, epochs: int, batch: int) -> Path:
    """Write the spec: all that has a state of its own is in its recipe."""
    file = folder / "victim.anynet"
    file.write_text(SPEC.format(width=width, epochs=epochs, batch=batch))
    return file


def arguments(file: Path, run: Path, *more: str) -> list[str]:
    """What `anydsl` is called with: to begin, or to go on with what is there."""
    going_on = ["--resume"] if (run / "spec.anynet").exists() else []
    return ["train", str(file), "--device", "cpu", "--out", str(run), *going_on, *more]


def start(file: Path, run: Path, *more: str, processes: int = 1) -> subprocess.Popen[str]:
    """Start `anydsl train`, on several ranks by torchrun."""
    launcher = ["-m"]
    if processes > 1:
        launcher = [
            *("-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", str(processes), "-m"),
        ]
    return subprocess.Popen(
        [sys.executable, *launcher, "anydsl", *arguments(file, run, *more)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for a process that is to end well.

    Raises:
        RuntimeError: it does not.
    """
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a run ended with status {process.returncode}:\n{said}")


def kill(process: subprocess.Popen[str]) -> bool:
    """Kill a process with all that it started at once; whether it was still there to be killed."""
    if process.poll() is not None:
        return False
    # torchrun gives each rank a session of its own, so that no process group has them all.
    for number in (*descendants(process.pid), process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def descendants(number: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{number}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


def is_rank(number: int) -> bool:
    """Whether torchrun started this process as a rank."""
    try:
        return b"\0LOCAL_RANK=" in Path(f"/proc/{number}/environ").read_bytes()
    except OSError:
        return False


def epochs(run: Path) -> int:
    """How many epochs of a run are recorded."""
    file = run / "metrics.jsonl"
    return len(file.read_text().splitlines()) if file.exists() else 0


def differences(one: Path, other: Path) -> list[str]:
    """What tells the ends of two runs apart, but for the time they took; nothing if all is well."""
    found: list[str] = []
    for name in ("last", "best"):
        ours, theirs = (read(r / "checkpoints" / f"{name}.safetensors")[0] for r in (one, other))
        if ours.keys() != theirs.keys():
            found.append(f"{name}: other tensors")
        found += [f"{name}: {key}" for key in ours if not ours[key].equal(theirs[key])]
    if _metrics(one) != _metrics(other):
        found.append("metrics.jsonl")
    if _untimed(_json(one / "summary.json")) != _untimed(_json(other / "summary.json")):
        found.append("summary.json")
    return found


def _metrics(run: Path) -> list[dict[str, Any]]:
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [_untimed(json.loads(line)) for line in lines]


def _untimed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in TIMED}


def _json(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text())
