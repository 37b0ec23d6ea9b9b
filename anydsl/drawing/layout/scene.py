"""What a drawing is made of: boxes, circles, lines and texts at their places."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.drawing.layout.lettering import clipped, width
from anydsl.language.record import Record

START, MIDDLE, END = "start", "middle", "end"

SIZES = {
    "name": 15.0,
    "head": 11.5,
    "title": 11.0,
    "text": 10.0,
    "small": 9.0,
    "sign": 13.0,
    "mark": 9.0,
    "waived": 9.0,
    "tag": 10.0,
}
"""How large texts are, by their role."""
BOLD = ("name", "head", "tag")
_MOST = 280.0


class Text(Record):
    """A line of text; `x` is where it starts, its middle or its end, `y` its base line."""

    x: float
    y: float
    text: str
    role: str
    anchor: str = MIDDLE

    def moved(self, dx: float, dy: float) -> Text:
        """The same elsewhere."""
        return self.replace(x=self.x + dx, y=self.y + dy)

    @property
    def width(self) -> float:
        """How much room it may need."""
        return measure(self.text, self.role)


class Box(Record):
    """A rectangle with round corners; `role` says what it stands for, `name` which one it is."""

    x: float
    y: float
    width: float
    height: float
    role: str
    name: str = ""
    texts: tuple[Text, ...] = ()

    def moved(self, dx: float, dy: float) -> Box:
        """The same elsewhere."""
        texts = tuple(text.moved(dx, dy) for text in self.texts)
        return self.replace(x=self.x + dx, y=self.y + dy, texts=texts)


class Line(Record):
    """A line through points, with or without a head."""

    points: tuple[tuple[float, float], ...]
    role: str = "edge"
    arrow: bool = True

    def moved(self, dx: float, dy: float) -> Line:
        """The same elsewhere."""
        return self.replace(points=tuple((x + dx, y + dy) for x, y in self.points))


Item = Text | Box | Line


class Scene(Record):
    """Items in the order in which they are drawn, and the room that they take.

    Attributes:
        frames: the boxes that hold others, drawn first; no two other boxes overlap.
    """

    width: float
    height: float
    items: tuple[Item, ...]
    frames: tuple[Box, ...] = ()

    def moved(self, dx: float, dy: float) -> Scene:
        """The same elsewhere; its size is then that of what it holds, from the origin."""
        return Scene(
            self.width + dx,
            self.height + dy,
            tuple(item.moved(dx, dy) for item in self.items),
            tuple(frame.moved(dx, dy) for frame in self.frames),
        )


def measure(text: str, role: str) -> float:
    """How wide a text of a role may get."""
    return width(text, SIZES[role], bold=role in BOLD)


def together(scenes: Iterable[Scene]) -> Scene:
    """Several scenes as one."""
    parts = list(scenes)
    return Scene(
        max((scene.width for scene in parts), default=0),
        max((scene.height for scene in parts), default=0),
        tuple(item for scene in parts for item in scene.items),
        tuple(frame for scene in parts for frame in scene.frames),
    )


def lettered(
    x: float,
    y: float,
    lines: Iterable[tuple[str, str]],
    *,
    role: str,
    name: str = "",
    least: float = 0,
    pad: float = 9,
    top: float = 5,
) -> Box:
    """A box around lines of text, each with its role, centred below each other at x; y is its top.

    Args:
        x: the middle of the box.
        y: its upper side.
        lines: text and role.
        role: of the box.
        name: of the box.
        least: how wide it is at least.
        pad: room at both sides of the text.
        top: room above and below.
    """
    given = [(clipped(text, SIZES[of], _MOST, bold=of in BOLD), of) for text, of in lines]
    wide = max([least, *(measure(text, of) + 2 * pad for text, of in given)])
    at, texts = y + top, list[Text]()
    for text, of in given:
        at += SIZES[of] * 1.32
        texts.append(Text(x, at - SIZES[of] * 0.36, text, of))
    return Box(x - wide / 2, y, wide, at - y + top, role, name, tuple(texts))
