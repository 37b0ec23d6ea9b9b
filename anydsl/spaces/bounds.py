"""What the quantities of a space can come to, from its least to its greatest draws."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

from anydsl.design.draws import Choice
from anydsl.design.predicates import (
    Aggregate,
    And,
    Arithmetic,
    Comparison,
    Not,
    Or,
    Predicate,
    Quantity,
    Total,
    Within,
)
from anydsl.design.values import Range, is_number
from anydsl.design.vocabulary import MOST_BLOCKS, WIDEST
from anydsl.spaces.plan import Plan, Slot

Bounds = tuple[Any, Any]
"""Least and greatest, both included; infinite where nothing is known."""

_ALL: Bounds = (-inf, inf)
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def bounds(of: Quantity, plan: Plan) -> Bounds:
    """Between what a quantity lies in every draw."""
    match of:
        case Total(name="depth"):
            return _aggregate("sum", "d", plan)
        case Total(name="stages"):
            if plan.generator:
                return 1, _aggregate("sum", "d", plan)[1]
            return len(plan.slots), len(plan.slots)
        case Total():
            return 0, inf
        case Aggregate():
            return _aggregate(of.function, of.key, plan)
        case Arithmetic():
            left, right = bounds(of.left, plan), bounds(of.right, plan)
            ends = {
                "+": lambda: (left[0] + right[0], left[1] + right[1]),
                "-": lambda: (left[0] - right[1], left[1] - right[0]),
            }
            return ends[of.operator]() if of.operator in ends else _ALL
        case _:
            return of, of


def possible(predicate: Predicate, plan: Plan) -> bool:
    """Whether the bounds of its quantities leave it open that a predicate holds."""
    match predicate:
        case And():
            return possible(predicate.left, plan) and possible(predicate.right, plan)
        case Or():
            return possible(predicate.left, plan) or possible(predicate.right, plan)
        case Not(predicate=Comparison() as inner):
            opposite = Comparison(_OPPOSITE[inner.operator], inner.left, inner.right)
            return possible(opposite, plan)
        case Comparison():
            left, right = bounds(predicate.left, plan), bounds(predicate.right, plan)
            match predicate.operator:
                case "<=":
                    return left[0] <= right[1]
                case "<":
                    return left[0] < right[1]
                case ">=":
                    return left[1] >= right[0]
                case ">":
                    return left[1] > right[0]
                case "==":
                    return left[0] <= right[1] and right[0] <= left[1]
                case _:
                    return not left[0] == left[1] == right[0] == right[1]
        case Within():
            low, high = bounds(predicate.quantity, plan)
            if isinstance(predicate.values, Range):
                return low <= predicate.values.high and predicate.values.low <= high
            return any(is_number(v) and low <= v <= high for v in predicate.values)
        case _:
            return True


def allowed(predicate: Predicate) -> tuple[Quantity, Bounds] | None:
    """What a predicate says of one quantity: between what it has to lie; None if it says more."""
    match predicate:
        case Within():
            numbers = (
                [predicate.values.low, predicate.values.high]
                if isinstance(predicate.values, Range)
                else [v for v in predicate.values if is_number(v)]
            )
            return (predicate.quantity, (min(numbers), max(numbers))) if numbers else None
        case Comparison(right=int() | Fraction() as limit):
            match predicate.operator:
                case "<=" | "<":
                    return predicate.left, (-inf, limit)
                case ">=" | ">":
                    return predicate.left, (limit, inf)
                case "==":
                    return predicate.left, (limit, limit)
                case _:
                    return None
        case Not(predicate=Comparison() as inner):
            opposite = Comparison(_OPPOSITE[inner.operator], inner.left, inner.right)
            return allowed(opposite)
        case _:
            return None


def _aggregate(function: str, key: str, plan: Plan) -> Bounds:
    if plan.generator and key in ("d", "w"):
        if key == "w":
            return 1, inf if function == "sum" else WIDEST
        low, high = _ends(plan.generator["d"], plan) or (1, MOST_BLOCKS)
        return (low, high) if function == "sum" else (1, high)
    slots = [s for place in range(len(plan.slots)) if (s := plan.slot(place, key)) is not None]
    found = [_ends(slot, plan) for slot in slots]
    ends = [end for end in found if end is not None]
    if len(ends) < len(found) or not ends or plan.generator:
        return _ALL
    match function:
        case "first":
            return ends[0]
        case "last":
            return ends[-1]
        case "sum":
            return sum(low for low, _ in ends), sum(high for _, high in ends)
        case "min":
            return min(low for low, _ in ends), min(high for _, high in ends)
        case _:
            return max(low for low, _ in ends), max(high for _, high in ends)


def _ends(slot: Slot, plan: Plan) -> Bounds | None:
    law = plan.law(slot)
    if law is not None and law.continuous:
        assert not isinstance(law.draw, Choice)
        return law.draw.range.low, law.draw.range.high
    values = plan.choices(slot)
    if len(values) > 64:  # a range
        return values[0], values[-1]
    numbers: list[Any] = [value for value in values if is_number(value)]
    return (min(numbers), max(numbers)) if len(numbers) == len(values) else None
