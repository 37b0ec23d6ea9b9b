"""Clocks for the benchmarks: rivals take turns, and the median of each counts."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
SMALL = str(ROOT / "specs/d2l/regnetx32.anynet")
REGNETY = str(ROOT / "specs/regnet/regnety.anynet") + "::RegNetY_400MF"


@dataclass(frozen=True)
class Figure:
    """One line of the table; `ratio` is ours over the peer's, but for rates and counts."""

    what: str
    ours: str
    peer: str
    ratio: float
    target: float | None
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool:
        if self.target is None:
            return True
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target


def take_turns(times: int, *rivals: Callable[[], float]) -> list[float]:
    """The median of each rival's results, after one round that does not count."""
    rounds = [[rival() for rival in rivals] for _ in range(times + 1)][1:]
    return [median(results) for results in zip(*rounds, strict=True)]


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes; what it makes is let go of outside of that time."""
    start = time.perf_counter()
    made = action()
    taken = time.perf_counter() - start
    del made
    return taken


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


def milliseconds(taken: float) -> str:
    return f"{taken * 1000:,.1f} ms"


def _environment() -> dict[str, str]:
    """Ours, but for what would keep Python from remembering its bytecode, as pip does."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(ROOT)}
