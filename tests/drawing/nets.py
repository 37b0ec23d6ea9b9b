"""The nets that are drawn in the tests: those that ship, and some that are hard to draw."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from anydsl.checker.engine import Checked
from anydsl.checker.loading import pick
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.drawing.content.figure import Figure, figure

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).with_suffix(".anynet")


def declared(path: Path) -> list[str]:
    blocks = Library().module(str(path)).declared("net")
    return [f"{path}::{block.label.name.text}" for block in blocks if block.label]


SHIPPED = [
    net.removeprefix(f"{ROOT}/")
    for path in sorted((ROOT / "specs").rglob("*.anynet"))
    for net in declared(path)
]
OWN = [net.removeprefix(f"{ROOT}/") for net in declared(FILE)]
NETS = [*SHIPPED, *OWN]


@cache
def checked(net: str) -> Checked:
    return pick(str(ROOT / net), "net")[1]


def drawn(of: Checked) -> Figure:
    assert isinstance(of.value, Network)
    assert of.measured is not None
    return figure(of.value, of.measured)


@cache
def picture(net: str) -> Figure:
    return drawn(checked(net))


def own(name: str) -> str:
    return next(net for net in OWN if net.endswith(f"::{name}"))


def written(text: str, path: Path) -> Figure:
    """The drawing of a text that declares one net."""
    path.write_text(text, encoding="utf-8")
    return drawn(pick(str(path), "net")[1])
