"""The network as one column and its body as columns of stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from anydsl.drawing.content.figure import Figure, Mark, PartBox, StageBox
from anydsl.drawing.layout.lettering import wrapped
from anydsl.drawing.layout.scene import (
    SIZES,
    START,
    Box,
    Item,
    Line,
    Scene,
    Text,
    lettered,
    measure,
)

GAP = 30.0
_WIDE, _APART, _MARK = 108.0, 44.0, 150.0
_TALLEST, _MOST_STAGES = 7, 40
_MOST_LINES = 12


def network_column(figure: Figure) -> Scene:
    """Input, stem, body, head and output, with the shapes in between."""
    stages, blocks = len(figure.stages), figure.depth
    body = [
        ("body", "head"),
        (f"{stages:,} stage{'s' * (stages != 1)}", "text"),
        (f"{blocks:,} block{'s' * (blocks != 1)}", "text"),
    ]
    last = figure.stages[-1].output if figure.stages else figure.input
    given: list[tuple[list[tuple[str, str]], str, str, str]] = []
    if figure.stem is not None:
        given.append((_part(figure.stem), "part", "stem", figure.stem.output))
    given.append((body, "body", "body", last))
    if figure.head is not None:
        given.append((_part(figure.head), "part", "head", figure.head.output))
    boxes: list[Box] = []
    y = SIZES["small"] * 1.3 + GAP * 0.7
    for lines, role, name, _ in given:
        boxes.append(lettered(0, y, lines, role=role, name=name, least=_WIDE))
        y += boxes[-1].height + GAP
    half = max(box.width for box in boxes) / 2
    boxes = [box.replace(x=-half, width=2 * half) for box in boxes]
    items: list[Item] = [Text(0, SIZES["small"], figure.input, "small")]
    items.append(Line(((0, SIZES["small"] * 1.4), (0, boxes[0].y))))
    for box, following, (*_, shape) in zip(boxes, boxes[1:], given, strict=False):
        items += _link(box, following, shape)
    end = boxes[-1].y + boxes[-1].height
    items.append(Line(((0, end), (0, end + GAP * 0.7))))
    items.append(Text(0, end + GAP * 0.7 + SIZES["small"] * 1.1, given[-1][3], "small"))
    y = end + GAP * 0.7 + SIZES["small"] * 1.3
    for mark in figure.marks:
        texts = list(_mark_texts(mark, -half, y + 6, 2 * half))
        items += texts
        y = texts[-1].y
    right = max([half, *(measure(shape, "small") + 6 for *_, shape in given)])
    return Scene(right, y + 2, (*items, *boxes)).moved(half, 0)


def _part(part: PartBox) -> list[tuple[str, str]]:
    lines = part.lines
    if len(lines) > _MOST_LINES:
        left = len(lines) - _MOST_LINES + 2
        lines = (*lines[: _MOST_LINES - 2], f"… {left} more lines", lines[-1])
    return [(part.name, "head"), *((line, "text") for line in lines)]


def body_columns(figure: Figure) -> Scene:
    """The stages, some to a column, with what is wrong beside each."""
    rows = [*_told(figure.stages)]
    high = -(-len(rows) // -(-len(rows) // _TALLEST))  # columns of one height, as near as may be
    columns = [rows[n : n + high] for n in range(0, len(rows), high)]
    items: list[Item] = []
    boxes: list[Box] = []
    x = bottom = 0.0
    before: Box | None = None
    shape = figure.stem.output if figure.stem is not None else figure.input
    for column in columns:
        wide = max(_lettered(stage, 0, 0).width for stage in column)
        marked = any(stage.marks for stage in column)
        middle = x + wide / 2
        y = SIZES["small"] * 1.3 + GAP * 0.7
        if before is None:
            items.append(Text(middle, SIZES["small"], shape, "small"))
            items.append(Line(((middle, SIZES["small"] * 1.4), (middle, y))))
        right = x + wide + (_MARK + 10 if marked else 0)
        for stage in column:
            box = _lettered(stage, middle, y).replace(x=x, width=wide)
            if before is not None:
                items += _link(before, box, shape)
                right = max(right, middle + 6 + measure(shape, "small"))
            beside = list(_beside(stage.marks, box))
            items += beside
            ends = [item.y + 3 for item in beside if isinstance(item, Text)]
            boxes.append(box)
            before, shape = box, stage.output
            y = max(box.y + box.height, *ends, 0) + GAP
        bottom = max(bottom, y - GAP)
        x = right + _APART
    assert before is not None
    end, middle = before.y + before.height, before.x + before.width / 2
    items.append(Line(((middle, end), (middle, end + GAP * 0.7))))
    at = end + GAP * 0.7 + SIZES["small"] * 1.1
    items.append(Text(middle, at, shape, "small"))
    return Scene(x - _APART, max(bottom + 12, at + 3), (*items, *boxes))


def _beside(marks: Sequence[Mark], box: Box) -> Iterator[Item]:
    """What is said of a stage, to its right and below each other."""
    x, y = box.x + box.width, box.y
    if marks:
        role = "waived" if marks[0].waived else "mark"
        at = y + SIZES[role] * 0.9
        yield Line(((x, at), (x + 8, at)), role, arrow=False)
    for mark in marks:
        texts = list(_mark_texts(mark, x + 10, y, _MARK))
        yield from texts
        y = texts[-1].y + 3


def _told(stages: Sequence[StageBox]) -> Iterator[StageBox]:
    """The stages that are shown: of very many the first and the last."""
    if len(stages) <= _MOST_STAGES:
        yield from stages
        return
    half = _MOST_STAGES // 2
    hidden = stages[half:-half]
    found = sum(not mark.waived for stage in hidden for mark in stage.marks)
    marks = (Mark(f"{found} finding{'s' * (found > 1)} among these"),) if found else ()
    yield from stages[:half]
    yield StageBox("…", "", (f"{len(hidden):,} more stages",), hidden[-1].output, (), marks)
    yield from stages[-half:]


def _lettered(stage: StageBox, x: float, y: float) -> Box:
    broken = any(not mark.waived for mark in stage.marks)
    role = "broken" if broken else "forgiven" if stage.marks else "stage"
    title = f"{stage.name}: {stage.block}" if stage.block else stage.name
    lines = [(title, "head"), *((line, "text") for line in stage.lines)]
    return lettered(x, y, lines, role=role, name=stage.name, least=_WIDE)


def _link(before: Box, after: Box, shape: str) -> Iterator[Item]:
    """The arrow from a box to the one below it or at the top of the next column."""
    x, y = before.x + before.width / 2, before.y + before.height
    to = after.x + after.width / 2
    if after.y > y:
        yield Line(((x, y), (to, after.y)))
        yield Text(x + 6, (y + after.y) / 2 + SIZES["small"] * 0.3, shape, "small", START)
        return
    between = after.x - _APART * 0.62
    low, high = y + GAP * 0.4, after.y - GAP * 0.6
    yield Line(((x, y), (x, low), (between, low), (between, high), (to, high), (to, after.y)))
    yield Text(to + 6, high + SIZES["small"] * 1.4, shape, "small", START)


def _mark_texts(mark: Mark, x: float, y: float, most: float) -> Iterator[Text]:
    role = "waived" if mark.waived else "mark"
    text = f"waived: {mark.text}: {mark.because}" if mark.waived else mark.text
    for n, line in enumerate(wrapped(text, SIZES[role], most)):
        yield Text(x, y + SIZES[role] * (1.2 + 1.25 * n), line, role, START)
