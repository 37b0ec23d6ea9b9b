"""RegNetY-400MF on this CPU, pictures a second: as compiled, and in the form for inference."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from shutil import which
from typing import Any

from measuring import REGNETY, ROOT, Figure, Missing, per_second

NEEDS = ("torch", "torchvision")
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
    unit, peer = "pictures/s", "as compiled"
    said = f"The module as it is trained, in `eval()`, on {BATCH} pictures of 224x224."
    yield Figure("as compiled", said, base, unit, "torchvision, eager", theirs)
    for name, rate, said in zip(
        ("--for-inference", "… in channels_last", "… and bf16"),
        rest,
        (
            "Batch norms folded into the convolutions before them.",
            "The same with pictures and weights laid out channels last.",
            "The same in bfloat16.",
        ),
        strict=True,
    ):
        yield Figure(name, said, rate, unit, peer, base)
    name, said = "… and torch.compile", "The same through `torch.compile`, once it is compiled."
    try:
        base, rate = _in_time()
    except Missing as missing:
        yield Figure(name, said, (), unit, str(missing))
    else:
        yield Figure(name, said, rate, unit, peer, base)


def _in_time() -> list[list[float]]:
    """The rates as compiled and of the fastest form, from a process that has to be in time."""
    if not any(map(which, ("c++", "g++", "clang++"))):
        raise Missing("no C++ compiler on this machine")
    command = [sys.executable, __file__]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=env, timeout=LONGEST, check=True, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"torch.compile took more than {LONGEST} s") from None
    except subprocess.CalledProcessError as error:
        raise Missing(error.stderr.strip().splitlines()[-1]) from None
    return json.loads(done.stdout)


def _compiled() -> list[list[float]]:
    import torch

    plain, folded = _modules()
    x = torch.randn(BATCH, 3, 224, 224)
    last = x.bfloat16().contiguous(memory_format=torch.channels_last)
    fast: Any = torch.compile(_channels_last(folded).bfloat16())
    return _rates(lambda: plain(x), lambda: fast(last))


def _modules() -> tuple[Any, Any]:
    import anydsl

    net = anydsl.load(REGNETY)
    module = anydsl.compile(net).eval()
    return module, anydsl.for_inference(net, module)


def _channels_last(module: Any) -> Any:
    import copy

    import torch

    return copy.deepcopy(module).to(memory_format=torch.channels_last)


def _rates(*rivals: Callable[[], object]) -> list[list[float]]:
    """Pictures a second of each in rounds in which all take turns, after one more."""
    import torch

    taken: list[list[float]] = [[] for _ in rivals]
    with torch.inference_mode():
        for _ in range(ROUNDS + 1):
            for rival, times in zip(rivals, taken, strict=True):
                start = time.perf_counter()
                rival()
                times.append(time.perf_counter() - start)
    return [per_second(BATCH, times[1:]) for times in taken]


if __name__ == "__main__":
    print(json.dumps(_compiled()))
