"""The graph for inference: batch norm folded into convolutions, dropout gone."""

from __future__ import annotations

from anydsl.graph.dataflow import INPUT, Graph, Node
from anydsl.graph.normalizing import BatchNorm
from anydsl.graph.operations import Conv
from anydsl.graph.regularizing import Dropout, DropPath
from anydsl.language.record import Record


class Folding(Record):
    """A graph for inference, and what became of batch norms.

    Attributes:
        graph: the new graph; what is left has the path that it had.
        into: by the path of each batch norm that is gone, the convolution that does its work. A
            convolution may do that of several, in this order.
    """

    graph: Graph
    into: dict[str, str]


def fold(graph: Graph) -> Folding:
    """Fold what is fixed once a net is trained.

    A batch norm is then an affine function of each channel, and a convolution before it can do the
    same with other weights and a bias, if nobody else reads what it puts out. Dropout and drop path
    pass their values on. A batch norm that can't be folded stays.
    """
    folded = Graph(graph.name, graph.input)
    folded.blocks = dict(graph.blocks)
    value = {INPUT: INPUT}  # by the path of a value in the old graph, that of it in the new one
    own = {INPUT: False}  # whether only the next operation reads what a chain from there gives
    nodes: dict[str, Node] = {}
    into: dict[str, str] = {}
    for node in graph:
        source = node.inputs[0]
        alone = graph.users(node.path) == 1 and node.path != graph.output
        new = nodes.get(value[source])
        match node.operation:
            case Dropout() | DropPath():
                value[node.path] = value[source]
                own[node.path] = alone and own[source]
            case BatchNorm() if new and isinstance(new.operation, Conv) and own[source]:
                nodes[new.path] = new.replace(operation=new.operation.replace(bias=True))
                into[node.path] = value[node.path] = new.path
                own[node.path] = alone
            case _:
                inputs = tuple(value[path] for path in node.inputs)
                nodes[node.path] = node.replace(inputs=inputs)
                value[node.path] = node.path
                own[node.path] = alone
    for node in nodes.values():
        folded.add(node)
    folded.output = value[graph.output]
    return Folding(folded, into)
