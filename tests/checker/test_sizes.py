"""What the nets of a file come to: in proportion to its length, or refused."""

from __future__ import annotations

import pytest

from anydsl.checker import engine
from anydsl.design.faults import TOO_LARGE
from anydsl.design.modules import Library

_NET = (
    "net N%d {\n  input = 3x32x32\n  body {\n    block = resnext\n    g = 8\n"
    "    stage s1 { d = 2, w = %d }\n    stage s2 { d = 3, w = 64 }\n  }\n}\n"
)
_SHORT = "net N%d {\n  input = 3x32x32\n  body { block = plain, s = 1, stage s[1..%d] { %s }}\n}\n"
_PLACED = "block p(w, s = 1) { out = x -> conv(w, k = 1 + 2 * (j // 1000), s = s) -> relu }\n"


def refused(text: str) -> list[str]:
    found = engine.check_module(Library().text(f"anynet 1\n\n{text}"))
    return [diagnostic.message for diagnostic in found if diagnostic.kind is TOO_LARGE]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is allowed but what the words of a file stand for."""
    monkeypatch.setattr(engine, "MOST", dict.fromkeys(engine.MOST, 0))


def test_a_long_file_of_nets_that_are_written_out() -> None:
    assert refused("".join(_NET % (i, 64 + 8 * i) for i in range(40))) == []


@pytest.mark.parametrize(
    ("net", "what"),
    [
        (_SHORT % (0, 400, "d = 1, w = 8"), "stages"),
        (_SHORT % (0, 1, "d = 900, w = 8"), "blocks"),
        (_PLACED + _SHORT.replace("plain", "p") % (0, 1, "d = 60, w = 8"), "operations"),
    ],
)
def test_a_short_one_that_makes_much(net: str, what: str) -> None:
    (message,) = refused(net + _NET % (1, 64))
    assert message == (
        f"the nets and spaces before are beyond the limit of 0 {what} and one for each word"
    )
