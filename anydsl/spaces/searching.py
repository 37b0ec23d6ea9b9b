"""The generator's parameters that give stages which are written out, within what a space draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from anydsl.design.quantized import compatible, quantized_linear
from anydsl.design.vocabulary import QuantizedLinear
from anydsl.language.record import Record
from anydsl.spaces.laws import Grid

MOST_PAIRS = 200_000
"""So many pairs of w0 and wm are looked at; each takes some ten microseconds."""

_MOST_WAYS, _TRIED = 64, 16
_SLACK = 1e-9


class Fitting(Record):
    """How the widths of the stages are made to fit.

    Attributes:
        b, g, groups: of all stages, as `design.quantized.compatible` takes them.
    """

    b: int | Fraction
    g: int | None
    groups: int | None
    rounding: str = "pycls"

    def fit(self, width: int) -> int:
        """The width that a generated one becomes."""
        return compatible(width, self.b, self.g, self.groups, self.rounding)


class Candidates(Record):
    """What each parameter may be: values in rising order, or for `wa` a range without step."""

    w0: Sequence[Any]
    wa: Sequence[Any] | tuple[Any, Any]
    wm: Sequence[Any]
    q: int
    continuous: bool = False


class TooMany(Exception):
    """There are more pairs than are looked at."""


def search(
    stages: Sequence[tuple[int, int]], fitting: Fitting, candidates: Candidates
) -> QuantizedLinear | None:
    """Find parameters that give these stages, or say that there are none.

    For each w0 and wm the exponents that give the widths are few, and leave an interval of slopes.

    Args:
        stages: depth and width of each one.
        fitting: how widths are adjusted.
        candidates: what may be drawn.

    Raises:
        TooMany: it would take too long.
    """
    raw = [_preimages(width, fitting, candidates.q) for _, width in stages]
    starts = [w0 for w0 in candidates.w0 if _rounded(float(w0), candidates.q) in raw[0]]
    if len(starts) * len(candidates.wm) > MOST_PAIRS:
        raise TooMany
    for w0 in starts:
        for wm in candidates.wm:
            for low, high in _slopes(stages, raw, float(w0), float(wm), candidates.q):
                for wa in _between(candidates, low, high):
                    made = QuantizedLinear(
                        sum(d for d, _ in stages), w0, wa, wm, candidates.q, fitting.rounding
                    )
                    if gives(made, fitting) == list(stages):
                        return made
    return None


def gives(generator: QuantizedLinear, fitting: Fitting) -> list[tuple[int, int]]:
    """The stages that parameters give, made to fit."""
    try:
        return [(d, fitting.fit(w)) for d, w in quantized_linear(generator)]
    except OverflowError:
        return []


def _preimages(width: int, fitting: Fitting, q: int) -> set[int]:
    """The multiples of q that are made this width."""
    most = 2 * width + 2 * q
    return {w for w in range(q, most, q) if fitting.fit(w) == width}


def _rounded(width: float, q: int) -> int:
    return round(width / q) * q


def _slopes(
    stages: Sequence[tuple[int, int]], raw: list[set[int]], w0: float, wm: float, q: int
) -> Iterator[tuple[float, float]]:
    """Intervals of slopes, one for each way to give the stages their widths."""
    most = max(raw[-1], default=0)
    runs: list[tuple[int, int, int]] = []  # width, first and last exponent
    for k in range(2**12):
        width = _rounded(w0 * wm**k, q)
        if width > most:
            break
        if runs and runs[-1][0] == width:
            runs[-1] = (width, runs[-1][1], k)
        else:
            runs.append((width, k, k))
    ways: list[tuple[int, ...]] = [(0,)] if runs and runs[0][0] in raw[0] else []
    for fits in raw[1:]:
        longer = [
            (*way, place)
            for way in ways
            for place in range(way[-1] + 1, len(runs))
            if runs[place][0] in fits
        ]
        ways = longer[:_MOST_WAYS]
    for way in ways:
        low, high, first = 0.0, float("inf"), 0
        for (depth, _), place in zip(stages, way, strict=True):
            last = first + depth - 1
            if first:
                low = max(low, (wm ** (runs[place][1] - 0.5) - 1) * w0 / first)
            if last:
                high = min(high, (wm ** (runs[place][2] + 0.5) - 1) * w0 / last)
            first = last + 1
        if low <= high * (1 + _SLACK):
            yield low * (1 - _SLACK), high * (1 + _SLACK)


def _between(candidates: Candidates, low: float, high: float) -> Iterator[Any]:
    """Slopes of an interval, from its middle outwards."""
    values = candidates.wa
    if candidates.continuous:
        least, most = max(low, float(values[0])), min(high, float(values[1]))
        if least <= most:
            for part in (0.5, 0.25, 0.75, 0.0, 1.0):
                yield Fraction(f"{least + part * (most - least):.12g}")
        return
    if isinstance(values, Grid):
        places = values.places(low, high)
    else:
        inside = [i for i, value in enumerate(values) if low <= value <= high]
        places = range(inside[0], inside[-1] + 1) if inside else range(0)
    middle = len(places) // 2
    for away in range(min(len(places), _TRIED)):
        at = middle + (away + 1) // 2 * (1 if away % 2 else -1)
        if 0 <= at < len(places):
            yield values[places[at]]
