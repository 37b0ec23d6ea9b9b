"""The picture of a fit, after figure 8 of the RegNet paper: widths of blocks, line and steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from anydsl.drawing.layout.scene import END, MIDDLE, START, Box, Item, Line, Scene, Text

_WIDE, _HIGH = 420.0, 240.0
_LEFT, _TOP = 44.0, 44.0
_DOT = 6.0
_TICKS = 6


def fit_scene(
    title: str, subtitle: str, given: Sequence[int], generated: Sequence[int], w0: float, wa: float
) -> Scene:
    """Widths by block: given as dots, generated as steps, u_j = w0 + wa j as a straight line.

    Args:
        title: what the picture is of.
        subtitle: the line below it.
        given: the width of each block, by its place in the net.
        generated: the same of the generated stages.
        w0: the initial width, of block 0.
        wa: the slope, in channels a block.
    """
    last = len(given) - 1
    most = max(*given, *generated, w0 + wa * last)
    step_y, step_x = _step(most), max(1, math.ceil(_step(last or 1)))
    top = math.ceil(most / step_y) * step_y

    def at(block: float, width: float) -> tuple[float, float]:
        share = (block + 0.5) / len(given)
        return _LEFT + share * _WIDE, _TOP + _HIGH - width / top * _HIGH

    right, bottom = _LEFT + _WIDE, _TOP + _HIGH
    items: list[Item] = [
        Text(_LEFT, 12, title, "name", START),
        Text(_LEFT, 28, subtitle, "small", START),
        Text(_LEFT - 8, _TOP - 8, "width", "small", END),
        Text(right, bottom + 30, "block", "small", END),
    ]
    for n in range(round(top / step_y) + 1):
        y = at(0, n * step_y)[1]
        items.append(Line(((_LEFT, y), (right, y)), "rule", False))
        items.append(Text(_LEFT - 8, y + 3, f"{n * step_y:g}", "small", END))
    for block in range(0, last + 1, step_x):
        items.append(Text(at(block, 0)[0], bottom + 14, str(block), "small", MIDDLE))
    items.append(Line((at(0, w0), at(last, w0 + wa * last)), "mark", False))
    steps: list[tuple[float, float]] = []
    for block, width in enumerate(generated):
        steps += [at(block - 0.5, width), at(block + 0.5, width)]
    items.append(Line(tuple(steps), "edge", False))
    for block, width in enumerate(given):
        x, y = at(block, width)
        items.append(Box(x - _DOT / 2, y - _DOT / 2, _DOT, _DOT, "joins"))
    key = bottom + 30
    items += [
        Box(_LEFT, key - 3 - _DOT / 2, _DOT, _DOT, "joins"),
        Text(_LEFT + 12, key, "given", "small", START),
        Line(((_LEFT + 54, key - 3), (_LEFT + 76, key - 3)), "edge", False),
        Text(_LEFT + 82, key, "generated", "small", START),
        Line(((_LEFT + 146, key - 3), (_LEFT + 168, key - 3)), "mark", False),
        Text(_LEFT + 174, key, "w0 + wa j", "small", START),
    ]
    return Scene(right, key + 4, tuple(items))


def _step(most: float) -> float:
    """A round step, so that there are about six up to the most."""
    scale = 10.0 ** math.floor(math.log10(most / _TICKS))
    return next(scale * n for n in (1, 2, 2.5, 5, 10) if scale * n >= most / _TICKS)
