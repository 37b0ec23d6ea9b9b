"""The benchmarks of this installation, each run in a process of its own, and its machine."""

from __future__ import annotations

import ast
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import anydsl
from anydsl.language.record import Record

_PACKAGE = Path(anydsl.__file__).parent
_TESTS = "tests."
_VERSIONS = ("anydsl", "torch", "torchvision", "timm", "numpy")


class Figure(Record):
    """One line of the table, as `bench/measuring.py` describes it."""

    what: str
    says: str
    ours: tuple[float, ...]
    unit: str
    peer: str
    theirs: tuple[float, ...]
    target: float | None
    at_least: bool
    absolute: bool

    @property
    def ratio(self) -> float | None:
        """The median over the peer's, where there are both."""
        return median(self.ours) / median(self.theirs) if self.ours and self.theirs else None

    @property
    def met(self) -> bool:
        """Whether the target is reached; where there is none, or no figure, it is."""
        if self.target is None or not self.ours:
            return True
        judged = median(self.ours) if self.absolute or self.ratio is None else self.ratio
        return judged >= self.target if self.at_least else judged <= self.target


class Benchmark:
    """One file of `bench/`.

    Attributes:
        name, doc: the file's name and its docstring.
        lacks: the first module it needs that is not here; empty if all are.
        figures: what has been measured.
        left_out, failed: why there are no figures, or no more of them.
    """

    def __init__(self, path: Path, doc: str, needs: tuple[str, ...]) -> None:
        self.path = path
        self.name = path.stem
        self.doc = doc
        self.lacks = next((need for need in needs if not _is_here(need)), "")
        self.figures: list[Figure] = []
        self.left_out = ""
        self.failed = ""

    @cached_property
    def title(self) -> str:
        """The first sentence of the docstring."""
        return " ".join(self.doc.split("\n\n")[0].split())

    def measure(self) -> None:
        """Run it; a crash, too, ends only the process that it runs in."""
        if self.lacks:
            where = "only a checkout has" if self.lacks.startswith(_TESTS) else "is not installed"
            self.left_out = f"it needs {self.lacks}, which {where}"
            return
        command = [sys.executable, str(self.path.with_name("run.py")), self.name]
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as process,
        ):
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    self._take(json.loads(line))
            except BaseException:
                process.kill()
                raise
            if process.wait():
                said.seek(0)
                lines = said.read().strip().splitlines()
                self.failed = lines[-1] if lines else f"it ended with status {process.returncode}"

    def _take(self, line: dict[str, Any]) -> None:
        if "left_out" in line:
            self.left_out = line["left_out"]
            return
        ours, theirs = tuple(line.pop("ours")), tuple(line.pop("theirs"))
        self.figures.append(Figure(ours=ours, theirs=theirs, **line))


def found() -> list[Benchmark]:
    """All benchmarks: the files that say what they need."""
    return list(_read(folder()))


def folder() -> Path:
    """The folder of the benchmarks: in the wheel, or beside the package in a checkout."""
    inside = _PACKAGE / "bench"
    return inside if inside.is_dir() else _PACKAGE.parent / "bench"


def spread(results: tuple[float, ...]) -> tuple[float, float] | None:
    """The quartiles of what the rounds gave; nothing of one round."""
    if len(results) < 2:
        return None
    low, _, high = quantiles(results, n=4, method="inclusive")
    return low, high


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, memory, versions."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in _VERSIONS},
    }


def _read(place: Path) -> Iterator[Benchmark]:
    for path in sorted(place.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for statement in tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id="NEEDS")], value=value):
                    yield Benchmark(path, ast.get_docstring(tree) or "", ast.literal_eval(value))
                case _:
                    pass


def _is_here(module: str) -> bool:
    """Whether a module can be imported; of this project's tests only a checkout has them."""
    if module.startswith(_TESTS):
        return _PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py").is_file()
    return find_spec(module) is not None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
