"""The confusion matrix: which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.charts.canvas import SIZE, SMALL, Canvas
from anydsl.drawing.layout.lettering import clipped, width
from anydsl.drawing.writers.style import ACCENT, INK

if TYPE_CHECKING:
    from collections.abc import Sequence

RIGHT, WRONG, NONE = "#34567a", ACCENT, "#f5f7fa"
_LARGEST, _WIDE, _LEAST, _NUMBERED, _SMALLEST = 34.0, 640.0, 1.5, 20.0, 5.0
_LONGEST = 140.0


def confusion(title: str, names: Sequence[str], counts: Sequence[Sequence[int]]) -> Canvas:
    """Draw a matrix, a row for each true class, the more pictures the darker.

    What is right is blue, what is wrong red; the shade is the root of the share of the row, so that
    rare mistakes are seen too. Many classes have small cells, without numbers or names.

    Args:
        title: stands above.
        names: of the C classes.
        counts: C x C; how many of the class of the row were taken for that of the column.
    """
    n = len(names)
    cell = max(_LEAST, min(_LARGEST, _WIDE / n))
    size = min(SMALL, cell * 0.8)
    named = size >= _SMALLEST
    shown = [clipped(name, size, _LONGEST) for name in names] if named else []
    margin = max((width(name, size) for name in shown), default=0) + 12
    side = cell * n
    page = max(34 + margin + side + 20, width(title, SIZE, bold=True) + 40)
    left, top = (page - side + margin + 14) / 2, 54 + margin
    canvas = Canvas(page, top + side + 20, title)
    canvas.box(left, top, side, side, NONE)
    for i, row in enumerate(counts):
        total = sum(row) or 1
        for j, count in enumerate(row):
            if not count:
                continue
            strength = (count / total) ** 0.5
            note = f"{names[i]} taken for {names[j]}: {count:,} of {total:,}"
            x, y = left + j * cell, top + i * cell
            gap = 1 if cell > 6 else 0
            fill = _mixed(RIGHT if i == j else WRONG, strength)
            canvas.box(x, y, cell - gap, cell - gap, fill, note)
            fits = min(size, (cell - 4) / width(f"{count}", 1))
            if cell >= _NUMBERED and fits >= _SMALLEST:
                ink = "#ffffff" if strength > 0.55 else INK
                middle, base = x + cell / 2 - gap / 2, y + cell / 2 + fits * 0.36
                canvas.text(middle, base, f"{count}", anchor="middle", size=fits, fill=ink)
    for place, name in enumerate(shown):
        middle = (place + 0.5) * cell
        canvas.text(left - 6, top + middle + size * 0.36, name, anchor="end", size=size)
        canvas.text(left + middle + size * 0.36, top - 6, name, size=size, turned=-90)
    canvas.text(left + side / 2, 42, "taken for", anchor="middle")
    canvas.text(left - margin - 12, top + side / 2, "true class", anchor="middle", turned=-90)
    return canvas


def _mixed(colour: str, strength: float) -> str:
    """A colour on the ground of the matrix; never so pale that it is taken for nothing."""
    part = 0.12 + 0.88 * strength
    pairs = zip(_parts(colour), _parts(NONE), strict=True)
    return "#" + "".join(f"{round(a * part + b * (1 - part)):02x}" for a, b in pairs)


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
