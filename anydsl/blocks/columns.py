"""Columns in NumPy: exact whole numbers and fractions, one for each of many designs.

Whole numbers are int64 as long as their bounds, which every result carries, show that they fit, and
Python's own beyond; so nothing is ever wrapped around, and most comparisons need no look at the
numbers. Divisions and comparisons are remembered, since shape rules and costs ask for the same ones
several times.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anydsl.language.builder import LARGEST
from anydsl.language.column import Column, Fork

Array = NDArray[Any]
_SHORT = 2**31 - 1
_EXACT = 2**52
"""Below it, a quotient of two whole doubles never rounds up to the next whole number."""


def column(numbers: Array) -> Whole | int:
    """A column of whole numbers; a plain number where all are equal."""
    low, high = int(numbers.min()), int(numbers.max())
    if low == high:
        return low
    narrow = numbers.dtype != np.int32 and max(-low, high) <= _SHORT
    return Whole(numbers.astype(np.int32) if narrow else numbers, low, high)


class Whole(Column):
    """Whole numbers between `low` and `high`, both included."""

    __hash__ = object.__hash__
    __slots__ = ("high", "known", "low", "numbers")

    def __init__(self, numbers: Array, low: int, high: int) -> None:
        self.numbers = numbers
        self.low = low
        self.high = high
        self.known: dict[Any, Any] = {}

    # ---------------------------------------------------------------------------- arithmetic

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, (int, Whole)):
            return Ratio(self, 1) + other
        low, high = _bounds(other)
        if low == high == 0:
            return self
        return _apply(np.add, self, other, self.low + low, self.high + high)

    __radd__ = __add__

    def __neg__(self) -> Whole:
        return _apply(np.multiply, self, -1, -self.high, -self.low)

    def __sub__(self, other: Any) -> Any:
        if not isinstance(other, (int, Whole)):
            return Ratio(self, 1) + -other
        low, high = _bounds(other)
        if low == high == 0:
            return self
        return _apply(np.subtract, self, other, self.low - high, self.high - low)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, (int, Whole)):
            return Ratio(self, 1) * other
        low, high = _bounds(other)
        if low == high == 1:
            return self
        if low == high == 0:
            return 0
        ends = (self.low * low, self.low * high, self.high * low, self.high * high)
        return _apply(np.multiply, self, other, min(ends), max(ends))

    __rmul__ = __mul__

    def __pow__(self, times: int) -> Any:
        result: Any = 1
        for _ in range(times):
            result = self * result
        return result

    def __truediv__(self, other: Any) -> Any:
        return ratio(self, other) if isinstance(other, (int, Whole)) else Ratio(self, 1) / other

    def __rtruediv__(self, other: Any) -> Any:
        return ratio(other.numerator, self * other.denominator)

    def __floordiv__(self, other: Any) -> Any:
        if not isinstance(other, (int, Whole)):
            return Ratio(self, 1) // other
        return self._remember("//", other, self._divide)

    def __rfloordiv__(self, other: Any) -> Any:
        return _divided(other.numerator, self * other.denominator)

    def __mod__(self, other: Any) -> Any:
        if not isinstance(other, (int, Whole)):
            return Ratio(self, 1) % other
        return self._remember("%", other, lambda by: self - (self // by) * by)

    def __rmod__(self, other: Any) -> Any:
        return other - (other // self) * self

    def __abs__(self) -> Whole:
        if self.low >= 0:
            return self
        return _apply(np.maximum, self, -self, 0, max(abs(self.low), abs(self.high)))

    def __round__(self) -> Whole:
        return self

    def _divide(self, by: int | Whole) -> Any:
        if isinstance(by, int) and by == 1:
            return self
        return _divided(self, by)

    def _remember(self, what: str, other: Any, compute: Callable[[Any], Any]) -> Any:
        key = (what, id(other)) if isinstance(other, Whole) else (what, 0, other)
        if key not in self.known:
            self.known[key] = compute(other), other  # kept, so that its id stays its own
        return self.known[key][0]

    # --------------------------------------------------------------------------- comparisons

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (int, Whole)):
            return Ratio(self, 1) == other if isinstance(other, (float, Fraction, Ratio)) else False
        low, high = _bounds(other)
        if self is other:
            return True
        if self.high < low or high < self.low:
            return False
        return self._remember("==", other, lambda o: _decide(self.numbers == _plain(o)))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> bool:
        if not isinstance(other, (int, Whole)):
            return Ratio(self, 1) < other
        low, high = _bounds(other)
        if self.high < low:
            return True
        if self is other or self.low >= high:
            return False
        return self._remember("<", other, lambda o: _decide(self.numbers < _plain(o)))

    def __gt__(self, other: Any) -> bool:
        if not isinstance(other, (int, Whole)):
            return Ratio(self, 1) > other
        low, high = _bounds(other)
        if self.low > high:
            return True
        if self is other or self.high <= low:
            return False
        return self._remember(">", other, lambda o: _decide(self.numbers > _plain(o)))

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __bool__(self) -> bool:
        return self != 0

    # ------------------------------------------------------------------------ as a column

    def whole(self) -> Whole:
        """As `Column` says."""
        return self

    def beyond(self, limit: int) -> bool:
        """As `Column` says."""
        return abs(self) > limit

    def least(self, other: Any) -> Any:
        """As `Column` says."""
        if not isinstance(other, (int, Whole)):
            return self if self <= other else other
        low, high = _bounds(other)
        if self.high <= low or self is other:
            return self
        if high <= self.low:
            return other
        return self._remember(
            "least",
            other,
            lambda o: _apply(np.minimum, self, o, min(self.low, low), min(self.high, high)),
        )


Numbers = int | Whole


class Ratio(Column):
    """Fractions of whole numbers, the denominators above 0; not always in lowest terms."""

    __hash__ = object.__hash__
    __slots__ = ("den", "num")

    def __init__(self, num: Numbers, den: Numbers) -> None:
        self.num = num
        self.den = den

    def __add__(self, other: Any) -> Any:
        num, den = _parts(other)
        return ratio(self.num * den + num * self.den, self.den * den)

    __radd__ = __add__

    def __neg__(self) -> Ratio:
        return Ratio(-self.num, self.den)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        num, den = _parts(other)
        return ratio(self.num * num, self.den * den)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        num, den = _parts(other)
        return ratio(self.num * den, self.den * num)

    def __rtruediv__(self, other: Any) -> Any:
        return ratio(other.numerator * self.den, self.num * other.denominator)

    def __floordiv__(self, other: Any) -> Any:
        num, den = _parts(other)
        return (self.num * den) // (self.den * num)

    def __rfloordiv__(self, other: Any) -> Any:
        return (other.numerator * self.den) // (self.num * other.denominator)

    def __mod__(self, other: Any) -> Any:
        return self - (self // other) * other

    def __rmod__(self, other: Any) -> Any:
        return other - (other // self) * self

    def __abs__(self) -> Ratio:
        return Ratio(abs(self.num), self.den)

    def __round__(self) -> Any:
        """Halves go to the even number, as for `Fraction`."""
        down = self.num // self.den
        over: Any = (self.num - down * self.den) * 2 - self.den
        if isinstance(over, int):
            up = over > 0 or (over == 0 and down % 2 == 1)
            return down + up
        odd = _plain(down % 2) == 1
        up = (over.numbers > 0) | ((over.numbers == 0) & odd)
        return down + Whole(up.astype(np.int64), 0, 1)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (int, float, Fraction, Column)):
            return False
        num, den = _parts(other)
        return self.num * den == num * self.den

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> bool:
        num, den = _parts(other)
        return self.num * den < num * self.den

    def __gt__(self, other: Any) -> bool:
        num, den = _parts(other)
        return self.num * den > num * self.den

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __bool__(self) -> bool:
        return self.num != 0

    def whole(self) -> Any:
        """As `Column` says."""
        return self.num // self.den if self.num % self.den == 0 else None

    def beyond(self, limit: int) -> bool:
        """As `Column` says."""
        num, den = self.num, self.den
        if max(map(abs, (*_bounds(num), *_bounds(den)))) <= limit:
            return False
        divisor = _apply(np.gcd, _object(num), _object(den), 1, limit**4)
        return (abs(num) // divisor > limit) or (den // divisor > limit)

    def least(self, other: Any) -> Any:
        """As `Column` says."""
        return self if self <= other else other


def ratio(num: Numbers, den: Numbers) -> Any:
    """The fraction of two whole numbers, reduced where that is free."""
    if isinstance(den, int):
        if den < 0:
            num, den = -num, -den
        if den == 1:
            return num
        if isinstance(num, int):
            divisor = gcd(num, den)
            num, den = num // divisor, den // divisor
    elif den < 0:
        num, den = -num, -den
    return Ratio(num, den)


def _parts(value: Any) -> tuple[Any, Any]:
    if isinstance(value, Ratio):
        return value.num, value.den
    if isinstance(value, float):
        value = Fraction(value)
    return (value.numerator, value.denominator) if isinstance(value, Fraction) else (value, 1)


def _bounds(value: Numbers) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value.low, value.high)


def _plain(value: Numbers) -> Any:
    return value.numbers if isinstance(value, Whole) else value


def _object(value: Numbers) -> Any:
    """A number, or a column of Python's own."""
    if isinstance(value, int):
        return value
    return Whole(value.numbers.astype(object), value.low, value.high)


def _apply(ufunc: Any, one: Numbers, other: Numbers, low: int, high: int) -> Any:
    """Compute a column between two bounds, with Python's numbers where int64 is too narrow."""
    widest = -low if -low > high else high
    if isinstance(one, int):
        widest = max(widest, abs(one))
    elif isinstance(other, int):
        widest = max(widest, abs(other))
    if widest <= LARGEST and _is_short(one) and _is_short(other):
        wide = None if widest <= _SHORT else np.int64
        return Whole(ufunc(_plain(one), _plain(other), dtype=wide), low, high)
    return _narrow(ufunc(_plain(_object(one)), _plain(_object(other))))


def _is_short(value: Numbers) -> bool:
    return isinstance(value, int) or value.numbers.dtype != object


def _narrow(numbers: Array) -> Whole:
    """A column with the bounds that it has, as int64 where that holds it."""
    low, high = int(numbers.min()), int(numbers.max())
    if numbers.dtype == object and max(-low, high) <= LARGEST:
        numbers = numbers.astype(np.int64)
    return Whole(numbers, low, high)


def _divided(one: Numbers, by: Numbers) -> Any:
    """Quotients, rounded down; `by` holds no 0."""
    (low, high), (least, most) = _bounds(one), _bounds(by)
    if least < 1:
        if max(-low, high, -least, most) > LARGEST:
            one, by = _object(one), _object(by)
        return _narrow(np.floor_divide(_plain(one), _plain(by)))
    ends = (low // least, low // most, high // least, high // most)
    if low >= 0 and high < _EXACT and isinstance(by, Whole) and most < _EXACT:
        quotients = np.divide(_plain(one), _plain(by))  # faster than in whole numbers, and exact
        whole = np.int32 if max(ends) <= _SHORT else np.int64
        return Whole(quotients.astype(whole), min(ends), max(ends))
    return _apply(np.floor_divide, one, by, min(ends), max(ends))


def _decide(holds: Array) -> bool:
    number = int(np.count_nonzero(holds))
    if 0 < number < holds.size:
        raise Fork(holds)
    return number > 0
