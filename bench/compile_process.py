"""`anydsl compile` as a whole process, against importing torch and compiling."""

from __future__ import annotations

from collections.abc import Iterator

from measuring import SMALL, Figure, anydsl, loaded, milliseconds, python, take_turns

NEEDS = ("torch",)
COMPILE = f"""
import time, torch, anydsl
net = anydsl.load({SMALL!r})
from anydsl.lowering import compiler
start = time.perf_counter()
str(anydsl.compile(net, device="meta").graph)
print(1000 * (time.perf_counter() - start))
"""
TORCH = "import sys, torch; print('torch._dynamo' in sys.modules)"


def figures() -> Iterator[Figure]:
    ours, peer, compiling = take_turns(
        5,
        lambda: milliseconds(lambda: python(*anydsl(), "compile", SMALL)),
        lambda: milliseconds(lambda: python("-c", "import torch")),
        lambda: float(python("-c", COMPILE)),
    )
    dear = ["torchvision", "tensorboard", "lightning"]
    if python("-c", TORCH).strip() == "False":
        dear.append("torch._dynamo")
    found = loaded(["compile", SMALL], *dear)
    yield Figure(
        "one file, as a process",
        "From the start of `anydsl compile` on the RegNetX-32 of the textbook to its end.",
        ours,
        "ms",
        "import torch, and compiling in that process",
        [a + b for a, b in zip(peer, compiling, strict=True)],
        target=1.2,
    )
    yield Figure(
        "dear libraries it imports",
        f"How many of {', '.join(dear)} it has loaded at its end.",
        [len(found)],
        "",
        ", ".join(found),
        target=0,
    )
