"""A page that shapes and texts are put on, as SVG that stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final
from xml.etree import ElementTree as ET

from anydsl.drawing.writers.style import FONT, INK, SOFT
from anydsl.drawing.writers.svg import legal

if TYPE_CHECKING:
    from collections.abc import Iterable

SIZE, SMALL = 12.0, 10.5
GRID = "#e4e7eb"

Point = tuple[float, float]


@final
class Canvas:
    """A white page, in pixels from its upper left corner.

    Attributes:
        width, height: of the page.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width: Final = round(width)
        self.height: Final = round(height)
        self._root: Final = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "width": str(self.width),
                "height": str(self.height),
                "viewBox": f"0 0 {self.width} {self.height}",
                "role": "img",
                "font-family": FONT,
            },
        )
        ET.SubElement(self._root, "title").text = legal(title)
        self.box(0, 0, self.width, self.height, "#ffffff")
        self.text(self.width / 2, 20, title, anchor="middle", bold=True)

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, note: str = ""
    ) -> None:
        """Put a rectangle there; `note` shows where a pointer rests on it."""
        at = {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height), "fill": fill}
        element = ET.SubElement(self._root, "rect", at)
        if note:
            ET.SubElement(element, "title").text = legal(note)

    def line(
        self, points: Iterable[Point], stroke: str, width: float = 1, dashes: str = ""
    ) -> None:
        """Put a line through the points."""
        path = "M" + " L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        look = {"fill": "none", "stroke": stroke, "stroke-width": _n(width)}
        look |= {"stroke-linejoin": "round"} | ({"stroke-dasharray": dashes} if dashes else {})
        ET.SubElement(self._root, "path", {"d": path} | look)

    def dot(self, at: Point, radius: float, fill: str) -> None:
        """Put a disc there."""
        circle = {"cx": _n(at[0]), "cy": _n(at[1]), "r": _n(radius), "fill": fill}
        ET.SubElement(self._root, "circle", circle)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        size: float = SIZE,
        fill: str = INK,
        bold: bool = False,
        turned: float = 0,
    ) -> None:
        """Put a line of text there: `y` is its base line, `turned` in degrees around the point."""
        look = {"x": _n(x), "y": _n(y), "font-size": _n(size), "fill": fill}
        look |= {"text-anchor": anchor} | ({"font-weight": "bold"} if bold else {})
        if turned:
            look["transform"] = f"rotate({_n(turned)} {_n(x)} {_n(y)})"
        ET.SubElement(self._root, "text", look).text = legal(text)

    def svg(self) -> str:
        """The page as an `svg` element."""
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="unicode") + "\n"


@final
class Plot:
    """A rectangle of the page with an axis to the right and one upwards."""

    def __init__(self, canvas: Canvas, box: tuple[float, float, float, float]) -> None:
        """Take the box (x, y, width, height) of the canvas; both axes go from 0 to 1."""
        self._canvas: Final = canvas
        self._left, self._top, self._width, self._height = box
        self._x: Point = (0, 1)
        self._y: Point = (0, 1)

    def scale(self, x: Point, y: Point) -> None:
        """Let the axes go from one number to another."""
        self._x, self._y = x, y

    def at(self, x: float, y: float) -> Point:
        """Where a point is on the page."""
        (x0, x1), (y0, y1) = self._x, self._y
        across, up = (x - x0) / (x1 - x0), (y - y0) / (y1 - y0)
        return self._left + across * self._width, self._top + (1 - up) * self._height

    def grid(self, across: dict[float, str], up: dict[float, str]) -> None:
        """Draw lines at these numbers, with what is written beside them."""
        bottom = self._top + self._height
        for number, text in up.items():
            _, y = self.at(self._x[0], number)
            self._canvas.line([(self._left, y), (self._left + self._width, y)], GRID)
            self._canvas.text(self._left - 6, y + 4, text, anchor="end", size=SMALL, fill=SOFT)
        for number, text in across.items():
            x, _ = self.at(number, self._y[0])
            self._canvas.line([(x, bottom), (x, bottom + 4)], SOFT)
            self._canvas.text(x, bottom + 17, text, anchor="middle", size=SMALL, fill=SOFT)
        self._canvas.line([(self._left, bottom), (self._left + self._width, bottom)], SOFT)

    def names(self, across: str, up: str) -> None:
        """Write what the axes are."""
        bottom, middle = self._top + self._height, self._left + self._width / 2
        self._canvas.text(middle, bottom + 36, across, anchor="middle")
        x, y = self._left - 44, self._top + self._height / 2
        self._canvas.text(x, y, up, anchor="middle", turned=-90)


def _n(value: float) -> str:
    return f"{round(value, 2):g}" if abs(value) < 1e4 else f"{value:.1f}"
