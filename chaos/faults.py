"""Faults that are planted in a process, and in all that it starts: named in the environment.

    CHAOS="clock=3"        the clock jumps by hours, back and forth, by the chance of seed 3
    CHAOS="gpu=40,FILE"    the device is lost in the 40th step, once: FILE says that it was
    CHAOS="size=8192"      no file gets larger than so many bytes, as on a full disk

A folder on PYTHONPATH holds `sitecustomize`, which Python imports before anything else, so that
workers have the same faults as what starts them.
"""

from __future__ import annotations

import datetime
import os
import random
import resource
import time
from pathlib import Path
from typing import Any

NAME = "CHAOS"
PLANTED = Path(__file__).parent / "planted"
ROOT = PLANTED.parents[1]

_HOURS = 36.0
_HOW_OFTEN = 0.3
"""Of the looks at the clock, how many find that it has jumped."""


def environment(fault: str = "") -> dict[str, str]:
    """What a process has around it that this fault befalls."""
    path = os.pathsep.join(
        filter(None, (str(PLANTED), str(ROOT), os.environ.get("PYTHONPATH", "")))
    )
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {**os.environ, **threads, "NO_COLOR": "1", "PYTHONPATH": path, NAME: fault}


def plant(fault: str) -> None:
    """Let a fault befall this process."""
    name, _, value = fault.partition("=")
    match name:
        case "":
            return
        case "clock":
            _jumping_clock(random.Random(int(value)))
        case "gpu":
            step, _, file = value.partition(",")
            _lost_device(int(step), Path(file))
        case "size":
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(value), int(value)))
        case _:
            raise ValueError(fault)


def _jumping_clock(chance: random.Random) -> None:
    real, local, form = time.time, time.localtime, time.strftime
    shift = 0.0

    def now() -> float:
        nonlocal shift
        if chance.random() < _HOW_OFTEN:
            shift = 3600 * chance.uniform(-_HOURS, _HOURS)
        return real() + shift

    class Jumping(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(now(), tz)

    time.time = now
    time.time_ns = lambda: int(1e9 * now())
    time.localtime = lambda seconds=None: local(now() if seconds is None else seconds)
    time.strftime = lambda text, when=None: form(text, local(now()) if when is None else when)
    datetime.datetime = Jumping  # type: ignore[misc]


def _lost_device(step: int, file: Path) -> None:
    import torch

    backward = torch.Tensor.backward
    done, lost = 0, False

    def failing(*arguments: Any, **options: Any) -> None:
        nonlocal done, lost
        done += 1
        if done == step and not file.exists():
            lost = True
            file.touch()
        if lost:  # from then on whatever this process asks of the device
            raise torch.AcceleratorError(
                "CUDA error: unspecified launch failure\n"
                "CUDA kernel errors might be asynchronously reported at some other API call"
            )
        backward(*arguments, **options)

    torch.Tensor.backward = failing
