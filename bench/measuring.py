"""Clocks for the benchmarks: rivals take turns, each round's results are kept."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anydsl as package
from anydsl.design.modules import shipped

ROOT = Path(package.__file__).parents[1]
SMALL = f"{shipped()}/d2l/regnetx32.anynet"
REGNETX = f"{shipped()}/regnet/regnetx.anynet"
REGNETY = f"{shipped()}/regnet/regnety.anynet::RegNetY_400MF"


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        what: its name, short.
        says: a sentence: what is measured, and how.
        ours: the result of each round; none where there is no figure, and `peer` says why.
        unit: of the results, and of the peer's.
        peer: who it is compared with, or what it was measured on.
        theirs: the peer's result of each round.
        target: a bound for the ratio of the medians, ours over theirs; without a peer, or where
            it is `absolute`, for the median itself.
        at_least: whether that is a lower bound.
        absolute: whether the target is one of the median although there is a peer.
    """

    what: str
    says: str
    ours: Sequence[float]
    unit: str
    peer: str = ""
    theirs: Sequence[float] = ()
    target: float | None = None
    at_least: bool = False
    absolute: bool = False


class Missing(Exception):
    """There are no figures here; the message says why."""


def take_turns(times: int, *rivals: Callable[[], float]) -> list[tuple[float, ...]]:
    """The results of each rival, after one round that does not count."""
    rounds = [[rival() for rival in rivals] for _ in range(times + 1)][1:]
    return list(zip(*rounds, strict=True))


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes; what it makes is let go of outside of that time."""
    start = time.perf_counter()
    made = action()
    taken = time.perf_counter() - start
    del made
    return taken


def milliseconds(action: Callable[[], object]) -> float:
    return 1000 * seconds(action)


def per_second(count: float, taken: Sequence[float]) -> list[float]:
    """The rate of each round in which so many took so many seconds."""
    return [count / one for one in taken]


def python(*arguments: str) -> str:
    """Run the same Python on something; what it prints."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def anydsl() -> list[str]:
    """The arguments for Python that start anydsl as the console script does."""
    script = Path(sysconfig.get_path("scripts"), "anydsl")
    return [str(script)] if script.is_file() else ["-m", "anydsl"]


def loaded(command: list[str], *libraries: str) -> list[str]:
    """Which of some libraries a command of anydsl imports."""
    code = f"""
import contextlib, io, sys
from anydsl.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main({command!r})
print(*[name for name in {libraries!r} if name in sys.modules])
"""
    return python("-c", code).split()


def _environment() -> dict[str, str]:
    """Ours, but for what would keep Python from remembering its bytecode, as pip does."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(ROOT)}
