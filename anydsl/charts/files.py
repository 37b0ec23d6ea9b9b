"""Charts as files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anydsl.drawing.registry import save
from anydsl.errors import UsageError

if TYPE_CHECKING:
    from anydsl.charts.canvas import Canvas

FORMS = (".svg", ".png")
_SCALE = 2.0


def check(path: str, flag: str) -> str:
    """Return the form that a path's suffix names.

    Raises:
        UsageError: it names none, or its folder is not there.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in FORMS:
        raise UsageError(f"{flag} {path}: a chart is one of {', '.join(FORMS)}")
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise UsageError(f"{flag} {path}: there is no folder {os.path.dirname(path)}")
    return suffix


def write(chart: Canvas, path: str) -> None:
    """Write a chart in the form that the suffix names, SVG or PNG.

    Raises:
        RunError: it is to be a PNG, and the system has no font.
        UsageError: it can't be written.
    """
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + chart.svg()
    if path.lower().endswith(".svg"):
        save(text.encode(), path)
        return
    from anydsl.drawing.writers.png import rasterized

    save(rasterized(chart.svg(), (chart.width, chart.height), _SCALE), path)
