"""Columns count as Python does, number by number."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anydsl.blocks.columns import Ratio, Whole, column
from anydsl.language.column import Fork, least

OPERATORS = (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, least)
NUMBERS = st.one_of(st.integers(-9, 9), st.integers(-(2**62), 2**62), st.integers(1, 2**33))
COLUMNS = st.lists(NUMBERS, min_size=3, max_size=3)
OTHERS = st.one_of(COLUMNS, NUMBERS, st.fractions(-9, 9, max_denominator=8))


def numbers(value: Any) -> list[Any]:
    """Each number of a column, as Python's own."""
    if isinstance(value, Ratio):
        parts = zip(numbers(value.num), numbers(value.den), strict=True)
        return [Fraction(num, den) for num, den in parts]
    if isinstance(value, Whole):
        found = [int(n) for n in value.numbers]
        assert all(value.low <= n <= value.high for n in found)
        return found
    return [value] * 3


def made(value: Any) -> Any:
    return column(np.array(value)) if isinstance(value, list) else value


def fraction(one: Any, other: Any) -> Any:
    return (Fraction(one) if isinstance(one, int) else one) / other


@settings(max_examples=300, deadline=None)
@given(COLUMNS, OTHERS, st.sampled_from((*OPERATORS, fraction)), st.booleans())
def test_arithmetic(
    one: list[int], other: Any, apply: Callable[[Any, Any], Any], turned: bool
) -> None:
    left, right = (other, one) if turned else (one, other)
    pairs = list(zip(*(v if isinstance(v, list) else [v] * 3 for v in (left, right)), strict=True))
    divides = apply in (operator.floordiv, operator.mod, fraction)
    assume(not divides or all(b != 0 for _, b in pairs))
    try:
        found = apply(made(left), made(right))
        again = found * 2 - found
    except Fork:
        return  # the designs differ; those on each side are tried by themselves elsewhere
    assert numbers(found) == [apply(a, b) for a, b in pairs]
    assert numbers(again) == numbers(found)
    assert numbers(round(found)) == [round(apply(a, b)) for a, b in pairs]
    assert numbers(abs(found)) == [abs(apply(a, b)) for a, b in pairs]


@settings(max_examples=200, deadline=None)
@given(COLUMNS, OTHERS)
def test_comparisons_answer_for_all_or_say_who_differs(one: list[int], other: Any) -> None:
    others = other if isinstance(other, list) else [other] * 3
    for compare in (operator.lt, operator.le, operator.eq, operator.ne, operator.ge, operator.gt):
        expected = [compare(a, b) for a, b in zip(one, others, strict=True)]
        try:
            assert [compare(made(one), made(other))] * 3 == expected
        except Fork as fork:
            sides = list(fork.sides)
            assert sides in (expected, [not side for side in expected])


def test_halves_go_to_the_even_number() -> None:
    assert numbers(round(column(np.array([2, 6, 10])) / 4)) == [0, 2, 2]
    assert numbers(round(column(np.array([3, 7, 9])) / 2)) == [2, 4, 4]


def test_wholeness_is_asked_of_each() -> None:
    with pytest.raises(Fork) as caught:
        (column(np.array([8, 6, 4])) / 4).whole()
    assert list(caught.value.sides) == [True, False, True]
    assert (column(np.array([9, 6, 3])) / 2 * Fraction(2, 3)).whole() is not None
