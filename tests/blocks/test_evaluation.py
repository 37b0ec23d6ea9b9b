"""What the lines of a block mean (LANGUAGE.md, section 3)."""

from __future__ import annotations

import pytest

from anydsl.blocks.graphing import build_graph
from anydsl.blocks.measurement import measure
from anydsl.graph.operations import spoken
from tests.design.texts import measured, net, network


def trace(block: str, settings: str = "", *, d: int = 1, shape: str = "8x16x16") -> list[str]:
    """The operations of the only stage, `s1.b1.` cut off: path, inputs, output."""
    text = f"{block}\n" + net(f"block = f\nstage s1 {{ d = {d}, {settings} }}", shape=shape)
    made = network(text)
    graph = build_graph(made)
    assert graph.cost() == measure(made).cost
    lines = [f"{n.path}({', '.join(n.inputs)}) {spoken(n.output)}" for n in graph]
    return [line.replace("s1.b1.", "").replace("input", "x") for line in lines]


def test_paths_are_the_readers_words() -> None:
    block = """
block f(w, s = 1) {
  main = x -> conv(w, k = 3, s = s) -> bn -> relu -> conv(w, k = 1) -> bn -> inner(4)
  shortcut = x -> conv(w, k = 1, s = s)
  out = main + shortcut -> relu -> inner(2) -> conv(w, k = 1)
}
block inner(w) {
  scale = x -> gap -> conv(w, k = 1) -> conv(x.w, k = 1)
  out = x * scale
}"""
    assert trace(block, "w = 6, s = 2") == [
        "main.conv1(x) 6x8x8",
        "main.bn1(main.conv1) 6x8x8",
        "main.relu1(main.bn1) 6x8x8",
        "main.conv2(main.relu1) 6x8x8",
        "main.bn2(main.conv2) 6x8x8",
        "main.inner1.scale.gap1(main.bn2) 6x1x1",
        "main.inner1.scale.conv1(main.inner1.scale.gap1) 4x1x1",
        "main.inner1.scale.conv2(main.inner1.scale.conv1) 6x1x1",
        "main.inner1.mul1(main.bn2, main.inner1.scale.conv2) 6x8x8",
        "shortcut.conv1(x) 6x8x8",
        "add1(main.inner1.mul1, shortcut.conv1) 6x8x8",
        "relu1(add1) 6x8x8",
        "inner1.scale.gap1(relu1) 6x1x1",
        "inner1.scale.conv1(inner1.scale.gap1) 2x1x1",
        "inner1.scale.conv2(inner1.scale.conv1) 6x1x1",
        "inner1.mul1(relu1, inner1.scale.conv2) 6x8x8",
        "conv1(inner1.mul1) 6x8x8",
    ]


def test_widths_of_any_value() -> None:
    block = """
block f(s = 1) {
  main = x -> conv(x.w * 2, k = 1, s = s)
  out = main -> conv(main.w // 3, k = 1)
}"""
    assert trace(block)[-1] == "conv1(main.conv1) 5x8x8"


def test_only_the_chosen_side_is_evaluated() -> None:
    block = """
block f(w, s = 1, c = 0) {
  way = x -> conv(w, k = 1, s = s) if c == 0 else x -> conv(w / 0, k = 1)
  more = way -> when(c > 1, conv(1 / 0, k = 1)) -> when(c == 0, relu)
  out = more if c < 5 else nothing_here(3)
}"""
    assert trace(block.replace("nothing_here(3)", "x -> plain(1 / 0)"), "w = 4") == [
        "way.conv1(x) 4x8x8",
        "more.relu1(way.conv1) 4x8x8",
    ]


def test_a_condition_binds_looser_than_an_arrow() -> None:
    block = "block f(w, s = 1) {{ out = x -> relu if {} else x -> conv(w, k = 1) -> bn }}"
    assert trace(block.format("s == 2"), "w = 4") == ["relu1(x) 8x16x16"]
    assert [t.split("(")[0] for t in trace(block.format("s == 1"), "w = 4")] == ["conv1", "bn1"]


def test_plus_binds_tighter_than_an_arrow() -> None:
    block = "block f(s = 1) { y = x -> maxpool(s)\nout = y + y -> relu }"
    assert trace(block) == [
        "y.maxpool1(x) 8x8x8",
        "add1(y.maxpool1, y.maxpool1) 8x8x8",
        "relu1(add1) 8x8x8",
    ]
    block = "block f(s = 1) { y = x -> maxpool(s)\nout = y + (y -> relu) * y }"
    assert [t.split("(")[0] for t in trace(block)] == ["y.maxpool1", "relu1", "mul1", "add1"]


def test_operations_as_parameters() -> None:
    block = """
block f(w, s = 1, act = relu, norm = bn(eps = 1e-3)) {
  out = x -> conv(w, k = 3, s = s, bias = true) -> norm -> act
}"""
    made = network(
        f"{block}\n"
        + net("block = f\nstage s1 { d = 1, w = 4 }\nstage s2 { d = 1, w = 4, act = b2 }")
        + "\nblock b2(k = 1) { out = x -> conv(2, k = k) }"
    )
    graph = build_graph(made)
    conv, norm = graph.node("s1.b1.conv1").operation, graph.node("s1.b1.bn1").operation
    assert (conv.k, conv.bias, conv.w, conv.s) == (3, True, 4, 2)  # type: ignore[attr-defined]
    assert float(norm.eps) == 1e-3  # type: ignore[attr-defined]
    assert graph.output == "s2.b1.b21.conv1"


def test_a_chain_of_operations_is_an_operation() -> None:
    block = """
block f(w, s = 1, then = relu) {
  step = conv(w, k = 1) -> bn -> then
  out = x -> maxpool(s) -> step -> step
}"""
    names = [t.split("(")[0] for t in trace(block, "w = 4")]
    assert names == ["maxpool1", "conv1", "bn1", "relu1", "conv2", "bn2", "relu2"]


def test_places() -> None:
    """i in the stage, j in the net, both from 0; called blocks inherit them."""
    text = """
block f(w, s = 1) { out = x -> maxpool(s) -> g }
block g { out = x -> conv(100 * i + 10 * j + depth, k = 1) }
"""
    with pytest.raises(AssertionError):  # parameters are never left out
        network(text + net("block = f\nstage s1 { d = 1 }"))
    text = text.replace("block g {", "block g() {").replace("f(w, s", "f(s")
    found = measured(text + net("block = f\nstage s1 { d = 2, s = 1 }\nstage s2 { d = 2, s = 1 }"))
    widths = [block.output[0] for stage in found.stages for block in stage.blocks]
    assert widths == [4, 114, 24, 134]


def test_places_in_stem_and_head() -> None:
    text = """
block stem_(w) { out = x -> conv(w + 100 * i + 10 * j + depth, k = 1) }
block head_(w) { out = x -> conv(w + 100 * i + 10 * j + depth, k = 1) }
"""
    ends = "stem { block = stem_, w = 1 }\nhead { block = head_, w = 1 }"
    made = network(text + net("block = plain\nstage s1 { d = 3, w = 4, s = 1 }", head=ends))
    assert build_graph(made).cost() == measure(made).cost
    assert measure(made).parts[0].output[0] == 4


def test_depth_is_the_nets() -> None:
    block = "block f(w, s = 1) { out = x -> conv(w * depth, k = 1, s = s) }"
    assert trace(block, "w = 4", d=3)[-1].endswith("12x8x8")


def test_defaults_see_the_parameters_before_them() -> None:
    block = "block f(w, s = 1, inner = w // 2) { out = x -> conv(inner, k = 1, s = s) }"
    assert trace(block, "w = 10") == ["conv1(x) 5x8x8"]
    assert trace(block, "w = 10, inner = 7") == ["conv1(x) 7x8x8"]


def test_constants_in_lines() -> None:
    block = (
        "taps = 5\nkind = conv(k = taps, pad = 0)\nblock f(w, s = 1) { out = x -> kind(w, s = s) }"
    )
    assert trace(block, "w = 4") == ["conv1(x) 4x6x6"]


def test_groups_meet_a_width() -> None:
    block = """
block f(w, s = 1, g) {
  out = x -> conv(16, k = 1, s = s) -> conv(w, k = 3, g = g) -> conv(w, k = 1, groups = 2)
}"""
    made = network(f"{block}\n" + net("block = f\nstage s1 { d = 1, w = 8, groups = 4 }"))
    graph = build_graph(made)
    found = [n.operation.group_count(graph.shape(n.inputs[0])[0]) for n in graph]  # type: ignore[attr-defined]
    assert found == [1, 4, 2]


def test_groups_pass_through_blocks() -> None:
    text = """
block f(w, s = 1, g) { out = x -> conv(w, k = 1, s = s) -> inner(g = g) -> inner(groups = 2) }
block inner(g) { out = x -> conv(x.w, k = 3, g = g) }
"""
    made = network(text + net("block = f\nstage s1 { d = 1, w = 8, groups = 4 }"))
    graph = build_graph(made)
    found = [n.operation.group_count(graph.shape(n.inputs[0])[0]) for n in graph]  # type: ignore[attr-defined]
    assert found == [1, 4, 2]


def test_lines_that_are_not_used_are_there_all_the_same() -> None:
    block = "block f(w, s = 1) { extra = x -> conv(w, k = 1)\nout = x -> maxpool(s) }"
    assert len(trace(block, "w = 4")) == 2


def test_blocks_that_do_nothing() -> None:
    made = network("block f(s = 1) { out = x }\n" + net("block = f\nstage s1 { d = 3 }"))
    assert len(build_graph(made)) == 0
    assert measure(made).cost.params == 0
    assert measure(made).output == (3, 32, 32)


def test_truth_values_as_parameters() -> None:
    block = """
block f(w, s = 1, wide = false) {
  out = x -> conv(2 * w if wide else w, k = 1, s = s, bias = not wide)
}"""
    assert trace(block, "w = 4, wide = true") == ["conv1(x) 8x8x8"]
    assert trace(block, "w = 4") == ["conv1(x) 4x8x8"]
    assert trace(block, "w = 4, wide = 1 < 2 and not false") == ["conv1(x) 8x8x8"]


def test_groups_are_those_of_what_the_convolution_takes() -> None:
    """Not of the operation that was computed before it."""
    block = """
block f(w, s = 1) {
  left = x -> conv(5, k = 1, s = s)
  right = x -> conv(w, k = 3, s = s, g = 4)
  out = concat(left, right)
}"""
    found = measured(f"{block}\n" + net("block = f\nstage s1 { d = 1, w = 12 }", shape="8x16x16"))
    assert found.stages[0].blocks[0].groups == 2
