"""Widths of many designs at once: the generator's, and those made to fit groups.

Both are the array forms of what `design/quantized` does for one design, and equal to it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anydsl.design.quantized import quantized_linear as exactly_quantized
from anydsl.design.vocabulary import WIDEST, QuantizedLinear

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_NEAR = 1e-9
"""So near to a half, array and scalar mathematics may round differently: Python decides."""

_MOST_EXPONENTS = 64
"""Designs with more exponents are done one by one."""


def compatible(
    w: Integers, b: tuple[Any, Any], g: Any, groups: Any, rounding: str = "pycls"
) -> Integers:
    """The widths nearest to w that b and the groups divide.

    Args:
        w: widths before.
        b: numerator and denominator of the bottleneck ratio, arrays or whole numbers.
        g: group widths, 0 where a block has none.
        groups: numbers of groups, 0 where they are not given.
        rounding: `pycls` or `torchvision`, as in `design.quantized.compatible`.
    """
    above, below = b
    inner = np.maximum(1, w * below // above)
    unit = np.where(groups, groups, np.minimum(np.where(g, g, 1), inner))
    if rounding == "torchvision":
        rounded = np.maximum(unit, (2 * inner + unit) // (2 * unit) * unit)
        rounded = np.where(10 * rounded < 9 * inner, rounded + unit, rounded)
    else:
        unit = np.where(above < below, np.lcm(unit, np.maximum(1, below // above)), unit)
        whole, rest = np.divmod(inner, unit)
        up = (2 * rest > unit) | ((2 * rest == unit) & (whole % 2 == 1))
        rounded = np.maximum(unit, (whole + up) * unit)
    return rounded * above // below


def quantized_linear(
    d: Integers, w0: Floats, wa: Floats, wm: Floats, q: Integers
) -> tuple[Integers, Integers, Integers]:
    """Stages of many generators.

    Exponents rise with the blocks, so it is enough to find the block at which each one starts.

    Args:
        d: depths.
        w0: initial widths.
        wa: slopes.
        wm: factors between quantized widths.
        q: what widths are multiples of.

    Returns:
        The number of stages, 0 where a width is beyond the limit, and designs x most stages the
        depth and the width of each stage, 0 behind the last.
    """
    with np.errstate(all="ignore"):
        last = (w0 + wa * (d - 1)) / np.sqrt(wm)  # rounding leads no further down, but for q
    rows = np.flatnonzero(~(last > 4 * WIDEST + q))
    some = _quantized(d[rows], w0[rows], wa[rows], wm[rows], q[rows])
    if len(rows) == len(d):
        return some
    stages = np.zeros(len(d), np.int64)
    depths, widths = np.zeros((2, len(d), some[1].shape[1]), np.int64)
    stages[rows], depths[rows], widths[rows] = some
    return stages, depths, widths


def _quantized(
    d: Integers, w0: Floats, wa: Floats, wm: Floats, q: Integers
) -> tuple[Integers, Integers, Integers]:
    with np.errstate(all="ignore"):
        steps = np.log1p(wa * (d - 1) / w0) / np.log(wm)
        by_itself = ~(steps < _MOST_EXPONENTS)
        most = int(np.max(steps, where=~by_itself, initial=0) + 0.5) + 1
        exponents = np.arange(most + 1)[:, None]
        powers = wm**exponents
        slope = w0 / wa
        starts = (powers / np.sqrt(wm) - 1) * slope
        near = np.abs(starts - np.rint(starts)) < _NEAR * (starts + slope)
        by_itself |= np.any(near & (starts < d), axis=0)
        firsts = np.fmin(np.ceil(starts), d)
        firsts[0] = 0
        exact = w0 * powers / q
        whole = np.rint(exact)
    lengths = np.diff(firsts, axis=0, append=d[None]).astype(np.int64)
    present = lengths > 0
    near = present & (np.abs(exact - np.floor(exact) - 0.5) < _NEAR * np.maximum(1, exact))
    near[:, by_itself] = False
    for place, row in np.argwhere(near):
        a, c = float(w0[row]), float(wm[row])
        whole[place, row] = round(a * c ** int(place) / int(q[row]))
    widths = np.where(present, np.minimum(whole * q, 2 * WIDEST), 0).astype(np.int64)
    wide = np.any(widths > WIDEST, axis=0)
    stages = np.zeros(len(d), np.int64)
    depths, found = np.zeros((2, len(d), most + 1), np.int64)
    before = np.full(len(d), -1)
    for place in range(most + 1):
        rows = np.flatnonzero(present[place])
        width = widths[place, rows]
        stages[rows] += width != before[rows]
        before[rows] = width
        at = stages[rows] - 1
        found[rows, at] = width
        depths[rows, at] += lengths[place, rows]
    stages[wide] = 0
    for row in np.flatnonzero(by_itself).tolist():
        runs = _scalar(int(d[row]), w0[row], wa[row], wm[row], int(q[row]))
        if len(runs) > depths.shape[1]:
            more = ((0, 0), (0, len(runs) - depths.shape[1]))
            depths, found = np.pad(depths, more), np.pad(found, more)
        stages[row] = len(runs)
        depths[row] = found[row] = 0
        for place, (depth, width) in enumerate(runs):
            depths[row, place], found[row, place] = depth, width
    return stages, depths, found


def _scalar(d: int, w0: Any, wa: Any, wm: Any, q: int) -> list[tuple[int, int]]:
    w0, wa, wm = (Fraction(float(x)) for x in (w0, wa, wm))
    try:
        return exactly_quantized(QuantizedLinear(d, w0, wa, wm, q))
    except OverflowError:
        return []
