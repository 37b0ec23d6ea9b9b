"""The names in a file: which one stands for which."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from anydsl.design.modules import Library, shipped
from anydsl.design.symbols import Use, uses

TEXT = """anynet 1
base = 8
constant = 3
block mine(w, k = base) {
  inner = w * 2
  out = x -> conv(inner, k = k) -> bn -> relu
}
net A {
  input = 3x8x8
  body {
    block = mine
    k = 3
    stage s1 { d = 1, w = base }
  }
  require first(w) >= base
  require shared(k)
}
net B extends A { body { stage s1 { d = 2 }, stage t[1..2] { d = base, w = max(base, 9) } } }
recipe r { data = digits, schedule = constant, batch = base }
space S { input = 3x8x8, body { block = plain, stage s { d ~ uniform(1..base), w = 8 } } }
study y { spaces = [S], recipe = r }
"""


@pytest.fixture(scope="module")
def found() -> list[Use]:
    return uses(Library().text(TEXT))


def _marked(found: list[Use], name: str) -> list[tuple[int, str, int | None]]:
    """Line, role, and line of the declaration of each use of a name."""
    return [
        (
            u.at.source.position(u.at.start)[0],
            u.role,
            u.definition.source.position(u.definition.start)[0] if u.definition else None,
        )
        for u in found
        if u.at.text == name
    ]


def test_constants(found: list[Use]) -> None:
    assert _marked(found, "base") == [(n, "constant", 2) for n in (2, 4, 13, 15, 18, 18, 19, 20)]
    assert _marked(found, "constant") == [(3, "constant", 3), (19, "word", None)]


def test_names_of_a_block(found: list[Use]) -> None:
    assert _marked(found, "inner") == [(5, "line", 5), (6, "line", 5)]
    assert _marked(found, "w")[:2] == [(4, "parameter", 4), (5, "parameter", 4)]
    assert _marked(found, "w")[2:4] == [(13, "key", 4), (15, "key", None)]
    assert _marked(found, "k") == [
        (4, "parameter", 4),
        (6, "key", None),
        (6, "parameter", 4),
        (12, "key", 4),
        (16, "key", None),
    ]
    assert _marked(found, "x") == [(6, "given", None)]


def test_declarations_and_stages(found: list[Use]) -> None:
    assert _marked(found, "A") == [(8, "net", 8), (18, "net", 8)]
    assert _marked(found, "mine") == [(4, "block", 4), (11, "block", 4)]
    assert _marked(found, "s1") == [(13, "stage", 13), (18, "stage", 13)]
    assert _marked(found, "S") == [(20, "space", 20), (21, "space", 20)]
    assert _marked(found, "r") == [(19, "recipe", 19), (21, "recipe", 19)]


def test_words_of_the_language(found: list[Use]) -> None:
    roles = {u.at.text: u.role for u in found}
    assert (roles["uniform"], roles["shared"], roles["first"], roles["max"]) == (
        "distribution",
        "predicate",
        "function",
        "function",
    )


@pytest.mark.parametrize("path", sorted(Path(shipped()).glob("**/*.anynet")), ids=lambda p: p.stem)
def test_shipped_specs(path: Path) -> None:
    """Names don't overlap, and what a name stands for has that name."""
    found = uses(Library().module(str(path)))
    assert all(a.at.end <= b.at.start for a, b in pairwise(found))
    for use in found:
        assert use.definition is None or use.definition.text == use.at.text
        assert not use.declares or use.definition == use.at
