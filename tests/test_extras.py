"""What is imported is declared, by the extra that the message about a missing library names."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from anydsl.cli import _EXTRAS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"]
THEIR_OWN = {"wandb", "mlflow"}
"""Loggers that nobody has by way of anydsl: the message is `pip install` with their name."""
BUILD = {"lark", "interegular"}
"""What only `make generate` needs."""


def declared(extra: str) -> set[str]:
    """The distributions that an extra brings, those of the extras it names with it."""
    found: set[str] = set()
    for line in PROJECT["dependencies"] if not extra else OPTIONAL[extra]:
        wanted = Requirement(line)
        if wanted.name == PROJECT["name"]:
            found |= set().union(*map(declared, wanted.extras))
        else:
            found.add(canonicalize_name(wanted.name))
    return found


def imported() -> Iterator[tuple[str, Path]]:
    """The packages from outside that a file of anydsl imports, by statement or by name."""
    for path in sorted((ROOT / "anydsl").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            match node:
                case ast.Import():
                    names = [alias.name for alias in node.names]
                case ast.ImportFrom(module=str(module)):
                    names = [module]
                case ast.Call(func=ast.Name("import_module"), args=[ast.Constant(str(module))]):
                    names = [module]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top != "anydsl":
                    yield top, path.relative_to(ROOT)


IMPORTED = dict(imported())
HOMES = packages_distributions()


@pytest.mark.parametrize("module", sorted(IMPORTED.keys() - THEIR_OWN - BUILD))
def test_what_is_imported_is_declared(module: str) -> None:
    homes = {canonicalize_name(home) for home in HOMES[module]}
    if homes & declared(""):
        assert module not in _EXTRAS
        return
    assert module in _EXTRAS, f"{IMPORTED[module]} imports {module}, which no extra brings"
    brought = declared(_EXTRAS[module])
    assert homes & brought or module in ("pandas", "markupsafe"), IMPORTED[module]


def test_no_extra_is_said_that_is_not_there() -> None:
    said = set(_EXTRAS.values())
    for path in (ROOT / "anydsl").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name("MissingExtraError"), args=[_, ast.Constant(extra)]):
                    said.add(extra)
    assert said <= OPTIONAL.keys()
    assert said == OPTIONAL.keys() - {"dev", "bench", "docs"}, "an extra that no message names"


def test_dev_brings_all() -> None:
    everything = set().union(*(declared(e) for e in OPTIONAL if e not in ("dev", "bench")))
    assert everything <= declared("dev")
