"""Widths of many designs at once: the generator's, and those made to fit groups.

Both are the array forms of what `design/quantized` does for one design, and equal to it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anydsl.design.vocabulary import WIDEST

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_NEAR = 1e-7
"""So near to a half, array and scalar mathematics may round differently: Python decides."""


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

    Args:
        d: depths.
        w0, wa, wm, q: the other parameters, as doubles and whole numbers.

    Returns:
        The number of stages, 0 where a width is beyond the limit, and designs x most stages the
        depth and the width of each stage, 0 behind the last.
    """
    most = int(d.max(initial=1))
    j = np.arange(most)
    exponents = np.log((w0[:, None] + wa[:, None] * j) / w0[:, None])
    exponents /= np.log(wm)[:, None]
    k = np.rint(exponents)
    near = np.abs(np.abs(exponents - np.floor(exponents)) - 0.5) < _NEAR
    for row, column in np.argwhere(near):
        a, b, c = float(w0[row]), float(wa[row]), float(wm[row])
        k[row, column] = round(math.log((a + b * int(column)) / a) / math.log(c))
    with np.errstate(over="ignore"):
        exact = w0[:, None] * wm[:, None] ** k / q[:, None]
    whole = np.rint(exact)
    near = np.abs(np.abs(exact - np.floor(exact)) - 0.5) < _NEAR * np.maximum(1, exact)
    for row, column in np.argwhere(near):
        a, c = float(w0[row]), float(wm[row])
        whole[row, column] = round(a * c ** int(k[row, column]) / int(q[row]))
    inside = j < d[:, None]
    wide = np.any(inside & (whole * q[:, None] > WIDEST), axis=1)
    widths = np.where(inside, np.minimum(whole, WIDEST).astype(np.int64) * q[:, None], -1)
    starts = np.ones(widths.shape, bool)
    starts[:, 1:] = widths[:, 1:] != widths[:, :-1]
    starts &= inside
    number = np.cumsum(starts, axis=1)
    stages = number[:, -1]
    shape = (len(d), int(stages.max(initial=1)))
    depths, out = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    rows, columns = np.nonzero(starts)
    place = number[rows, columns] - 1
    out[rows, place] = widths[rows, columns]
    ends = np.append(columns[1:], 0)
    last = np.append(rows[1:] != rows[:-1], True) if len(rows) else np.zeros(0, bool)
    depths[rows, place] = np.where(last, d[rows], ends) - columns
    return np.where(wide, 0, stages), depths, out
