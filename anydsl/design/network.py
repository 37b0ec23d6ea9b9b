"""A network as it is meant: every setting has its value, nothing of the text is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from anydsl.design.predicates import Predicate
from anydsl.design.values import BlockDef, Value
from anydsl.language.record import Record
from anydsl.language.source import Span

Settings = tuple[tuple[str, Value], ...]


class Part(Record):
    """A stem or a head: a block and the settings that it was given."""

    block: BlockDef
    settings: Settings = ()

    def get(self, key: str) -> Value | None:
        """A setting's value, None where it was not given."""
        return dict(self.settings).get(key)


class Stage(Record):
    """A stage: `d` times a block.

    Attributes:
        settings: what the block was given, by its own or through the body. A tuple has a value for
            each of the blocks. `s` is the stride of the first block.
    """

    name: str
    d: int
    block: BlockDef
    settings: Settings = ()

    def get(self, key: str) -> Value | None:
        """A setting as it was given, None where it was not."""
        return self.d if key == "d" else dict(self.settings).get(key)

    def block_settings(self, place: int) -> dict[str, Value]:
        """What the block at a place of the stage, counted from 0, is given."""
        given = {
            name: value[place] if isinstance(value, tuple) else value
            for name, value in self.settings
        }
        if self.block.param("s") is not None and not isinstance(
            dict(self.settings).get("s"), tuple
        ):
            given["s"] = given.get("s", 2) if place == 0 else 1
        return given


class Rule(Record):
    """`require` or `prefer`, with what it was said for.

    Attributes:
        kind: `require` or `prefer`.
        owner: the net or space that said it.
        inherited: whether that is an ancestor.
    """

    kind: str
    predicate: Predicate
    because: str = ""
    owner: str = ""
    inherited: bool = False
    span: Span | None = None


class Waiver(Record):
    """`waive`: a rule that is broken on purpose.

    Attributes:
        predicate: what is waived; None where it is a lint rule, by its name.
        rule: the name of that lint rule, else empty.
        owner: the net or space that said it.
        cancels: the rules, said before, that it takes back.
        inherited: whether an ancestor said it.
    """

    predicate: Predicate | None
    rule: str
    because: str
    owner: str = ""
    cancels: tuple[Rule, ...] = ()
    inherited: bool = False
    span: Span | None = None


class Network(Record):
    """A network: an input of channels x height x width, a stem, stages and a head.

    In a notebook it shows what `display` makes of it.

    Attributes:
        rules: what it has to keep, the inherited first; a waived one is not among them.
        waivers: what it breaks on purpose, the inherited first.
    """

    name: str
    input: tuple[int, int, int]
    stages: tuple[Stage, ...]
    stem: Part | None = None
    head: Part | None = None
    rules: tuple[Rule, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    doc: str = ""
    display: ClassVar[Callable[[Network], str | None] | None] = None

    def __repr__(self) -> str:
        stages = ", ".join(f"{s.name}: {s.d} {s.block.name}" for s in self.stages)
        return f"<Network {self.name}: {'x'.join(map(str, self.input))}; {stages}>"

    def _repr_html_(self) -> str | None:
        """What a notebook shows; None, for the plain text, where there is nothing to draw."""
        display = type(self).display
        return display(self) if display is not None else None

    @property
    def depth(self) -> int:
        """The number of blocks in all stages."""
        return sum(stage.d for stage in self.stages)


class Space(Record):
    """A design space: a network in which settings are free.

    Where a network has a value, a space may have a distribution of `draws`.

    Attributes:
        shared: the keys that are drawn once for all stages, on the body.
        own: by stage, the keys that it says itself, so that the body's draw does not reach it.
        blocks: by stage, the choice of blocks where the block is drawn; the stage has the first.
        generator: the settings of `stages quantized_linear`; the stages are then not known.
        scope: where each value was written, by field path such as `s2.w`.
    """

    name: str
    input: tuple[int, int, int]
    stages: tuple[Stage, ...]
    stem: Part | None = None
    head: Part | None = None
    shared: tuple[str, ...] = ()
    own: tuple[tuple[str, tuple[str, ...]], ...] = ()
    blocks: Settings = ()
    generator: tuple[tuple[str, Value], ...] = ()
    rules: tuple[Rule, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    doc: str = ""
    scope: dict[str, Span] | None = None

    def place(self, path: str) -> Span | None:
        """Where a value was written; None for a space that was never text."""
        return _nearest(path, self.scope or {})


class Resolved(Record):
    """A network and where each of its values was written.

    Attributes:
        places: by field path, such as `s2.w`, `stem`, `head.classes` or `input`.
        generator: the settings of `stages quantized_linear`, where that made the stages.
    """

    network: Network
    places: dict[str, Span]
    generator: Settings = ()

    def place(self, path: str) -> Span:
        """Where a value was written; where it was not, the nearest thing around it."""
        return _nearest(path, self.places) or self.places[""]


def _nearest(path: str, places: dict[str, Span]) -> Span | None:
    while path not in places and "." in path:
        path = path.rpartition(".")[0]
    return places.get(path) or places.get("")
