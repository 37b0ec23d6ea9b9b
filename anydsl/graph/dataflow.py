"""The dataflow graph of a network: operations as nodes, values as edges (networkx)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import networkx as nx

from anydsl.graph.operations import Cost, Operation, Shape
from anydsl.language.record import Record

INPUT = "input"


class Node(Record):
    """One operation: its path, which is the path of its module, its inputs and its output."""

    path: str
    operation: Operation
    inputs: tuple[str, ...]
    output: Shape


class Graph:
    """A directed acyclic graph from the input to one output.

    The nodes of `network` are paths, in an order in which they can be computed; each but the input
    has its `Node` as the attribute `node`. An edge's attribute `operand` is its place among the
    inputs of the operation that it leads to.

    Attributes:
        blocks: by the path of each use of a block, the block's name: `s1.b1`,
            `s1.b1.main.squeeze_excite1`.
    """

    def __init__(self, name: str, shape: Shape) -> None:
        self.name = name
        self.input = shape
        self.network: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=name)
        self.network.add_node(INPUT)
        self.output = INPUT
        self.blocks: dict[str, str] = {}

    def add(self, node: Node) -> None:
        """Append an operation whose inputs are there."""
        self.network.add_node(node.path, node=node)
        for operand, source in enumerate(node.inputs):
            self.network.add_edge(source, node.path, operand=operand)
        self.output = node.path

    def node(self, path: str) -> Node:
        """The operation at a path."""
        return self.network.nodes[path]["node"]

    def __iter__(self) -> Iterator[Node]:
        for path in self.network:
            if path != INPUT:
                yield self.node(path)

    def __len__(self) -> int:
        return len(self.network) - 1

    def shape(self, path: str) -> Shape:
        """The shape of a value."""
        return self.input if path == INPUT else self.node(path).output

    def users(self, path: str) -> int:
        """How many operands a value is."""
        return self.network.out_degree(path)

    def cost(self) -> Cost:
        """The sum over all operations."""
        total = Cost()
        for node in self:
            total += node.operation.cost(*map(self.shape, node.inputs))
        return total

    def to_json(self) -> dict[str, Any]:
        """The graph as plain data: input, nodes in order, output."""
        return {
            "name": self.name,
            "input": list(self.input),
            "nodes": [
                {
                    "path": node.path,
                    "operation": node.operation.word,
                    "settings": {
                        name: _plain(value)
                        for name in node.operation.__fields__
                        if (value := getattr(node.operation, name)) is not None
                    },
                    "inputs": list(node.inputs),
                    "output": list(node.output),
                }
                for node in self
            ],
            "output": self.output,
        }


def _plain(value: Any) -> Any:
    match value:
        case int() | str():
            return value
        case tuple():
            return list(cast("tuple[int, ...]", value))
        case _:
            return float(value)
