"""What predicates say of a design, whom they blame, and how they are written."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.design.network import Rule
from anydsl.design.predicates import (
    AGGREGATES,
    TOTALS,
    Aggregate,
    And,
    Arithmetic,
    Comparison,
    Not,
    Or,
    Ordered,
    Predicate,
    Quantity,
    Shared,
    Total,
    Within,
    blame,
    holds,
    write,
)
from anydsl.design.rules import read_rule
from anydsl.design.values import Groups, Range, Value
from anydsl.design.vocabulary import SETTINGS
from anydsl.language import tree
from tests.design.texts import marked, module, net

KEYS = ["d", "w", "b", "g", "se"]


class Facts:
    """A network of which only these values are known."""

    def __init__(self, **values: list[Any]) -> None:
        self.known = values

    def values(self, key: str) -> list[tuple[str, Value]]:
        return [(f"s{i}", v) for i, v in enumerate(self.known.get(key, []), 1) if v is not None]

    def total(self, name: str) -> int:
        return {"flops": 400_000_000, "params": 1000, "acts": 50, "depth": 6, "stages": 3}[name]


def read(text: str, before: str = "") -> Predicate:
    of = module(f"{before}\nnet N {{\nrequire {text}\n}}")
    assert not of.diagnostics, of.diagnostics[0].concise()
    (block,) = of.declared("net")
    (said,) = block.body
    assert isinstance(said, tree.Requirement)
    rule = read_rule(said, of, "N", {*SETTINGS})
    assert isinstance(rule, Rule)
    return rule.predicate


FACTS = Facts(
    d=[1, 2, 3], w=[32, 64, 48], b=[1, Fraction(1), 1], g=[8, Groups(8), 8], se=[None, 0, 0]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shared(b)", True),
        ("shared(w)", False),
        ("shared(g)", False),
        ("shared(groups)", False),
        ("shared(se)", True),
        ("nondecreasing(d)", True),
        ("increasing(d)", True),
        ("increasing(b)", False),
        ("nondecreasing(b)", True),
        ("nondecreasing(w)", False),
        ("nondecreasing(w, except_last = true)", True),
        ("nondecreasing(w, except_last = false)", False),
        ("flops == 400M", True),
        ("flops in 360M..400M", True),
        ("flops in 360M..399M", False),
        ("flops in 0..400M step 3", False),
        ("params in [999, 1000]", True),
        ("depth == sum(d) and stages == 3", True),
        ("depth == 5 or stages == 3", True),
        ("not depth == 6", False),
        ("first(w) == 32", True),
        ("last(w) == 48", True),
        ("max(w) == 64 and min(w) == 32", True),
        ("sum(w) / 3 == 48", True),
        ("max(w) - min(w) > max(d) * 10", True),
        ("acts // 3 == 16 and acts % 3 == 2", True),
        ("limit <= 2 * params - 1", True),
        ("shared(b) and shared(w)", False),
        ("shared(b) or shared(w)", True),
        ("not shared(w)", True),
        ("not (shared(b) and shared(w))", True),
        ("1 < 2", True),
    ],
)
def test_holds(text: str, expected: bool) -> None:
    assert holds(read(text, "limit = 1K"), FACTS) is expected


def test_of_several_falls_each_is_blamed() -> None:
    found = blame(read("nondecreasing(w)"), Facts(w=[64, 32, 32, 16, 24]))
    assert [(f.path, f.other) for f in found] == [("s2.w", "s1.w"), ("s4.w", "s3.w")]
    assert "falls from 64 in s1 to 32 in s2" in found[0].message


def test_the_strict_order_blames_equals() -> None:
    (found,) = blame(read("increasing(d)"), Facts(d=[1, 1, 2]))
    assert found.path == "s2.d" and "does not rise" in found.message


def test_stages_without_the_key_are_passed_over() -> None:
    (found,) = blame(read("shared(b)"), Facts(b=[None, 1, None, 2]))
    assert (found.path, found.other) == ("s4.b", "s2.b")
    assert holds(read("shared(b)"), Facts())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("max(w) <= 48", "s2.w"),
        ("min(w) >= 33", "s1.w"),
        ("last(w) in 50..60", "s3.w"),
        ("first(d) == 2", "s1.d"),
        ("sum(d) == 2", ""),
        ("flops <= 1", ""),
    ],
)
def test_the_value_to_blame(text: str, path: str) -> None:
    (found,) = blame(read(text), FACTS)
    assert found.path == path


def test_messages_hold_the_values() -> None:
    (found,) = blame(read("flops <= 360M"), FACTS)
    assert "400,000,000" in found.message and "flops <= 360M" in found.message
    (found,) = blame(read("max(w) - min(w) == 2 * last(w)"), FACTS)
    assert "32" in found.message and "96" in found.message
    (found,) = blame(read("shared(b) and shared(w)"), FACTS)
    assert "64 in s2 but 32 in s1" in found.message


def test_a_width_of_g_is_told_from_a_number_of_groups() -> None:
    (found,) = blame(read("shared(g)"), Facts(g=[8, Groups(8)]))
    assert "is 8 in s2 but 8 in s1" not in found.message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("«nondecresing»(w)", "unknown_name"),
        ("shared(«ww»)", "unknown_name"),
        ("«flop» < 3", "unknown_name"),
        ("«w» < 3", "unknown_name"),
        ("first(«ww») < 3", "unknown_name"),
        ("«shared(b, g)»", "wrong_value"),
        ("«shared()»", "wrong_value"),
        ("shared(«1»)", "wrong_value"),
        ("shared(b, «except_last = true»)", "wrong_value"),
        ("nondecreasing(w, «except_last = 1»)", "wrong_value"),
        ("flops in «3»", "wrong_value"),
        ("flops < «true»", "unknown_name"),
        ('flops < «"a"»', "wrong_value"),
        ("«flops»", "wrong_value"),
        ("«3»", "wrong_value"),
        ("«flops + 1»", "wrong_value"),
    ],
)
def test_wrong_predicates(text: str, kind: str) -> None:
    marked(net("block = plain\nstage s1 { d = 1, w = 8 }", f"require {text}"), kind)


def test_hints() -> None:
    body = "block = plain\nstage s1 { d = 1, w = 8 }"
    found = marked(net(body, "require «w» < 3"), "unknown_name")
    assert "first(w)" in found.help
    found = marked(net(body, "require «flop» < 3"), "unknown_name")
    assert found.help == "did you mean `flops`?"


NUMBERS = st.integers(-(10**12), 10**12) | st.fractions(-(10**6), 10**6, max_denominator=1000)
KEY = st.sampled_from(KEYS)
QUANTITIES: st.SearchStrategy[Quantity] = st.recursive(
    st.builds(Total, st.sampled_from(list(TOTALS)))
    | st.builds(Aggregate, st.sampled_from(list(AGGREGATES)), KEY),
    lambda inner: (
        st.builds(
            Arithmetic,
            st.sampled_from(["+", "-", "*", "/", "//", "%"]),
            inner | NUMBERS.map(lambda n: int(n) if n == int(n) else n),
            inner,
        )
        | st.builds(
            Arithmetic,
            st.sampled_from(["+", "-", "*", "/", "//", "%"]),
            inner,
            NUMBERS.map(lambda n: int(n) if n == int(n) else n),
        )
    ),
    max_leaves=4,
)
RANGES = st.tuples(NUMBERS, NUMBERS, st.none() | st.integers(1, 9)).map(
    lambda r: Range(*(int(n) if n == int(n) else n for n in sorted(r[:2])), r[2])
)
PREDICATES: st.SearchStrategy[Predicate] = st.recursive(
    st.builds(Shared, KEY)
    | st.builds(Ordered, KEY, st.just(True))
    | st.builds(Ordered, KEY, st.just(False), st.booleans())
    | st.builds(
        Comparison, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), QUANTITIES, QUANTITIES
    )
    | st.builds(Within, QUANTITIES, RANGES | st.lists(st.integers(-9, 9), max_size=3).map(tuple)),
    lambda inner: (
        st.builds(And, inner, inner) | st.builds(Or, inner, inner) | st.builds(Not, inner)
    ),
    max_leaves=5,
)


@given(PREDICATES)
def test_predicates_are_read_as_they_are_written(predicate: Predicate) -> None:
    assert read(write(predicate)) == predicate


@given(PREDICATES, PREDICATES)
def test_equal_text_is_equal_meaning(one: Predicate, other: Predicate) -> None:
    """A waiver finds its rule by value; two texts that differ are two rules."""
    assert (write(one) == write(other)) == (one == other)


VALUES = st.lists(st.integers(1, 4), max_size=5)


@given(VALUES)
def test_orders_by_definition(values: list[int]) -> None:
    facts = Facts(w=values)
    pairs = list(itertools.pairwise(values))
    assert holds(Shared("w"), facts) == (len(set(values)) <= 1)
    assert holds(Ordered("w"), facts) == all(a <= b for a, b in pairs)
    assert holds(Ordered("w", strict=True), facts) == all(a < b for a, b in pairs)
    assert holds(Ordered("w", except_last=True), facts) == all(a <= b for a, b in pairs[:-1])


@given(PREDICATES)
def test_not_is_not(predicate: Predicate) -> None:
    assert holds(Not(predicate), FACTS) != holds(predicate, FACTS)
    assert holds(And(predicate, predicate), FACTS) == holds(predicate, FACTS)
    assert holds(Or(predicate, Not(predicate)), FACTS)
