"""The tree of a graph's modules: what stands in what, reads what and gives what.

A line, a block and a stage see only values that were there before them and give one value on, so
each of them is a function of what it reads: a `Container`.
"""

from __future__ import annotations

from collections import Counter

from torch import nn

from anydsl.graph.dataflow import INPUT, Graph, Node
from anydsl.graph.operations import Torch


class Leaf:
    """One operation.

    Attributes:
        name: of its module; of a function, the name that its value is best known by.
        inputs: the paths of the values that it reads.
        output: the path of the value that it gives.
    """

    def __init__(self, name: str, node: Node, form: Torch) -> None:
        self.name = name
        self.node = node
        self.form = form
        self.inputs = node.inputs
        self.output = node.path


class Container:
    """A module of modules: a line, a block, a stage, the net.

    Attributes:
        name: under which it stands in its parent.
        path: from the net; empty for the net itself.
        items: what it computes, in order.
        inputs: the values from outside that it reads, in the order of their first use.
        output: the value that it gives on; the last one where nobody reads any.
        block: the name of the block that is used here; empty for lines, stages and the net.
        home: the nearest block around it, itself included.
    """

    def __init__(self, path: str, parent: Container | None, block: str) -> None:
        self.path = path
        self.name = path.rpartition(".")[2]
        self.parent = parent
        self.block = block
        self.items: list[Item] = []
        self.inputs: tuple[str, ...] = ()
        self.output = INPUT

    @property
    def home(self) -> Container:
        if self.block or self.parent is None:
            return self
        return self.parent.home

    def uses(self) -> Counter[str]:
        """How often each value is read here, being given on included."""
        found = Counter(path for item in self.items for path in item.inputs)
        found[self.output] += 1
        return found

    def is_chain(self) -> bool:
        """Whether it is `nn.Sequential`: each module reads what the one before gives."""
        value = self.inputs[0] if self.inputs else ""
        for item in self.items:
            if is_function(item) or tuple(item.inputs) != (value,):
                return False
            if item.name.startswith("__") or hasattr(nn.Sequential, item.name):
                return False
            value = item.output
        return bool(self.items) and value == self.output


Item = Leaf | Container


def is_function(item: Item) -> bool:
    """Whether it is a function of torch, or an operator."""
    return isinstance(item, Leaf) and not item.form.is_module


def module_tree(graph: Graph) -> Container:
    """Arrange a graph as the modules that compute it.

    Lines and blocks without a module are no containers: their operations stand in what is around.
    """
    place = {node.path: number for number, node in enumerate(graph)}
    last_use = dict(place)
    for node in graph:
        for source in node.inputs:
            last_use[source] = place[node.path]
    last_use[graph.output] = len(place)
    root = Container("", None, "")
    _fill(root, [(node.path.split("."), node) for node in graph], 0, graph, place, last_use)
    root.inputs, root.output = (INPUT,), graph.output
    return root


def _fill(
    container: Container,
    nodes: list[tuple[list[str], Node]],
    depth: int,
    graph: Graph,
    place: dict[str, int],
    last_use: dict[str, int],
) -> None:
    """Add nodes, whose paths share `depth` names, to their container."""
    start = 0
    while start < len(nodes):
        parts, node = nodes[start]
        name = parts[depth]
        if len(parts) == depth + 1:
            form = node.operation.torch(*map(graph.shape, node.inputs))
            container.items.append(Leaf(name, node, form))
            start += 1
            continue
        end = start
        while end < len(nodes) and nodes[end][0][depth] == name:
            end += 1
        path = ".".join(parts[: depth + 1])
        inner = Container(path, container, graph.blocks.get(path, ""))
        _connect(inner, [node for _, node in nodes[start:end]], place, last_use)
        _fill(inner, nodes[start:end], depth + 1, graph, place, last_use)
        if all(map(is_function, inner.items)):
            for item in inner.items:
                item.name = name if item.output == inner.output else f"{name}_{item.name}"
            container.items += inner.items
        else:
            container.items.append(inner)
        start = end


def _connect(
    container: Container, nodes: list[Node], place: dict[str, int], last_use: dict[str, int]
) -> None:
    inside = {node.path for node in nodes}
    read = [source for node in nodes for source in node.inputs if source not in inside]
    container.inputs = tuple(dict.fromkeys(read))
    container.output = nodes[-1].path
    for node in nodes:
        if last_use[node.path] > place[nodes[-1].path]:
            container.output = node.path
