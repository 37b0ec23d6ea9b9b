"""The dataflow of a block with what its symbols stand for."""

from __future__ import annotations

from collections.abc import Sequence

from anydsl.drawing.content.variants import Variant
from anydsl.drawing.layout.flowing import flowing
from anydsl.drawing.layout.lettering import clipped, wrapped
from anydsl.drawing.layout.scene import SIZES, START, Item, Line, Scene, Text, measure
from anydsl.drawing.layout.stages import tag

_LEAST, _MOST, _LINE, _COLUMN = 150.0, 280.0, 12.5, 12.0
_MOST_LINES, _MOST_CELL = 3, 130.0


def picture(variant: Variant) -> Scene:
    """A block's tag, name and uses, its dataflow and its legend, below each other."""
    flow = flowing(variant.flow, variant.labels, variant.x, variant.out)
    legend = _table(variant.legend)
    wide = max(_LEAST, flow.width, legend.width)
    items: list[Item] = []
    x = 0.0
    if variant.tag:
        sign = tag(0, 0, variant.tag)
        items.append(sign)
        x = sign.width + 6
    name = clipped(variant.flow.block, SIZES["head"], _MOST, bold=True)
    items.append(Text(x, 12, name, "head", START))
    wide = max(wide, x + measure(name, "head"))
    y = 14.0
    lines = wrapped(variant.uses, SIZES["small"], wide)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1]} …"]
    for line in lines:
        y += _LINE
        items.append(Text(0, y, line, "small", START))
    y += 14
    drawn = flow.moved((wide - flow.width) / 2, y)
    items += drawn.items
    y = drawn.height
    if variant.legend:
        y += 12
        items += legend.moved((wide - legend.width) / 2, y).items
        y += legend.height
    return Scene(wide, y, tuple(items))


def _table(rows: Sequence[tuple[str, ...]]) -> Scene:
    if not rows:
        return Scene(0, 0, ())
    rows = [tuple(clipped(text, SIZES["small"], _MOST_CELL) for text in row) for row in rows]
    widths = [max(measure(row[n], "small") for row in rows) for n in range(len(rows[0]))]
    starts = [sum(widths[:n]) + _COLUMN * n for n in range(len(widths))]
    items: list[Item] = []
    y = 0.0
    for place, row in enumerate(rows):
        y += _LINE
        items += [
            Text(x, y, text, "small", START) for x, text in zip(starts, row, strict=True) if text
        ]
        if not place:
            right = starts[-1] + widths[-1]
            items.append(Line(((0, y + 3.5), (right, y + 3.5)), "rule", arrow=False))
            y += 3
    return Scene(starts[-1] + widths[-1], y + 4, tuple(items))
