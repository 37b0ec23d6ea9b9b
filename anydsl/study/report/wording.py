"""Numbers as a report writes them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from anydsl.design.wording import scaled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anydsl.study.statistics.comparison import Interval

MINUS = "\u2212"


def percent(share: float | None, digits: int = 2) -> str:
    """A share as `12.34%`; nothing for None."""
    return "" if share is None else f"{share:.{digits}%}"


def points(difference: float, digits: int | None = None) -> str:
    """A difference of shares in percentage points, with its sign: `+1.9`."""
    value = 100 * difference
    places = _places(value) if digits is None else digits
    text = f"{abs(value):.{places}f}"
    if not float(text):
        return text
    return f"{MINUS if value < 0 else '+'}{text}"


def interval(of: Interval) -> str:
    """A difference with the ends of its interval: `+1.9 points (95% interval 1.2 to 2.6)`."""
    digits = _places(100 * of.value)
    return f"{points(of.value, digits)} points ({ends(of)})"


def ends(of: Interval) -> str:
    """The ends of the interval of a difference."""
    digits = _places(100 * of.value)
    low, high = (signed(100 * end, digits) for end in (of.low, of.high))
    return f"95% interval {low} to {high}"


def signed(value: float, digits: int) -> str:
    """A number with a proper minus, and without a sign above 0."""
    text = f"{value:.{digits}f}"
    if not float(text):
        return text.removeprefix("-")
    return text.replace("-", MINUS)


def probability(p: float) -> str:
    """The p or q of a test: `0.97`, `0.013`, or where that says too little `< 0.001`."""
    return f"{p:.2f}" if p >= 0.0995 else f"{p:.3f}" if p >= 0.001 else "< 0.001"


def likely(p: float) -> str:
    """How likely it is that something is first, as found by resampling."""
    if p > 0.995:
        return "> 0.99"
    return "< 0.01" if p < 0.005 else f"{p:.2f}"


def count(number: int, one: str, many: str = "") -> str:
    """A number with what it counts: `1 trial`, `1,200 trials`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def quantity(number: float) -> str:
    """A large whole number in short: `1.5M`."""
    return scaled(round(number))


def listed(words: Iterable[str]) -> str:
    """Words in a row: `a, b and c`."""
    found = list(words)
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def day(written: str) -> str:
    """A time of ISO 8601 as `25 November 2026`; as it is where it is none."""
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        return written
    return f"{time.day} {time:%B %Y}"


def _places(value: float) -> int:
    """Digits behind the point that tell something of a number of percentage points."""
    size = abs(value)
    return 1 if size >= 0.95 else 2
