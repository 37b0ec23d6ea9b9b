"""The reliability diagram: accuracy over confidence (Guo et al. 2017, figure 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.charts.canvas import SMALL, Canvas, Plot
from anydsl.charts.ticks import ticks
from anydsl.drawing.writers.style import INK

if TYPE_CHECKING:
    from collections.abc import Sequence

_BAR, _OVER, _UNDER, _COUNT = "#34567a", "#eab7ac", "#7fa3c7", "#9fb6ce"
_FIFTHS = {n / 5: f"{n * 20}%" for n in range(6)}

Group = tuple[float, float, int, float | None, float | None]


def reliability(title: str, groups: Sequence[Group], error: float) -> Canvas:
    """Draw accuracy over confidence, above how many pictures there are of each confidence.

    A net that is right as often as it is confident has its bars end on the diagonal. What it is too
    confident by stands above its bars in red; where it is too modest the end of the bar is paler.

    Args:
        title: stands above.
        groups: of pictures: least and largest confidence, how many, mean confidence, accuracy.
        error: the expected calibration error.
    """
    canvas = Canvas(440, 560, title)
    plot = Plot(canvas, (68, 40, 340, 340))
    plot.grid({}, _FIFTHS)
    for low, high, n, confidence, accuracy in groups:
        if not n or confidence is None or accuracy is None:
            continue
        note = f"{n:,} pictures: confidence {confidence:.1%}, accuracy {accuracy:.1%}"
        least, most = sorted((accuracy, confidence))
        _bar(canvas, plot, (low, high), (0, least), _BAR, note)
        over = accuracy < confidence
        _bar(canvas, plot, (low, high), (least, most), _OVER if over else _UNDER, note)
    diagonal = [plot.at(0, 0), plot.at(1, 1)]
    canvas.line(diagonal, "#ffffff", 2.5)
    canvas.line(diagonal, INK, 1, "4 3")
    plot.names("", "accuracy")
    canvas.text(76, 58, f"expected calibration error {error:.2%}", bold=True)
    for y, colour, text in ((66, _OVER, "too confident"), (84, _UNDER, "too modest")):
        canvas.box(76, y, 12, 12, colour)
        canvas.text(94, y + 10, text, size=SMALL)
    most = max(n for _, _, n, _, _ in groups) or 1
    marks = [mark for mark in ticks(0, most, 3) if mark == int(mark)]
    below = Plot(canvas, (68, 405, 340, 100))
    below.scale((0, 1), (0, max(marks[-1], most)))
    below.grid(_FIFTHS, {mark: f"{int(mark):,}" for mark in marks})
    for low, high, n, _, _ in groups:
        _bar(canvas, below, (low, high), (0, n), _COUNT, f"{n:,} pictures")
    below.names("confidence", "")
    canvas.text(24, 455, "pictures", anchor="middle", turned=-90)
    return canvas


def _bar(
    canvas: Canvas,
    plot: Plot,
    across: Sequence[float],
    up: Sequence[float],
    fill: str,
    note: str,
) -> None:
    (left, bottom), (right, top) = plot.at(across[0], up[0]), plot.at(across[1], up[1])
    if bottom > top:
        canvas.box(left + 0.5, top, right - left - 1, bottom - top, fill, note)
