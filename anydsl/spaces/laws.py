"""Distributions as laws: the values that can be drawn, and how probable each one is.

Sources: LANGUAGE, section 5; the quantized distributions are those of pycls (`sweep/random.py`).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never, overload

from anydsl.design.draws import Choice, Distribution, LogUniform, Normal, Uniform
from anydsl.design.values import Number, Value

if TYPE_CHECKING:
    from statistics import NormalDist

MOST_VALUES = 2**21
"""Beyond so many values no table is made of them."""


class Law:
    """The law of one draw.

    Attributes:
        draw: the distribution.
        values: what can be drawn, each once: a range in rising order, a list as it is written.
            Empty where a range has no step.
        continuous: whether every number of the range can be drawn.
    """

    def __init__(self, draw: Distribution) -> None:
        self.draw = draw
        self.continuous = not isinstance(draw, Choice) and draw.range.step is None
        self.values: Sequence[Value] = () if self.continuous else _values(draw)
        self._cumulated: list[float] | None = None

    @property
    def cumulated(self) -> list[float]:
        """The probability of each value or one before it; the last is 1.

        Raises:
            OverflowError: there are more than `MOST_VALUES`.
        """
        if self._cumulated is None:
            if len(self.values) > MOST_VALUES:
                raise OverflowError
            self._cumulated = _cumulated(self.draw, self.values)
        return self._cumulated

    def probabilities(self) -> list[float]:
        """The probability of each value.

        Raises:
            OverflowError: there are more than `MOST_VALUES`.
        """
        sums = self.cumulated
        return [after - before for before, after in zip([0.0, *sums], sums, strict=False)]

    def inverse(self, u: Sequence[float]) -> list[float]:
        """The numbers below which a continuous law draws with probabilities u, to 12 digits.

        The digits that are cut off are those in which the mathematics of machines may differ.
        """
        assert not isinstance(self.draw, Choice)
        low, high = float(self.draw.range.low), float(self.draw.range.high)
        match self.draw:
            case Uniform():
                values = [low + x * (high - low) for x in u]
            case LogUniform():
                start, width = math.log(low), math.log(high) - math.log(low)
                values = [math.exp(start + x * width) for x in u]
            case Normal():
                values = _bent(low, high, u)
        written = " ".join(["%.12g"] * len(values)) % tuple(values)  # all at once takes half of it
        cut = map(float, written.split())
        return [low if x < low else high if x > high else x for x in cut]


class Grid(Sequence[int | Fraction]):
    """The numbers start, start + step, …: a sequence that is not written out."""

    def __init__(self, start: Number, step: Number, length: int) -> None:
        self.start, self.step = Fraction(start), Fraction(step)
        self._length = length
        self.whole = self.start.denominator == self.step.denominator == 1

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> int | Fraction: ...

    @overload
    def __getitem__(self, place: slice) -> list[int | Fraction]: ...

    def __getitem__(self, place: int | slice) -> int | Fraction | list[int | Fraction]:
        """The number at a place."""
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(self._length))]
        if not -self._length <= place < self._length:
            raise IndexError(place)
        value = self.start + (place % self._length) * self.step
        return int(value) if value.denominator == 1 else value

    def floats(self) -> list[float]:
        """All of the numbers as doubles, each the nearest."""
        scale = math.lcm(self.start.denominator, self.step.denominator)
        first, step = int(self.start * scale), int(self.step * scale)
        return [(first + i * step) / scale for i in range(self._length)]

    def places(self, low: float, high: float) -> range:
        """The places of the numbers from low to high."""
        first = bisect_left(self, low)
        return range(first, max(first, bisect_right(self, high)))


def _values(draw: Distribution) -> Sequence[Value]:
    match draw:
        case Choice():
            return tuple(dict.fromkeys(draw.values))
        case Uniform() | LogUniform() | Normal():
            low, high, step = draw.range.low, draw.range.high, draw.range.step
            assert step is not None
            start = low if isinstance(draw, Uniform) else -(-low // step) * step
            return Grid(start, step, int((high - start) // step) + 1)
        case _:
            assert_never(draw)


def _cumulated(draw: Distribution, values: Sequence[Value]) -> list[float]:
    """Sums of probabilities.

    What is rounded to a value beyond the ends of the range, where these are no multiples of the
    step, is not drawn: the law is conditioned on the range.
    """
    match draw:
        case Choice():
            counts = dict.fromkeys(values, 0)
            for value in draw.values:
                counts[value] += 1
            sums = [0]
            for value in values:
                sums.append(sums[-1] + counts[value])
            return [s / sums[-1] for s in sums[1:]]
        case Uniform():
            return [(i + 1) / len(values) for i in range(len(values))]
        case LogUniform():
            low, step = draw.range.low, draw.range.step
            assert step is not None
            assert isinstance(values, Grid)
            numbers = values.floats()
            start = math.log(max(low - min(step, Fraction(low) / 2), Fraction(values[0]) - step))
            end = math.log(numbers[-1])
            return [*((math.log(v) - start) / (end - start) for v in numbers[:-1]), 1.0]
        case Normal():
            low, high, step = (
                float(x or 0) for x in (draw.range.low, draw.range.high, draw.range.step)
            )
            bell = _bell(low, high)
            if bell is None or len(values) == 1:
                return [1.0]
            assert isinstance(values, Grid)
            numbers = values.floats()
            start = bell.cdf(max(low, numbers[0] - step / 2))
            end = bell.cdf(min(high, numbers[-1] + step / 2))
            inner = (bell.cdf(v + step / 2) for v in numbers[:-1])
            return [*((c - start) / (end - start) for c in inner), 1.0]
        case _:
            assert_never(draw)


def _bent(low: float, high: float, u: Sequence[float]) -> list[float]:
    bell = _bell(low, high)
    if bell is None:
        return [low] * len(u)
    start, end = bell.cdf(low), bell.cdf(high)
    inner = (min(max(start + x * (end - start), 1e-300), 1 - 1e-16) for x in u)
    return [bell.inv_cdf(x) for x in inner]


def _bell(low: float, high: float) -> NormalDist | None:
    from statistics import NormalDist  # takes as long to import as the rest of a check

    return NormalDist((low + high) / 2, (high - low) / 6) if high > low else None
