"""Numbers of many designs at once, as far as all layers know them.

Where a rule is written for numbers, a column may stand in a number's place: it adds, multiplies and
divides number by number, and it can be compared. `anydsl.blocks.columns` makes them; nothing here
needs NumPy.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeGuard


class Column:
    """A number for each of many designs.

    A comparison answers for all of them at once. Where they don't agree it raises a `Fork`, and
    whoever started the computation does it again for either side.
    """

    __slots__ = ()

    def whole(self) -> Any:
        """Itself as whole numbers; None where no design's number is whole."""
        raise NotImplementedError

    def beyond(self, limit: int) -> bool:
        """Whether numerators or denominators go beyond a limit."""
        raise NotImplementedError

    def least(self, other: Any) -> Any:
        """The smaller of the two, number by number."""
        raise NotImplementedError


class Fork(Exception):
    """A comparison that holds for some designs and not for others; `sides` says for which."""

    def __init__(self, sides: Any) -> None:
        super().__init__("a comparison that holds for some designs only")
        self.sides = sides


NUMBERS: tuple[type[Any], ...] = (int, Fraction, Column)
"""What may stand for a number; `bool` is an `int` as well, and no number of the language."""


def is_column(value: object) -> TypeGuard[Column]:
    """Whether a column stands here, in a number's place."""
    return isinstance(value, Column)


def least(one: int, other: int) -> int:
    """The smaller of two numbers; columns are taken number by number."""
    for column, against in ((one, other), (other, one)):
        if is_column(column):
            return column.least(against)
    return min(one, other)
