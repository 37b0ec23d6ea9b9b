"""What a drawing of a network shows."""

from __future__ import annotations

from typing import Any

from anydsl.blocks.graphing import build_graph
from anydsl.blocks.measurement import Measurement, setting
from anydsl.checker.broken import broken
from anydsl.design.network import Network, Rule, Stage
from anydsl.design.values import Groups, Value, spoken
from anydsl.drawing.content.flow import PlacedFlow, flows
from anydsl.drawing.content.labels import label
from anydsl.drawing.content.numbers import Numbers, shape
from anydsl.drawing.content.variants import Variant, variants
from anydsl.language.diagnostics import WARNING
from anydsl.language.record import Record

_SHOWN = ("b", "g", "se")


class Mark(Record):
    """Something that the network breaks; `because` is why it is waived, if it is."""

    text: str
    because: str = ""
    waived: bool = False


class Run(Record):
    """Blocks in a row with one picture and one stride."""

    tag: str
    stride: int
    first: int
    last: int


class StageBox(Record):
    """A stage: its settings in lines, its blocks in runs, and what is wrong with it."""

    name: str
    block: str
    lines: tuple[str, ...]
    output: str
    runs: tuple[Run, ...]
    marks: tuple[Mark, ...]


class PartBox(Record):
    """A stem or a head, its operations line by line."""

    name: str
    block: str
    lines: tuple[str, ...]
    output: str
    placed: PlacedFlow


class Figure(Record):
    """A network as it is drawn.

    Attributes:
        doc: what its doc comment says.
        body: what the body puts out.
        marks: what it breaks as a whole.
        blocks: every block of the stages, in order.
    """

    name: str
    doc: str
    input: str
    stem: PartBox | None
    stages: tuple[StageBox, ...]
    head: PartBox | None
    marks: tuple[Mark, ...]
    variants: tuple[Variant, ...]
    blocks: tuple[PlacedFlow, ...]
    measured: Measurement

    @property
    def depth(self) -> int:
        """The number of blocks in all stages."""
        return len(self.blocks)


def figure(network: Network, measured: Measurement) -> Figure:
    """What is to be drawn of a measured network.

    Raises:
        SpecError: its blocks don't fit together.
    """
    parts = [(stage.name, stage.d) for stage in network.stages]
    parts = [("stem", 0)] * bool(network.stem) + parts + [("head", 0)] * bool(network.head)
    placed = flows(build_graph(network), parts)
    by_part: dict[str, list[PlacedFlow]] = {}
    for block in placed:
        by_part.setdefault(block.stage, []).append(block)
    blocks = [block for stage in network.stages for block in by_part[stage.name]]
    pictures, tags = variants(blocks)
    marks = _marks(network, measured)
    stages = tuple(
        StageBox(
            stage.name,
            stage.block.name,
            _settings(stage, measured),
            shape(by_part[stage.name][-1].flow.output),
            tuple(_runs(by_part[stage.name], tags)),
            tuple(sorted(marks.get(stage.name, ()), key=lambda mark: mark.waived)),
        )
        for stage in network.stages
    )
    names = {stage.name for stage in network.stages}
    others = tuple(mark for name, own in marks.items() if name not in names for mark in own)
    return Figure(
        network.name,
        network.doc,
        shape(network.input),
        _part(by_part["stem"][0]) if network.stem else None,
        stages,
        _part(by_part["head"][0]) if network.head else None,
        others,
        pictures,
        tuple(blocks),
        measured,
    )


def _part(placed: PlacedFlow) -> PartBox:
    numbers = Numbers([placed.flow])
    lines: list[str] = []
    for step in placed.flow.steps:
        of = label([step], numbers)
        lines += [", ".join([of.title, *of.details]), *([of.after] if of.after else [])]
    return PartBox(placed.stage, placed.flow.block, tuple(lines), shape(placed.flow.output), placed)


def _settings(stage: Stage, measured: Measurement) -> tuple[str, ...]:
    part = next(part for part in measured.stages if part.name == stage.name)
    widths = stage.get("w")
    w: Value = widths if isinstance(widths, tuple) else part.output[0]
    first = [f"d = {stage.d}", f"w = {_written(w)}"]
    second = [f"{k} = {_written(v)}" for k in _SHOWN if (v := setting(stage, k)) and _told(v)]
    groups = part.blocks[0].groups
    if groups is not None:
        place = next((n for n, text in enumerate(second) if text[0] == "s"), len(second))
        second.insert(place, f"groups = {groups}")
    return (", ".join(first), *([", ".join(second)] if second else []))


def _told(value: Value) -> bool:
    """Whether a setting's value is one to show: the number of groups stands for itself."""
    return not isinstance(value, Groups)


def _written(value: Value) -> str:
    if not isinstance(value, tuple):
        return spoken(value)
    items: list[str] = []
    for item in map(spoken, value):
        if not items or items[-1] != item:
            items.append(item)
    return ", ".join(items) if len(items) <= 3 else f"{items[0]}, {items[1]} … {items[-1]}"


def _runs(blocks: list[PlacedFlow], tags: dict[Any, str]) -> list[Run]:
    runs: list[Run] = []
    for block in blocks:
        tag, stride = tags[block.flow.kind], block.flow.stride
        if runs and (runs[-1].tag, runs[-1].stride) == (tag, stride):
            runs[-1] = runs[-1].replace(last=block.place)
        else:
            runs.append(Run(tag, stride, block.place, block.place))
    return runs


def _marks(network: Network, measured: Measurement) -> dict[str, list[Mark]]:
    """What the checker warns of, and what is waived, by the stage that is to blame."""
    found: dict[str, list[Mark]] = {}
    for item in broken(network, measured):
        rule, finding = item.rule, item.finding
        severity = WARNING if isinstance(rule, Rule) else finding.severity or rule.severity
        if severity != WARNING and item.waiver is None:
            continue
        text = finding.message.replace("`", "")
        because = item.waiver.because if item.waiver is not None else ""
        mark = Mark(text, because, item.waiver is not None)
        own = found.setdefault(finding.path.partition(".")[0], [])
        if mark not in own:
            own.append(mark)
    return found
