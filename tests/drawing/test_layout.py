"""Where things stand: nothing on top of anything else, and every way where it belongs."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anydsl.checker.engine import check_declaration
from anydsl.design.modules import Library
from anydsl.drawing.content.flow import Flow, Step
from anydsl.drawing.content.labels import Label
from anydsl.drawing.layout.flowing import flowing
from anydsl.drawing.layout.lanes import arrange
from anydsl.drawing.layout.lettering import clipped, width, wrapped
from anydsl.drawing.layout.page import page
from anydsl.drawing.layout.pictures import picture as block_picture
from anydsl.drawing.layout.scene import SIZES, Box, Line, Scene, Text
from tests.drawing.nets import NETS, drawn, own, picture
from tests.strategies import networks

Rectangle = tuple[float, float, float, float]


def rectangle(item: Box | Text) -> Rectangle:
    if isinstance(item, Box):
        return item.x, item.y, item.x + item.width, item.y + item.height
    left = {"start": 0, "middle": item.width / 2, "end": item.width}[item.anchor]
    size = SIZES[item.role]
    return item.x - left, item.y - 0.75 * size, item.x - left + item.width, item.y + 0.2 * size


def meet(a: Rectangle, b: Rectangle, slack: float = 0.5) -> bool:
    return all(a[n] + slack < b[n + 2] and b[n] + slack < a[n + 2] for n in (0, 1))


def segments(line: Line) -> list[Rectangle]:
    spans = [(*sorted((x, u)), *sorted((y, v))) for (x, y), (u, v) in pairwise(line.points)]
    return [(left, top, right, bottom) for left, right, top, bottom in spans]


def run_together(a: Rectangle, b: Rectangle) -> bool:
    """Whether two upright or two level lines lie on each other, for more than a pixel."""
    along = [min(a[n + 2], b[n + 2]) - max(a[n], b[n]) for n in (0, 1)]
    return max(along) > 1 and min(along) > -0.1


def check(scene: Scene) -> None:
    boxes = [item for item in scene.items if isinstance(item, Box)]
    texts = [item for item in scene.items if isinstance(item, Text)]
    lines = [item for item in scene.items if isinstance(item, Line)]
    for a, b in combinations([*boxes, *texts], 2):
        assert not meet(rectangle(a), rectangle(b)), (a, b)
    for a, b in combinations(scene.frames, 2):
        assert not meet(rectangle(a), rectangle(b), 0), (a.name, b.name)
    for box in boxes:
        for text in box.texts:
            x, y, right, bottom = rectangle(text)
            assert box.x <= x + 0.01, text
            assert right <= box.x + box.width + 0.01, text
            assert box.y <= y + 1.5, text
            assert bottom <= box.y + box.height + 1.5, text
    for line in lines:
        if line.role == "zoom":
            continue
        for (x, y), (to_x, to_y) in pairwise(line.points):
            assert x == pytest.approx(to_x) or y == pytest.approx(to_y), (
                "lines are level or upright"
            )
            span = min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)
            for box in boxes:
                assert not meet(span, rectangle(box), 0.6), (line, box)
    for a, b in combinations(lines, 2):
        if a.points[0] != b.points[0] and a.points[-1] != b.points[-1]:
            assert not any(run_together(s, t) for s in segments(a) for t in segments(b)), (a, b)
    inside = scene.frames or [Box(0, 0, scene.width, scene.height, "panel")]
    for item in [*boxes, *texts]:
        x, y, right, bottom = rectangle(item)
        assert any(
            f.x <= x + 0.01
            and right <= f.x + f.width + 0.01
            and f.y <= y
            and bottom <= f.y + f.height
            for f in inside
        ), item


@pytest.mark.parametrize("net", NETS)
def test_nothing_overlaps(net: str) -> None:
    check(page(picture(net)))


def test_the_main_way_is_straight_and_the_shortcut_beside_it() -> None:
    first, second = picture("specs/classic/resnet50.anynet::ResNet50").variants
    for variant, shortcuts in ((first, 1), (second, 0)):
        boxes = [
            b for b in block_picture(variant).items if isinstance(b, Box) and b.name[1:2] == "×"
        ]
        middles = [round(box.x + box.width / 2, 3) for box in boxes]
        assert len(boxes) == 3 + shortcuts
        assert len({*middles[:3]}) == 1
        assert all(middle > middles[0] for middle in middles[3:])


def test_branches_stand_in_the_order_of_the_operands() -> None:
    (inception,) = picture(own("Inception")).variants
    scene = block_picture(inception)
    boxes = [item for item in scene.items if isinstance(item, Box) and item.role != "bare"]
    names = {box.name: box.x for box in boxes}
    order = ["1×1 conv, m", "1×1 conv, n", "1×1 conv, q", "3×3 max pool"]
    assert [names[name] for name in order] == sorted(names[name] for name in order)


def test_lanes_are_next_to_each_other() -> None:
    edges = [(0, 1, 0), (0, 2, 0), (2, 3, 0), (0, 4, 0), (0, 5, 0)]
    edges += [(1, 6, 0), (3, 6, 1), (4, 6, 2), (5, 6, 3), (6, 7, 0), (0, 7, 1)]
    found = arrange(edges)
    assert found.lanes == {0: 0, 2: 0, 3: 0, 6: 0, 7: 0, 1: -1, 4: 1, 5: 2}
    assert [way.lane for way in found.ways if len(way.nodes) == 2] == [3]


@st.composite
def dataflows(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """A graph with one source and one sink, as a block's flow is: each step has inputs above it."""
    steps = draw(st.integers(0, 9))
    inputs = [
        draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=4)) for n in range(1, steps + 1)
    ]
    used = {source for own in inputs for source in own}
    ends = [n for n in range(steps + 1) if n not in used]
    edges = [(s, n, place) for n, own in enumerate(inputs, 1) for place, s in enumerate(own)]
    return edges + [(end, steps + 1, place) for place, end in enumerate(ends)]


@given(dataflows())
def test_any_dataflow_has_rows_and_lanes(edges: list[tuple[int, int, int]]) -> None:
    found = arrange(edges)
    places = [(found.rows[node], found.lanes[node]) for node in found.rows]
    assert len(set(places)) == len(places), "each node has a place of its own"
    assert all(found.rows[source] < found.rows[target] for source, target, _ in edges)
    drawn = [edge for way in found.ways for edge in way.edges]
    assert sorted(drawn) == sorted(edges), "each edge is on one way"
    for way in found.ways:
        first, last = (found.rows[end] for end in way.ends)
        between = range(first + 1, last)
        for node, row in found.rows.items():
            if row in between and found.lanes[node] == way.lane:
                assert node in way.nodes, "a way runs through none but its own"


@given(dataflows(), st.data())
def test_any_dataflow_is_drawn(edges: list[tuple[int, int, int]], data: st.DataObject) -> None:
    end = max(target for _, target, _ in edges)
    steps: list[Step] = []
    labels: list[Label] = []
    roles = st.sampled_from(("computes", "moves", "joins", "changes", "folded"))
    for n in range(1, end):
        inputs = tuple(source - 1 for source, target, _ in edges if target == n)
        steps.append(Step(f"s{n}", (), inputs, (), (1, 1, 1)))
        role = data.draw(roles)
        title = "+" if role == "joins" else data.draw(st.sampled_from(("conv", "3×3 conv, 1024")))
        details = ("stride 2",) if role == "computes" else ()
        labels.append(Label(role, title, details))
    ends = [source for source, target, _ in edges if target == end]
    if len(ends) > 1:  # what a block puts out is one value
        steps.append(Step("out", (), tuple(n - 1 for n in ends), (), (1, 1, 1)))
        labels.append(Label("moves", "concat"))
        ends = [end]
    flow = Flow("b", (1, 1, 1), (1, 1, 1), tuple(steps), ends[0] - 1)
    check(flowing(flow, labels, "1×8×8", "64×4×4"))


def test_widths_of_texts() -> None:
    from PIL import ImageFont

    for name in ("DejaVuSans.ttf", "LiberationSans-Regular.ttf"):
        try:
            font = ImageFont.truetype(name, 100)
        except OSError:
            continue
        for text in ("3×3 conv, w/4", "groups of 16", "b = 1, g = 16, se = 0.25", "BN · ReLU"):
            assert font.getlength(text) <= width(text, 100) * 1.01
    assert width("mm", 10) > width("ii", 10)
    assert width("宽", 10) == 10


def test_texts_are_wrapped_and_clipped() -> None:
    lines = wrapped("the narrow middle is what we study " + "x" * 200, 9, 100)
    assert all(width(line, 9) <= 100 for line in lines)
    assert lines[-1].endswith("…")
    assert clipped("short", 9, 100) == "short"


@settings(max_examples=30)
@given(networks(remarks=False))
def test_any_network_is_drawn(text: str) -> None:
    module = Library().text(text, "a.anynet")
    block = module.declared("net")[0]
    check(page(drawn(check_declaration(module, block))))
