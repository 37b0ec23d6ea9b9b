"""The blocks of a network one after the other, those that are equal taken together."""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.drawing.content.figure import Figure
from anydsl.drawing.content.flow import Flow, PlacedFlow
from anydsl.drawing.content.labels import Label, label
from anydsl.drawing.content.numbers import Numbers
from anydsl.language.record import Record


class Repeat(Record):
    """Blocks of one part that follow each other and are equal in all numbers.

    Attributes:
        part: the name of the stage; `stem` or `head` for these.
        first, last: which blocks of the stage, counted from 1.
    """

    part: str
    first: int
    last: int
    flow: Flow

    @property
    def times(self) -> int:
        """How many blocks they are."""
        return self.last - self.first + 1

    @property
    def name(self) -> str:
        """What they are called: `stem`, `s1.b1` or `s1.b2–b4`."""
        if self.part in ("stem", "head"):
            return self.part
        return f"{self.part}.b{self.first}" + (f"–b{self.last}" if self.times > 1 else "")


def repeats(figure: Figure) -> dict[str, list[Repeat]]:
    """The blocks of every part, by its name and in order."""
    found: dict[str, list[Repeat]] = {}
    for block in _all(figure):
        own = found.setdefault(block.stage, [])
        if own and own[-1].flow is block.flow:
            own[-1] = own[-1].replace(last=block.place)
        else:
            own.append(Repeat(block.stage, block.place, block.place, block.flow))
    return found


def labels(flow: Flow) -> list[Label]:
    """The labels of one block, with its own numbers."""
    numbers = Numbers([flow])
    return [label([step], numbers) for step in flow.steps]


def _all(figure: Figure) -> Iterator[PlacedFlow]:
    if figure.stem is not None:
        yield figure.stem.placed
    yield from figure.blocks
    if figure.head is not None:
        yield figure.head.placed
