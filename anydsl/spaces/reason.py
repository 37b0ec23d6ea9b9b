"""Why a net is not in a space."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from anydsl.design.draws import Choice, Distribution, can_draw, write_draw
from anydsl.design.values import Groups, Value, is_number, spoken
from anydsl.language.record import Record
from anydsl.language.source import Span
from anydsl.spaces.laws import Grid, Law


class Reason(Record):
    """One reason.

    Attributes:
        message: what is so in the net, and by how much it is outside.
        path: the value in the net, empty where it is the whole of it.
        line: the line of the space that says no; None for a space that was never text.
        owner: the space that said it, where that is known.
    """

    message: str
    path: str = ""
    line: Span | None = None
    owner: str = ""


def outside(value: Value, draw: Distribution) -> str:
    """That a value can't be drawn, and which one is nearest."""
    said = f"outside of {write_draw(draw)}"
    near = _nearest(value, draw)
    if near is None:
        return said
    off = abs(near - value)
    return (
        f"{said}: the nearest is {number(near)}, {number(off)} {'less' if near < value else 'more'}"
    )


def number(value: Any) -> str:
    """A number as it is read."""
    return f"{value:,}" if isinstance(value, int) else spoken(value)


def said(value: Value) -> str:
    """A value of a stage as it is read."""
    return f"{value.n} groups" if isinstance(value, Groups) else spoken(value)


def listed(names: list[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _nearest(value: Value, draw: Distribution) -> Any:
    """The nearest value that can be drawn; None where values are no numbers."""
    if not is_number(value):
        return None
    if isinstance(draw, Choice):
        numbers: list[Any] = [v for v in draw.values if is_number(v)]
        return min(numbers, key=lambda v: abs(v - value)) if numbers else None
    law = Law(draw)
    if law.continuous:
        clipped = min(max(value, draw.range.low), draw.range.high)
        return clipped if can_draw(draw, clipped) else None
    assert isinstance(law.values, Grid)
    first, step = Fraction(law.values[0]), Fraction(draw.range.step or 1)
    place = min(max(round((Fraction(value) - first) / step), 0), len(law.values) - 1)
    return law.values[place]
