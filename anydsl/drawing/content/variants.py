"""The pictures that the blocks of a network need: one for all that differ in numbers only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from anydsl.drawing.content.flow import Flow, PlacedFlow
from anydsl.drawing.content.labels import Label, label
from anydsl.drawing.content.numbers import Numbers, several, shape
from anydsl.language.record import Record

_MOST_ROWS = 12


class Variant(Record):
    """A dataflow that some blocks share.

    Attributes:
        tag: its letter; empty for a block that is used within blocks.
        flow: of the first of these blocks.
        uses: where they stand: `s1.1, s2.1`.
        labels: of the steps.
        x, out: the shapes at both ends.
        legend: what the symbols stand for: a heading, then a row for each stage.
        symbols: the words of its labels that stand for numbers which differ from block to block.
    """

    tag: str
    flow: Flow
    uses: str
    labels: tuple[Label, ...]
    x: str
    out: str
    legend: tuple[tuple[str, ...], ...] = ()


def variants(blocks: Sequence[PlacedFlow]) -> tuple[tuple[Variant, ...], dict[Any, str]]:
    """The pictures of blocks of stages, and by the kind of a flow the letter of its picture.

    Blocks within blocks come behind those that use them first.
    """
    by_kind: dict[Any, list[PlacedFlow]] = {}
    for block in blocks:
        by_kind.setdefault(block.flow.kind, []).append(block)
    tags = {kind: _letters(n) for n, kind in enumerate(by_kind)}
    found = [_variant(tags[kind], placed) for kind, placed in by_kind.items()]
    inner: dict[Any, list[PlacedFlow]] = {}
    for block in blocks:
        for flow in within(block.flow):
            inner.setdefault(flow.kind, []).append(block.replace(flow=flow))
    found += [_variant("", placed) for placed in inner.values()]
    return tuple(found), tags


def places(blocks: Sequence[PlacedFlow]) -> list[tuple[str, str]]:
    """Where blocks stand: each stage, and its blocks as `1`, `2–4`."""
    numbers: dict[str, list[int]] = {}
    for block in blocks:
        numbers.setdefault(block.stage, []).append(block.place)
    return [(stage, ", ".join(_runs(sorted(set(own))))) for stage, own in numbers.items()]


def _variant(tag: str, placed: Sequence[PlacedFlow]) -> Variant:
    members = list(dict.fromkeys(block.flow for block in placed))
    numbers = Numbers(members)
    x, out = numbers.ends()
    steps = zip(*(flow.steps for flow in members), strict=True)
    labels = tuple(label(same, numbers) for same in steps)
    uses = ", ".join(
        stage if stage in ("stem", "head") else f"{stage}.{own}" for stage, own in places(placed)
    )
    legend = () if numbers.agree else tuple(_legend(placed, members, numbers))
    return Variant(tag, members[0], uses, labels, x, out, legend)


def _legend(
    placed: Sequence[PlacedFlow], members: list[Flow], numbers: Numbers
) -> Iterator[tuple[str, ...]]:
    at = {flow: n for n, flow in enumerate(members)}
    alike = all(flow.input == flow.output for flow in members)
    ends = ("x and out",) if alike else ("x", "out")
    yield "block", *ends, *numbers.symbols
    stages: dict[str, list[PlacedFlow]] = {}
    for block in placed:
        stages.setdefault(block.stage, []).append(block)
    rows = list(stages.items())
    for stage, blocks in rows if len(rows) <= _MOST_ROWS else rows[: _MOST_ROWS - 1]:
        name = stage if stage in ("stem", "head") else f"{stage}.{places(blocks)[0][1]}"
        of = [at[block.flow] for block in blocks]
        shapes = [_shapes([members[n].input for n in of])]
        shapes += [] if alike else [_shapes([members[n].output for n in of])]
        symbols = (several([values[n] for n in of]) for values in numbers.symbols.values())
        yield name, *shapes, *symbols
    if len(rows) > _MOST_ROWS:
        blank = [""] * (len(ends) + len(numbers.symbols))
        yield f"… {len(rows) - _MOST_ROWS + 1} more stages", *blank


def _shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    unique = list(dict.fromkeys(shapes))
    if len(unique) == 1 or len({s[1:] for s in unique}) > 1:
        return " … ".join(map(shape, [unique[0], unique[-1]][: len(unique)]))
    return "×".join([f"({several([s[0] for s in unique])})", *map(str, unique[0][1:])])


def within(flow: Flow) -> Iterator[Flow]:
    """The blocks that are used within a block."""
    for step in flow.steps:
        if step.inner is not None:
            yield step.inner
            yield from within(step.inner)


def _runs(numbers: Sequence[int]) -> Iterator[str]:
    start = last = numbers[0]
    for n in [*numbers[1:], 0]:
        if n == last + 1:
            last = n
            continue
        yield str(start) if start == last else f"{start}–{last}"
        start = last = n


def _letters(n: int) -> str:
    """A, B, …, Z, AA, AB and so on."""
    return (_letters(n // 26 - 1) if n >= 26 else "") + chr(ord("A") + n % 26)
