"""PNG, drawn from the SVG by resvg, which needs no display and no library of the system."""

from __future__ import annotations

from anydsl.drawing.content.figure import Figure
from anydsl.drawing.layout.page import page
from anydsl.drawing.layout.scene import Scene
from anydsl.drawing.writers.style import FONT
from anydsl.drawing.writers.svg import svg
from anydsl.errors import RunError

SUFFIX = ".png"

_LARGEST = 100_000_000

_LETTER = """<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20" font-family="{}">
<text y="16">{}</text></svg>"""


def write(figure: Figure, scale: float = 2) -> bytes:
    """The figure as a file; scale is how many pixels a unit of the SVG gets.

    Raises:
        RunError: the system has no font, or the picture would be too large.
    """
    return png(page(figure), figure.name, scale)


def png(drawn: Scene, title: str, scale: float) -> bytes:
    """A scene as a file.

    Raises:
        RunError: the system has no font, or the picture would be too large.
    """
    return rasterized(svg(drawn, title), (drawn.width, drawn.height), scale)


def rasterized(text: str, size: tuple[float, float], scale: float) -> bytes:
    """An SVG of this size (width, height) as a file.

    Raises:
        RunError: the system has no font, or the picture would be too large.
    """
    pixels = size[0] * size[1] * scale**2
    if pixels > _LARGEST:
        raise RunError(f"a PNG of {pixels:,.0f} pixels is too large: ask for a smaller --scale")
    if not _has_font():
        raise RunError(
            "this system has no font to write with: install one, such as DejaVu Sans "
            "(fonts-dejavu-core), or draw an .svg"
        )
    return _render(text, scale)


def _render(text: str, scale: float) -> bytes:
    import resvg_py

    return resvg_py.svg_to_bytes(svg_string=text, zoom=scale)


def _has_font() -> bool:
    """Whether a letter leaves a trace."""
    return _render(_LETTER.format(FONT, "M"), 1) != _render(_LETTER.format(FONT, ""), 1)
