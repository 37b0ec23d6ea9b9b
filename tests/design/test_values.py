"""Exact arithmetic, constants, and the functions of the language."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.design.reading import constant
from anydsl.design.values import Range, Size, Symbol, spoken
from anydsl.language import tree
from tests.design.texts import errors, marked, module, net, stages


def value(expr: str, before: str = "") -> Any:
    of = module(f"{before}\nit = {expr}")
    assert not of.diagnostics, of.diagnostics[0].concise()
    found = of.find("it")
    assert found is not None and isinstance(found[1], tree.Assign)
    return constant(of, found[1])


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("1/4", Fraction(1, 4)),
        ("0.25", Fraction(1, 4)),
        ("1/4 == 0.25", True),
        ("0.1 + 0.2 == 0.3", True),
        ("1/3 * 3", 1),
        ("5e-5", Fraction(1, 20000)),
        ("2.5E2", 250),
        ("400M", 400_000_000),
        ("1.6G", 1_600_000_000),
        ("2K + 1", 2001),
        ("9T", 9 * 10**12),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7.5 // 2", 3),
        ("7.5 % 2", Fraction(3, 2)),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("8 / 2 / 2", 2),
        ("8 - 2 - 2", 4),
        ("2 * -3", -6),
        ("- 3 + 5", 2),
        ("- -3", 3),
        ("round(2.5)", 2),
        ("round(3.5)", 4),
        ("round(-0.5)", 0),
        ("round(1/3)", 0),
        ("min(3, 1/2, 2)", Fraction(1, 2)),
        ("max(3)", 3),
        ("multiple(30)", 32),
        ("multiple(33, of = 32)", 32),
        ("multiple(x = 10, of = 8)", 16),  # 8 would be below 90 %
        ("multiple(12, 8)", 16),
        ("multiple(1)", 8),
        ("3 if 1 < 2 else 4", 3),
        ("3 if not 1 < 2 else 4", 4),
        ("1 < 2 and 2 < 1 or 3 == 3", True),
        ("true == true", True),
        ("2 in 1..3", True),
        ("2 in 1..3 step 2", False),
        ("3 in 1..3 step 2", True),
        ("4 in [1, 2]", False),
        ("96x96", Size((96, 96))),
        ("3x224x224", Size((3, 224, 224))),
        ("1..4", Range(1, 4)),
        ("8..1024 step 8", Range(8, 1024, 8)),
        ("[1, 1/2,]", (1, Fraction(1, 2))),
        ('"text"', "text"),
        ("silu", Symbol("silu")),
        ("bn(eps = 1e-3)", Symbol("bn", (), (("eps", Fraction(1, 1000)),))),
    ],
)
def test_values(expr: str, expected: object) -> None:
    found = value(expr)
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


def test_only_the_chosen_side_is_evaluated() -> None:
    assert value("3 if true else 1 / 0") == 3
    assert value("false and 1 / 0 == 1") is False
    assert value("true or 1 / 0 == 1") is True


@pytest.mark.parametrize(
    "expr",
    [
        "«1 / 0»",
        "«1 // 0»",
        "1 + «1 % 0»",
        "«true» + 1",
        '«"a"» + 1',
        "[1] != 1 and «3»",
        "«(1..2)» * 2".replace("«(", "(«").replace(")»", "»)"),
        "«1 < true»",
        "«3 in 4»",
        "«2..1»",
        "1..2 step «0»",
        "«round(1, 2)»",
        "«round()»",
        "«max()»",
        "«round(true)»",
        "«multiple(8, of = 0)»",
        "«multiple(8, off = 8)»",
        "«silu.w»",
        "«1 -> relu»",
        "«9223372036854775807 + 1»",
        "«9223372036854775807 * 9223372036854775807»",
    ],
)
def test_what_has_no_value(expr: str) -> None:
    kind = "too_large" if "9223" in expr else "wrong_value"
    marked(f"it = {expr}", kind)


@pytest.mark.parametrize("text", ["9223372036854775808", "1e19", "10000000000G", "9" * 50, "1e99"])
def test_numbers_beyond_the_limit(text: str) -> None:
    assert [d.kind.name for d in errors(f"it = {text}")] == ["too_large"]


def test_smallest_parts_are_limited_too() -> None:
    tiny = "a = 1 / 9223372036854775807\n"
    assert [d.kind.name for d in errors(f"{tiny}b = a / 2")] == ["too_large"]


@pytest.mark.parametrize(
    "text",
    [
        "«a» = a",
        "«a» = b + 1\nb = c\nc = a * 2",
        "«a» = [1, a]",
        "«a» = relu(a)",
    ],
)
def test_constants_made_of_themselves(text: str) -> None:
    plain = text.replace("«", "").replace("»", "")
    found = errors(plain)
    assert found and {d.kind.name for d in found} == {"wrong_value"}
    assert {d.message for d in found} == {"`a` is made of itself"}
    assert {d.at.text for d in found} == {"a"}


def test_constants_may_stand_anywhere() -> None:
    assert value("a * 2", "a = b\nb = c - 1\nc = 5") == 8


def test_shadowing() -> None:
    """A constant is nearer than a word of the library."""
    text = "relu = 8\n" + net("block = plain\nstage s1 { d = 1, w = relu }")
    assert stages(text, "w") == [("s1", 8)]


def width(written: str, before: str = "") -> Any:
    text = f"{before}\n" + net(f"block = plain\nstage s1 {{ d = 1, w = {written} }}")
    return stages(text, "w")[0][1]


@pytest.mark.parametrize(
    ("written", "expected"),
    [("32", 32), ("64 / 2", 32), ("0.5 * 64", 32), ("33 // 2", 16), ("round(33 / 2)", 16)],
)
def test_widths_that_come_out_whole(written: str, expected: int) -> None:
    assert width(written) == expected


@pytest.mark.parametrize("written", ["33 / 2", "0.5", "2.5e0", "1/3 * 2"])
def test_widths_are_never_rounded_in_silence(written: str) -> None:
    text = net(f"block = plain\nstage s1 {{ d = 1, w = «{written}» }}")
    assert "round" in marked(text, "wrong_value").help


def test_ratios_written_in_two_ways_are_one() -> None:
    body = "block = resnext_linear\ng = 4\nstage s1 {{ d = 1, w = 8, b = {} }}"
    one, other = (stages(net(body.format(b)), "b") for b in ("1/4", "0.25"))
    assert one == other == [("s1", Fraction(1, 4))]


NUMBERS = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**4)


@given(NUMBERS | st.integers(-(2**62), 2**62))
def test_numbers_are_written_as_they_are_read(number: Fraction | int) -> None:
    assert value(spoken(Fraction(number) if number % 1 else int(number))) == number


@given(NUMBERS, NUMBERS, st.sampled_from("+-*"))
def test_arithmetic_is_exact(left: Fraction, right: Fraction, operator: str) -> None:
    text = f"({spoken(left)}) {operator} ({spoken(right)})"
    expected = {"+": left + right, "-": left - right, "*": left * right}[operator]
    assert value(text) == expected


SIMPLE = st.booleans() | st.integers(0, 999) | NUMBERS | st.text("ab #", max_size=4)
VALUES = st.recursive(
    SIMPLE
    | st.builds(Symbol, st.sampled_from(["silu", "hop"]))
    | st.builds(Size, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    lambda inner: (
        st.lists(inner.filter(lambda v: not isinstance(v, tuple)), max_size=3).map(tuple)
        | st.builds(
            Symbol,
            st.just("hop"),
            st.lists(inner, min_size=1, max_size=2).map(tuple),
            st.lists(st.tuples(st.just("k"), inner), max_size=1).map(tuple),
        )
    ),
    max_leaves=5,
)


@given(VALUES)
def test_all_values_are_written_as_they_are_read(of: Any) -> None:
    if isinstance(of, Fraction) and of.denominator == 1:
        of = int(of)
    assert value(spoken(of)) == of
