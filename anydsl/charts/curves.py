"""Learning curves of several runs in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.charts.canvas import SMALL, Canvas, Plot
from anydsl.charts.ticks import ticks
from anydsl.drawing.layout.lettering import clipped, width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anydsl.charts.canvas import Point

# Told apart by those who see colours otherwise too (Okabe and Ito 2008), without the yellow.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#333333")
_DASHES = ("", "6 3", "2 3")
_LONGEST = 230.0
_LINE = 19


def curves(title: str, up: str, lines: Mapping[str, Sequence[Point]]) -> Canvas:
    """Draw shares over epochs: a line for each run, its name and its best at the right.

    Args:
        title: stands above.
        up: what the shares are of.
        lines: for each run the epochs and the shares, at least one in all.
    """
    names = {
        name: f"{clipped(name, SMALL, _LONGEST)}: {max(y for _, y in points):.2%}"
        for name, points in lines.items()
    }
    beside = max(width(name, SMALL) for name in names.values()) + 54
    high = max(300, _LINE * len(names))
    canvas = Canvas(68 + 480 + beside, high + 100, title)
    plot = Plot(canvas, (68, 40, 480, high))
    every = [point for points in lines.values() for point in points]
    last = max(x for x, _ in every)
    low, top = min(y for _, y in every), max(y for _, y in every)
    marks = ticks(low, top) if top > low else ticks(low - 0.05, low + 0.05)
    plot.scale((1, last) if last > 1 else (0, 2), (marks[0], marks[-1]))
    digits = max(0, len(f"{round((marks[1] - marks[0]) * 100, 9):g}".partition(".")[2]))
    whole = {int(mark) for mark in ticks(1, max(last, 2), 8) if mark.is_integer()}
    epochs = sorted({1} | {epoch for epoch in whole if 1 <= epoch <= last})
    plot.grid(
        {epoch: f"{epoch}" for epoch in epochs},
        {mark: f"{mark:.{digits}%}" for mark in marks},
    )
    plot.names("epoch", up)
    for place, (name, points) in enumerate(lines.items()):
        colour, dashes = COLOURS[place % len(COLOURS)], _DASHES[place // len(COLOURS) % 3]
        places = [plot.at(*point) for point in points]
        canvas.line(places, colour, 1.8, dashes)
        best = max(range(len(points)), key=lambda i: (points[i][1], i))  # the latest of equals
        canvas.dot(places[best], 3.2, colour)
        y = 48 + place * _LINE
        canvas.line([(564, y), (590, y)], colour, 1.8, dashes)
        canvas.text(596, y + 4, names[name], size=SMALL)
    return canvas
