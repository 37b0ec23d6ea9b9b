"""Whatever the spec: a module that computes its shapes and behaves as modules do."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import torch
from hypothesis import given, settings
from torch import fx, nn

from anydsl.blocks.graphing import build_graph
from anydsl.blocks.measurement import measure
from anydsl.checker.engine import check_declaration, check_module
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.graph.dataflow import Graph
from anydsl.lowering.compiler import compile_network
from tests.strategies import networks

SPECS = networks(remarks=False)


def network(text: str) -> Network:
    module = Library().text(text, "spec.anynet")
    errors = [d.concise() for d in check_module(module) if d.level == "error"]
    assert not errors, "\n".join(errors)
    value = check_declaration(module, module.declared("net")[0]).value
    assert isinstance(value, Network)
    return value


class Shapes(fx.Interpreter):
    """Remembers what every node puts out."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.seen: list[tuple[int, ...]] = []

    def run_node(self, n: fx.Node) -> Any:
        out = super().run_node(n)
        if n.op.startswith("call_"):
            self.seen.append(tuple(out.shape[1:]))
        return out


def inferred(graph: Graph) -> list[tuple[int, ...]]:
    return [node.output for node in graph]


@settings(max_examples=40)
@given(SPECS)
def test_shapes_at_every_node(text: str) -> None:
    made = network(text)
    graph = build_graph(made)
    module = compile_network(made, device="meta").eval()
    shapes = Shapes(module)
    out = shapes.run(torch.empty(2, *made.input, device="meta"))
    assert shapes.seen == inferred(graph)
    assert tuple(out.shape[1:]) == graph.shape(graph.output) == measure(made).output
    assert [p.output for p in measure(made).parts][-1] == graph.shape(graph.output)


def without_inplace(module: fx.GraphModule) -> fx.GraphModule:
    changed = copy.deepcopy(module)
    for part in changed.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    return changed


@settings(max_examples=25)
@given(SPECS)
def test_the_module_behaves(text: str) -> None:
    """train, eval, state_dict, deepcopy, pickle; and writing in place changes nothing."""
    made = network(text)
    module, same, other = (compile_network(made, seed=seed) for seed in (1, 1, 2))
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    again = same.state_dict()
    assert list(state) == list(again)
    assert all(torch.equal(state[name], again[name]) for name in state)
    x = torch.randn(2, *made.input)
    before = x.clone()
    with torch.no_grad():
        expected = module.eval()(x)
        assert torch.equal(x, before)
        assert torch.equal(same.eval()(x), expected)
        other.load_state_dict(state)
        for copied in (
            other.eval(),
            copy.deepcopy(module),
            pickle.loads(pickle.dumps(module)),
            without_inplace(module),
        ):
            assert torch.equal(copied(x), expected)
        reference = without_inplace(module).train()
        torch.testing.assert_close(module.train()(x), reference(x))
        tracked = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
        assert all(m.num_batches_tracked == 1 for m in tracked)
