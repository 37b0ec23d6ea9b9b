"""The stages as rows of blocks: one column for all stages that are built alike."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from anydsl.drawing.content.figure import StageBox
from anydsl.drawing.layout.lettering import clipped
from anydsl.drawing.layout.scene import SIZES, Box, Item, Line, Scene, Text, lettered, measure

_GAP, _APART, _WIDE, _TAG = 22.0, 26.0, 88.0, 20.0
_MOST, _MOST_RUNS, _IN_ROW = 12, 6, 4

Built = tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]
"""The names of stages, and tag, place and stride of each run of blocks."""


def stage_columns(stages: Sequence[StageBox]) -> Scene:
    """How each sort of stage is put together."""
    sorts = _sorts(stages)
    items: list[Item] = []
    x = y = right = 0.0
    low = 0.0
    many = min(len(sorts), _MOST)
    in_row = -(-many // -(-many // _IN_ROW))
    for n, (names, runs) in enumerate(sorts[:_MOST]):
        if n and n % in_row == 0:
            x, y = 0.0, low + _APART
        column = _column(names, runs).moved(x, y)
        items += column.items
        low, right = max(low, column.height), max(right, column.width)
        x = column.width + _APART
    if len(sorts) > _MOST:
        low += 16
        items.append(Text(right / 2, low, f"{len(sorts) - _MOST} more sorts of stages", "small"))
    return Scene(right, low, tuple(items))


def _sorts(stages: Sequence[StageBox]) -> list[Built]:
    """Stages by what they are made of; one block and any number of others are one sort."""
    found: dict[tuple[object, ...], list[StageBox]] = {}
    for stage in sorted(stages, key=lambda stage: len(stage.runs) != 2):
        runs, first = stage.runs, stage.runs[0]
        key: tuple[object, ...] = runs
        if len(runs) <= 2 and first.last == 1:
            tags = tuple(run.tag for run in runs)
            key = next((other for other in found if other[: len(tags)] == tags), tags)
        elif len(runs) < 2:
            key = ("all", first.tag)
        found.setdefault(key, []).append(stage)
    order = {stage.name: place for place, stage in enumerate(stages)}
    sorts = [sorted(own, key=lambda stage: order[stage.name]) for own in found.values()]
    return [_sort(own) for own in sorted(sorts, key=lambda own: order[own[0].name])]


def _sort(own: list[StageBox]) -> Built:
    """What stages of a sort have in common; depths and strides that differ are left open."""
    runs = max((stage.runs for stage in own), key=len)
    same_depth = len({stage.runs[-1].last for stage in own}) == 1
    told: list[tuple[str, str, str]] = []
    for n, run in enumerate(runs):
        last = str(run.last) if same_depth or n < len(runs) - 1 else "d"
        between = "and" if last == str(run.first + 1) else "…"
        alone = last == str(run.first)
        blocks = f"block {last}" if alone else f"blocks {run.first} {between} {last}"
        strides = sorted({stage.runs[n].stride for stage in own if n < len(stage.runs)})
        stride = "" if strides == [1] else f"stride {' or '.join(map(str, strides))}"
        told.append((run.tag, blocks, stride))
    return tuple(stage.name for stage in own), tuple(told)


def _column(names: tuple[str, ...], runs: tuple[tuple[str, str, str], ...]) -> Scene:
    shown = names if len(names) <= 4 else (names[0], names[1], "…", names[-1])
    heading = clipped(", ".join(shown).replace(", …,", " …"), SIZES["head"], 150, bold=True)
    boxes: list[Box] = []
    items: list[Item] = []
    y = SIZES["head"] * 1.3 + _GAP * 0.8
    if len(runs) > _MOST_RUNS:
        between = ("", f"{len(runs) - _MOST_RUNS + 1} more", "")
        runs = (*runs[: _MOST_RUNS - 2], between, runs[-1])
    for letter, blocks, stride in runs:
        lines = [(blocks, "title"), *([(stride, "text")] if stride else [])]
        box = lettered(0, y, lines, role="block", name=letter, least=_WIDE)
        if letter:
            items.append(tag(box.x - _TAG - 3, y + box.height / 2 - 8, letter))
        boxes.append(box)
        y += box.height + _GAP
    half = max(max(box.width for box in boxes), measure(heading, "head")) / 2
    items.append(Text(0, SIZES["head"], heading, "head"))
    items.append(Line(((0, SIZES["head"] * 1.4), (0, boxes[0].y))))
    for box, following in pairwise(boxes):
        items.append(Line(((0, box.y + box.height), (0, following.y))))
    end = boxes[-1].y + boxes[-1].height
    items.append(Line(((0, end), (0, end + _GAP * 0.8))))
    scene = Scene(half, end + _GAP * 0.8, (*items, *boxes))
    return scene.moved(half + _TAG + 3, 0)


def tag(x: float, y: float, letter: str) -> Box:
    """The sign of a picture of a block."""
    wide = max(_TAG - 4, measure(letter, "tag") + 6)
    text = Text(x + wide / 2, y + 12, letter, "tag")
    return Box(x, y, wide, 16, "tag", letter, (text,))
