"""What all plots of a report have in common: a look, colours, and SVG that fits into a page."""

from __future__ import annotations

import io
import re
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from anydsl.charts.curves import COLOURS
from anydsl.drawing.writers.style import INK, SOFT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

BLUE, RED = COLOURS[0], COLOURS[1]
GRID = "#e4e7eb"
FAINT = "#9aa5b1"
WIDTH = 9.6
"""Inches, the width of the page at 96 pixels each. Lettering is 9 points, 12 pixels."""

MOST_POINTS = 4000
"""Of more, a plot is made of pixels within its axes: as lines of SVG they would weigh too much."""

_STYLES = ("-", (0, (5, 1.6)), (0, (1.6, 1.4)), (0, (6, 1.5, 1.5, 1.5)))
_PIXELS = 144

_LOOK: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the layout is the same everywhere
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.edgecolor": "none",
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "lines.linewidth": 1.6,
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": FAINT,
    "xtick.labelcolor": SOFT,
    "xtick.labelsize": 8.5,
    "ytick.color": FAINT,
    "ytick.labelcolor": SOFT,
    "ytick.labelsize": 8.5,
}


def drawn(height: float, title: str, paint: Callable[[Any], None], width: float = WIDTH) -> str:
    """Draw a figure.

    Args:
        height: in inches.
        title: what it shows, for those who don't see it.
        paint: draws on the matplotlib figure that it is given.
        width: in inches.

    Returns:
        An `svg` element without ids of its own that clash with another figure's.
    """
    matplotlib: Any = import_module("matplotlib")
    figures: Any = import_module("matplotlib.figure")
    with matplotlib.rc_context(_LOOK | {"svg.hashsalt": title}):
        figure = figures.Figure(figsize=(width, height), layout="constrained")
        paint(figure)
        written = io.StringIO()
        figure.savefig(written, format="svg", dpi=_PIXELS)
    return _within_a_page(written.getvalue(), title, width)


_HEAD = re.compile(r"^.*?(?=<svg)", re.S)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.S)
_SVG = re.compile(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', re.S)
_ID = re.compile(r' id="([^"]*)"')
_FAMILY = re.compile(r"font-family: [^;\"]*;? ?")
_PLACES = re.compile(r' (?:x|y|d|transform|width|height)="[^"]*"')
_LONG = re.compile(r"(\.[0-9]{2})[0-9]+")


def _within_a_page(text: str, title: str, width: float) -> str:
    """The `svg` element as a part of a page: with its font, and as wide as there is room."""
    text = _METADATA.sub("", _HEAD.sub("", text)).replace("xlink:href", "href")
    used = set(re.findall(r"#([^\s\")]+)", text))
    text = _ID.sub(lambda found: found[0] if found[1] in used else "", text)
    text = _PLACES.sub(lambda found: _LONG.sub(r"\1", found[0]), _FAMILY.sub("", text))
    look = f'role="img" aria-label="{escape(title)}" style="max-width: {width * 96:.0f}px"'
    return _SVG.sub(lambda found: f'<svg viewBox="{found[1]}" {look}>', text, count=1).strip()


def looks(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A colour and a style of line for each of some groups; 28 are told apart."""
    return {
        name: {"color": COLOURS[n % len(COLOURS)], "linestyle": _STYLES[n // len(COLOURS) % 4]}
        for n, name in enumerate(names)
    }


def short(name: str, most: int = 26) -> str:
    """A name that is not longer than a legend has room for."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def shown(errors: NDArray[Any]) -> tuple[float, float]:
    """The range of errors that is worth showing, in %: without the far end of a long tail."""
    numpy: Any = import_module("numpy")
    low, high = float(errors.min()), float(errors.max())
    near, far = (float(q) for q in numpy.quantile(errors, [0.5, 0.97]))
    if high - low > 2.5 * (far - low) and far > near:
        high = far + 0.25 * (far - low)
    pad = 0.03 * (high - low) or 0.01
    return 100 * (low - pad), 100 * (high + pad)
