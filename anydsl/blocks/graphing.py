"""A network as a dataflow graph: the same blocks, read as nodes instead of costs."""

from __future__ import annotations

from typing import Any

from anydsl.blocks.evaluator import Evaluator
from anydsl.blocks.measurement import MOST_KNOWN
from anydsl.blocks.results import Feature
from anydsl.design.network import Network
from anydsl.design.values import BlockDef, Value
from anydsl.errors import SpecError
from anydsl.graph.dataflow import INPUT, Graph, Node
from anydsl.graph.operations import Operation, Shape
from anydsl.language.diagnostics import Fault


def build_graph(network: Network) -> Graph:
    """Evaluate the blocks of a network into one graph.

    Raises:
        SpecError: its blocks don't fit together; `measurement.examine` says where in the spec.
    """
    builder = _Builder(network)
    try:
        if network.stem is not None:
            builder.append("stem", network.stem.block, dict(network.stem.settings))
        for stage in network.stages:
            for i in range(stage.d):
                builder.append(f"{stage.name}.b{i + 1}", stage.block, stage.block_settings(i), i)
                builder.place += 1
        if network.head is not None:
            builder.append("head", network.head.block, dict(network.head.settings))
    except Fault as fault:
        raise SpecError([fault.diagnostic]) from None
    builder.graph.output = builder.value
    return builder.graph


class _Builder:
    """Appends one block after the other; equal ones are evaluated once per file.

    Attributes:
        value: the path of what the last block puts out.
        place: how many blocks of stages there are already.
    """

    def __init__(self, network: Network) -> None:
        self.graph = Graph(network.name, network.input)
        self.value = INPUT
        self.place = 0
        self.depth = network.depth
        self.evaluator = Evaluator(self._record)
        self.nodes: list[Node] = []  # of the block that is being evaluated, paths from its own

    def append(self, path: str, block: BlockDef, given: dict[str, Value], i: int = 0) -> None:
        """Evaluate a block, or take it from an equal one, and add its nodes under a path."""
        shape = self.graph.shape(self.value)
        known: dict[Any, tuple[list[Node], list[tuple[str, str]], str]] = block.scope.graphs
        key = (block.name, shape, *((k, type(v), v) for k, v in given.items()))
        if key in known:
            nodes, entered, out = known[key]
            self.evaluator.count(len(nodes) + len(entered), block.span)
        else:
            self.nodes = nodes = []
            self.evaluator.entered = entered = []
            self.evaluator.placed = False
            positions = {"i": i, "j": self.place, "depth": self.depth}
            out = self.evaluator.run(block, given, Feature(shape, INPUT), "", positions).node
            if not self.evaluator.placed:
                if len(known) >= MOST_KNOWN:
                    known.clear()
                known[key] = nodes, entered, out
        x = self.value
        for node in nodes:
            inputs = tuple(x if name == INPUT else f"{path}.{name}" for name in node.inputs)
            self.graph.add(Node(f"{path}.{node.path}", node.operation, inputs, node.output))
        for inner, name in entered:
            self.graph.blocks[f"{path}.{inner}" if inner else path] = name
        self.value = x if out == INPUT else f"{path}.{out}"

    def _record(
        self, path: str, operation: Operation, inputs: tuple[Feature, ...], shape: Shape
    ) -> Feature:
        self.nodes.append(Node(path, operation, tuple(x.node for x in inputs), shape))
        return Feature(shape, path)
