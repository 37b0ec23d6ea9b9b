"""`anydsl compile` as a whole process, against importing torch and compiling."""

from __future__ import annotations

from collections.abc import Iterator

from measuring import SMALL, Figure, anydsl, loaded, milliseconds, python, seconds, take_turns

COMPILE = f"""
import time, torch, anydsl
net = anydsl.load({SMALL!r})
from anydsl.lowering import compiler
start = time.perf_counter()
str(anydsl.compile(net, device="meta").graph)
print(time.perf_counter() - start)
"""
TORCH = "import sys, torch; print('torch._dynamo' in sys.modules)"


def figures() -> Iterator[Figure]:
    ours, peer, compiling = take_turns(
        5,
        lambda: seconds(lambda: python(*anydsl(), "compile", SMALL)),
        lambda: seconds(lambda: python("-c", "import torch")),
        lambda: float(python("-c", COMPILE)),
    )
    dear = ["torchvision", "tensorboard", "lightning"]
    if python("-c", TORCH).strip() == "False":
        dear.append("torch._dynamo")
    found = loaded(["compile", SMALL], *dear)
    yield Figure(
        "compile, as a process",
        milliseconds(ours),
        f"import torch {milliseconds(peer)} + compile {milliseconds(compiling)}",
        ours / (peer + compiling),
        1.2,
    )
    yield Figure(
        "  dear libraries it imports",
        ", ".join(found) or "none",
        f"of {', '.join(dear)}",
        len(found),
        0,
        unit="",
    )
