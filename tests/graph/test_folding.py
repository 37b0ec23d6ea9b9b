"""Which batch norms a convolution can take over."""

from __future__ import annotations

import pytest

from anydsl.blocks.graphing import build_graph
from anydsl.graph.folding import Folding, fold
from anydsl.graph.operations import Conv
from tests.design.texts import net, network

START = "s1.b1."


def folding(lines: str) -> Folding:
    text = f"block f(w, s = 1) {{ {lines} }}\n" + net("block = f\nstage s1 { d = 1, w = 8 }")
    return fold(build_graph(network(text)))


CASES = {
    "out = x -> conv(w, k = 1) -> bn -> relu": ("conv1 relu1", "bn1>conv1"),
    "out = x -> conv(w, k = 1) -> bn -> bn": ("conv1", "bn1>conv1 bn2>conv1"),
    "out = x -> conv(w, k = 1) -> dropout(0.5) -> bn": ("conv1", "bn1>conv1"),
    "out = x -> conv(w, k = 1) -> dropout(0.5)": ("conv1", ""),
    "out = x -> drop_path(0.5) -> dropout(0.5) -> relu": ("relu1", ""),
    "out = x -> dropout(0.5)": ("", ""),
    # nobody computes the same function of each channel before it
    "out = x -> bn -> conv(w, k = 1)": ("bn1 conv1", ""),
    "out = x -> conv(w, k = 1) -> relu -> bn": ("conv1 relu1 bn1", ""),
    "out = x -> conv(w, k = 1) -> maxpool(3) -> bn": ("conv1 maxpool1 bn1", ""),
    # somebody else reads what the convolution puts out
    "y = x -> conv(w, k = 1)\nout = y + (y -> bn)": ("y.conv1 bn1 add1", ""),
    "y = x -> conv(w, k = 1)\nout = y -> dropout(0.5) -> bn\nz = y -> relu": (
        "y.conv1 bn1 z.relu1",
        "",
    ),
    "y = x -> conv(w, k = 1) -> dropout(0.5)\nout = y + (y -> bn)": ("y.conv1 bn1 add1", ""),
    "out = x -> conv(w, k = 1)\nz = out -> bn": ("conv1 z.bn1", ""),
    # two norms read it
    "y = x -> conv(w, k = 1)\nout = (y -> bn) + (y -> bn)": ("y.conv1 bn1 bn2 add1", ""),
    # the norm may be read by many
    "y = x -> conv(w, k = 1) -> bn\nout = y + (y -> bn)": ("y.conv1 bn1 add1", "y.bn1>y.conv1"),
}


@pytest.mark.parametrize("lines", CASES)
def test_what_is_folded(lines: str) -> None:
    found = folding(lines)
    left, into = CASES[lines]
    assert [node.path for node in found.graph] == [START + path for path in left.split()]
    assert [f"{a}>{b}" for a, b in found.into.items()] == [
        ">".join(START + path for path in pair.split(">")) for pair in into.split()
    ]
    for node in found.graph:
        if isinstance(node.operation, Conv):
            assert node.operation.bias == (node.path in found.into.values())
            assert node.output == node.operation.shape(*map(found.graph.shape, node.inputs))


def test_the_graph_stays_and_costs_add_up() -> None:
    graph = build_graph(network(net("block = basic\nstage s1 { d = 2, w = 8 }")))
    before = graph.to_json(), graph.blocks.copy()
    found = fold(graph)
    assert (graph.to_json(), graph.blocks) == before
    assert found.graph.blocks == graph.blocks and found.graph.input == graph.input
    norms = sum(node.operation.word == "bn" for node in graph)
    assert len(found.into) == norms == 5 and len(found.graph) == len(graph) - norms
    assert found.graph.cost().params == graph.cost().params - 5 * 8  # a bias for a gain and a shift
