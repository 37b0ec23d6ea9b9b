"""Quantized linear widths: the stages of a RegNet from a few numbers.

Source: Radosavovic et al. 2020, "Designing Network Design Spaces", section 3.3; the adjustment of
widths to groups is that of the paper's code.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import groupby

from anydsl.design.vocabulary import WIDEST, QuantizedLinear


def quantized_linear(generator: QuantizedLinear) -> list[tuple[int, int]]:
    """Depth and width of each stage.

    u_j = w0 + wa j for block j (eq. 2) is rounded to w0 wm^k in the exponent k (eq. 3), then to a
    multiple of q (eq. 4); runs of equal width are the stages. Doubles, halves to the even number.

    Raises:
        OverflowError: a width beyond any limit.
    """
    w0, wa, wm = float(generator.w0), float(generator.wa), float(generator.wm)
    if w0 == 0 or wm <= 1:  # above their bounds exactly, and no longer in doubles
        raise OverflowError
    widths: list[int] = []
    for j in range(generator.d):
        k = round(math.log((w0 + wa * j) / w0) / math.log(wm))
        width = round(w0 * wm**k / generator.q) * generator.q
        if width > WIDEST:
            raise OverflowError
        widths.append(width)
    return [(len(list(run)), width) for width, run in groupby(widths)]


def compatible(w: int, b: Fraction | int, g: int | None, groups: int | None, rounding: str) -> int:
    """The width nearest to w that b and the groups divide.

    Args:
        w: width before.
        b: bottleneck ratio, width over inner width.
        g: group width as written, None where the block has none.
        groups: number of groups where they are given in place of g.
        rounding: `pycls` goes to the nearest multiple, `torchvision` never below 90 % of the width.
    """
    inner = max(1, int(w / Fraction(b)))
    unit = groups or min(g or 1, inner)
    if rounding == "torchvision":
        rounded = max(unit, (2 * inner + unit) // (2 * unit) * unit)
        if 10 * rounded < 9 * inner:
            rounded += unit
    else:
        if b < 1:
            unit = math.lcm(unit, int(1 / Fraction(b)))
        rounded = max(unit, round(Fraction(inner, unit)) * unit)
    return int(rounded * Fraction(b))
