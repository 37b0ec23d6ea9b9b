"""RegNetY-400MF on this CPU, pictures a second: as compiled, and in the form for inference."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from statistics import median
from typing import Any

from measuring import REGNETY, ROOT, Figure

BATCH = 32
ROUNDS = 5
LONGEST = 60
"""How many seconds torch.compile may take, in a process of its own that can be stopped."""


def figures() -> Iterator[Figure]:
    import torch
    from torchvision.models import regnet_y_400mf

    torchvision = regnet_y_400mf().eval()
    plain, folded = _modules()
    wide, half = _channels_last(folded), _channels_last(folded).bfloat16()
    x = torch.randn(BATCH, 3, 224, 224)
    last = x.contiguous(memory_format=torch.channels_last)
    theirs, base, *rest = _rates(
        lambda: torchvision(x),
        lambda: plain(x),
        lambda: folded(x),
        lambda: wide(last),
        lambda: half(last.bfloat16()),
    )
    peer = f"torchvision, eager: {theirs:,.1f}/s"
    yield Figure("inference, as compiled", f"{base:,.1f}/s", peer, base / theirs, None)
    peer = f"as compiled: {base:,.1f}/s"
    names = ("  --for-inference", "  … in channels_last", "  … and bf16")
    for name, rate in zip(names, rest, strict=True):
        yield Figure(name, f"{rate:,.1f}/s", peer, rate / base, None)
    name = "  … and torch.compile"
    try:
        base, rate = _in_time()
    except _Missing as missing:
        yield Figure(name, "none", str(missing), 0, None, unit="")
    else:
        yield Figure(name, f"{rate:,.1f}/s", f"as compiled: {base:,.1f}/s", rate / base, None)


class _Missing(Exception):
    """There is no figure; the message says why."""


def _in_time() -> tuple[float, float]:
    """The rates as compiled and of the fastest form, from a process that has to be in time."""
    if not any(map(which, ("c++", "g++", "clang++"))):
        raise _Missing("no C++ compiler on this machine")
    command = [sys.executable, __file__]
    try:
        done = subprocess.run(
            command, cwd=ROOT, timeout=LONGEST, check=True, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        raise _Missing(f"torch.compile took more than {LONGEST} s") from None
    except subprocess.CalledProcessError as error:
        raise _Missing(error.stderr.strip().splitlines()[-1]) from None
    base, rate = map(float, done.stdout.split())
    return base, rate


def _compiled() -> tuple[float, float]:
    import torch

    plain, folded = _modules()
    x = torch.randn(BATCH, 3, 224, 224)
    last = x.bfloat16().contiguous(memory_format=torch.channels_last)
    fast: Any = torch.compile(_channels_last(folded).bfloat16())
    base, rate = _rates(lambda: plain(x), lambda: fast(last))
    return base, rate


def _modules() -> tuple[Any, Any]:
    import anydsl

    net = anydsl.load(REGNETY)
    module = anydsl.compile(net).eval()
    return module, anydsl.for_inference(net, module)


def _channels_last(module: Any) -> Any:
    import copy

    import torch

    return copy.deepcopy(module).to(memory_format=torch.channels_last)


def _rates(*rivals: Callable[[], object]) -> list[float]:
    """Pictures a second of each: the median of rounds in which all take turns, after one more."""
    import torch

    taken: list[list[float]] = [[] for _ in rivals]
    with torch.inference_mode():
        for _ in range(ROUNDS + 1):
            for rival, times in zip(rivals, taken, strict=True):
                start = time.perf_counter()
                rival()
                times.append(time.perf_counter() - start)
    return [BATCH / median(times[1:]) for times in taken]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(ROOT)))
    print(*_compiled())
