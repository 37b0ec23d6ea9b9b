"""A dataflow as boxes and lines."""

from __future__ import annotations

from collections.abc import Sequence

from anydsl.drawing.content.flow import Flow
from anydsl.drawing.content.labels import CHANGES, COMPUTES, FOLDED, JOINS, MOVES, Label
from anydsl.drawing.layout.lanes import Edge, Lanes, Way, arrange
from anydsl.drawing.layout.scene import SIZES, Box, Item, Line, Scene, Text, lettered, measure

GAP, TRACK = 17.0, 8.0
_BETWEEN, _CIRCLE, _LEAST = 20.0, 18.0, 76.0
_EVEN = (COMPUTES, MOVES, FOLDED)


def flowing(flow: Flow, labels: Sequence[Label], x: str, out: str) -> Scene:
    """Draw a flow from its input above to its output below.

    Args:
        flow: what is drawn.
        labels: of its steps.
        x: what is written at the input.
        out: what is written at the output.
    """
    edges: list[Edge] = []
    for n, step in enumerate(flow.steps):
        edges += [(source + 1, n + 1, operand) for operand, source in enumerate(step.inputs)]
    end = len(flow.steps) + 1
    edges.append((flow.out + 1, end, 0))
    boxes = [_words(x), *map(_box, labels), _words(out)]
    return _Drawn(arrange(edges), boxes).scene()


def _words(text: str) -> Box:
    """The shape at an end, without a frame."""
    size = SIZES["small"]
    texts = (Text(0, size, text, "small"),)
    return Box(
        -measure(text, "small") / 2, 0, measure(text, "small"), size * 1.45, "bare", "", texts
    )


def _box(label: Label) -> Box:
    if label.role == JOINS:
        sign = Text(0, _CIRCLE / 2 + SIZES["sign"] * 0.36, label.title, "sign")
        return Box(-_CIRCLE / 2, 0, _CIRCLE, _CIRCLE, JOINS, label.title, (sign,))
    lead = "small" if label.role == CHANGES else "title"
    lines = [(label.title, lead), *((line, "text") for line in label.details)]
    lines += [(label.after, "small")] if label.after else []
    top = 3 if label.role == CHANGES else 5
    least = 0 if label.role == CHANGES else _LEAST
    pad = 12 if label.role == FOLDED else 9
    return lettered(0, 0, lines, role=label.role, name=label.title, least=least, pad=pad, top=top)


class _Drawn:
    """Gives the boxes of a flow their places, and draws the ways between them."""

    def __init__(self, lanes: Lanes, boxes: list[Box]) -> None:
        self.lanes = lanes
        self.boxes = self._even(boxes)
        self.x = self._middles()
        self.tracks: dict[tuple[str, int], int] = {}
        self.counts: dict[int, int] = {}
        self._find_tracks()
        self.top, self.height = self._heights()
        for node, box in enumerate(self.boxes):
            row = lanes.rows[node]
            dy = self.top[row] + (self.height[row] - box.height) / 2
            self.boxes[node] = box.moved(self.x[lanes.lanes[node]], dy)

    def scene(self) -> Scene:
        lines: list[Item] = []
        for way in self.lanes.ways:
            lines += [self._line(way, edge) for edge in way.edges]
        right = max(
            max(box.x + box.width for box in self.boxes),
            max(x for line in lines if isinstance(line, Line) for x, _ in line.points),
        )
        last = max(self.lanes.rows.values())
        return Scene(right, self.top[last] + self.height[last], (*lines, *self.boxes))

    def _even(self, boxes: list[Box]) -> list[Box]:
        """The large boxes of a lane get one width."""
        wide: dict[int, float] = {}
        for node, box in enumerate(boxes):
            if box.role in _EVEN:
                lane = self.lanes.lanes[node]
                wide[lane] = max(wide.get(lane, 0), box.width)
        return [
            box.replace(x=-own / 2, width=own)
            if box.role in _EVEN and (own := wide[self.lanes.lanes[node]])
            else box
            for node, box in enumerate(boxes)
        ]

    def _middles(self) -> dict[int, float]:
        """The middle of each lane, from left to right."""
        half = {way.lane: 4.0 for way in self.lanes.ways}
        for node, box in enumerate(self.boxes):
            lane = self.lanes.lanes[node]
            half[lane] = max(half[lane], box.width / 2)
        middles: dict[int, float] = {}
        at = 0.0
        for lane in range(min(half), max(half) + 1):
            middles[lane] = at + half.get(lane, 0)
            at = middles[lane] + half.get(lane, 0) + _BETWEEN
        return middles

    def _find_tracks(self) -> None:
        """Level lines of one gap between rows that would run into each other get their own."""
        spans: dict[tuple[str, int], list[float]] = {}
        for way in self.lanes.ways:
            first, last = way.ends
            for kind, node in (("fork", first), ("join", last)):
                ends = {self.x[self.lanes.lanes[node]], self.x[way.lane]}
                if len(ends) == 2 and not (kind == "join" and self._beside(way, node)):
                    spans.setdefault((kind, node), []).extend(ends)
        for kind, node in sorted(spans):  # forks, and below them joins
            xs = spans[kind, node]
            gap = self.lanes.rows[node] - (kind == "join")
            near = {
                other: self.tracks[other]
                for other, at in spans.items()
                if other in self.tracks
                and self.lanes.rows[other[1]] - (other[0] == "join") == gap
                and min(xs) <= max(at) + 6
                and min(at) <= max(xs) + 6
            }
            above = [track for other, track in near.items() if other[0] != kind]
            track = max(above, default=-1) + 1
            while track in near.values():
                track += 1
            self.tracks[kind, node] = track
            self.counts[gap] = max(self.counts.get(gap, 0), track + 1)

    def _heights(self) -> tuple[dict[int, float], dict[int, float]]:
        heights: dict[int, float] = {}
        for node, box in enumerate(self.boxes):
            row = self.lanes.rows[node]
            heights[row] = max(heights.get(row, 0), box.height)
        tops: dict[int, float] = {}
        at = 0.0
        for row in sorted(heights):
            tops[row] = at
            at += heights[row] + GAP + TRACK * max(0, self.counts.get(row, 0))
        return tops, heights

    def _beside(self, way: Way, node: int) -> bool:
        """Whether a way can come to a circle from its side: nothing stands between."""
        if self.boxes[node].role != JOINS or way.lane == self.lanes.lanes[node]:
            return False
        low, high = sorted((way.lane, self.lanes.lanes[node]))
        return not any(
            self.lanes.rows[other] == self.lanes.rows[node] and low < lane < high
            for other, lane in self.lanes.lanes.items()
        )

    def _line(self, way: Way, edge: Edge) -> Line:
        source, target, _ = edge
        before, after = self.boxes[source], self.boxes[target]
        at = self.x[way.lane]
        start, end = (self.x[self.lanes.lanes[node]] for node in (source, target))
        points = [(start, before.y + before.height)]
        if start != at:
            y = self._track("fork", source)
            points += [(start, y), (at, y)]
        if end != at and self._beside(way, target):
            y = after.y + after.height / 2
            points += [(at, y), (after.x + after.width * (at > end), y)]
        else:
            if end != at:
                y = self._track("join", target)
                points += [(at, y), (end, y)]
            points.append((end, after.y))
        return Line(tuple(points))

    def _track(self, kind: str, node: int) -> float:
        row = self.lanes.rows[node] - (kind == "join")
        below = self.top[row] + self.height[row]
        return below + 7 + TRACK * self.tracks[kind, node]
