"""SVG that stands alone: no script, no style sheet, nothing from elsewhere."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

from anydsl.drawing.content.figure import Figure
from anydsl.drawing.layout.page import page
from anydsl.drawing.layout.scene import SIZES, Box, Item, Line, Scene, Text
from anydsl.drawing.writers.style import BOXES, FONT, LINES, TEXTS

SUFFIX = ".svg"

_ILLEGAL = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARGIN = 14
_HEAD = 5.0


def write(figure: Figure, scale: float = 1) -> bytes:
    """The figure as a file."""
    del scale
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + svg(page(figure), figure.name, figure.doc)
    return text.encode()


def svg(scene: Scene, title: str, description: str = "") -> str:
    """A scene as an `svg` element on white ground."""
    wide, high = (math.ceil(size + 2 * _MARGIN) for size in (scene.width, scene.height))
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(wide),
            "height": str(high),
            "viewBox": f"0 0 {wide} {high}",
            "role": "img",
            "font-family": FONT,
        },
    )
    ET.SubElement(root, "title").text = legal(title)
    if description:
        ET.SubElement(root, "desc").text = legal(description)
    ET.SubElement(root, "rect", {"width": str(wide), "height": str(high), **BOXES["page"]})
    inner = ET.SubElement(root, "g", {"transform": f"translate({_MARGIN} {_MARGIN})"})
    for item in (*scene.frames, *scene.items):
        _item(inner, item)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def legal(text: str) -> str:
    """A text without the characters that XML can't hold."""
    return _ILLEGAL.sub("\ufffd", text)


def _item(parent: ET.Element, item: Item) -> None:
    match item:
        case Box():
            _box(parent, item)
        case Line():
            _line(parent, item)
        case Text():
            _text(parent, item)


def _box(parent: ET.Element, box: Box) -> None:
    group = parent
    if box.role != "bare":
        look = {"stroke-width": "1"} | BOXES[box.role]
        if "stroke" not in look:
            del look["stroke-width"]
        if box.role == "joins":
            at = {"cx": box.x + box.width / 2, "cy": box.y + box.height / 2, "r": box.width / 2}
            ET.SubElement(parent, "circle", _numbers(at) | look)
        else:
            at = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
            ET.SubElement(parent, "rect", _numbers(at) | look)
    for text in box.texts:
        _text(group, text)


def _text(parent: ET.Element, text: Text) -> None:
    look = {"font-size": f"{SIZES[text.role]:g}"} | TEXTS[text.role]
    if text.anchor != "start":
        look["text-anchor"] = text.anchor
    at = _numbers({"x": text.x, "y": text.y})
    ET.SubElement(parent, "text", at | look).text = legal(text.text)


def _line(parent: ET.Element, line: Line) -> None:
    points = list(line.points)
    corners: list[tuple[float, float]] = []
    if line.arrow:
        (x, y), (tip_x, tip_y) = points[-2:]
        length = math.hypot(tip_x - x, tip_y - y) or 1
        ux, uy = (tip_x - x) / length, (tip_y - y) / length
        back = (tip_x - ux * _HEAD, tip_y - uy * _HEAD)
        side = _HEAD * 0.5
        corners = [
            (tip_x, tip_y),
            (back[0] - uy * side, back[1] + ux * side),
            (back[0] + uy * side, back[1] - ux * side),
        ]
        points[-1] = back
    path = "M" + " L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    look = {"fill": "none", "stroke-linejoin": "round"} | LINES[line.role]
    ET.SubElement(parent, "path", {"d": path} | look)
    if corners:
        shape = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        ET.SubElement(parent, "polygon", {"points": shape, "fill": LINES[line.role]["stroke"]})


def _numbers(of: dict[str, float]) -> dict[str, str]:
    return {key: _n(value) for key, value in of.items()}


def _n(value: float) -> str:
    return f"{round(value, 2):g}" if abs(value) < 1e5 else f"{value:.2f}"
