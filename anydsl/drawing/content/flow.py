"""The dataflow of one block in few steps: a convolution, its norm and its activation are one.

A block that is used within a block is one step as well where it is more than a chain, such as
squeeze-and-excitation, and has a flow of its own.
"""

from __future__ import annotations

from typing import Any

from anydsl.graph.catalog import OPERATIONS
from anydsl.graph.dataflow import INPUT, Graph, Node
from anydsl.graph.operations import Conv, Operation, Shape
from anydsl.graph.pointwise import Activation
from anydsl.graph.pooling import AvgPoolTo, Pool
from anydsl.graph.rearranging import Shuffle, Split
from anydsl.language.record import Record

_FOLLOWING = ("bn", "layernorm", "layer_scale", "dropout", "drop_path")
JOINING = ("add", "mul")
"""Operations that are drawn as a circle."""

X = -1
"""Where a step's input is that of the block."""


class Step(Record):
    """One box of a flow.

    Attributes:
        path: of its first operation within the block.
        operations: in order; those behind the first only change values, not shapes.
        inputs: which steps it takes, `X` for the block's input.
        took: the shapes of these.
        inner: the flow of the block that it stands for, if it stands for one.
    """

    path: str
    operations: tuple[Operation, ...]
    inputs: tuple[int, ...]
    took: tuple[Shape, ...]
    output: Shape
    inner: Flow | None = None

    @property
    def stride(self) -> int:
        """By how much it makes a picture smaller, to each side."""
        if self.inner is not None:
            return self.inner.stride
        match self.operations[0]:
            case Conv(s=s):
                return s
            case Pool(k=k, s=s):
                return s or k
            case _:
                return 1

    @property
    def kind(self) -> Any:
        """What it does, whatever the numbers."""
        if self.inner is not None:
            return self.inner.kind
        return tuple(
            op if isinstance(op, (AvgPoolTo, Split, Shuffle)) else op.word for op in self.operations
        )


class Flow(Record):
    """A block's dataflow; `out` is the step that it puts out."""

    block: str
    input: Shape
    output: Shape
    steps: tuple[Step, ...]
    out: int

    @property
    def stride(self) -> int:
        """How many pixels of the input one of the output stands for, to each side."""
        strides = {X: 1}
        for n, step in enumerate(self.steps):
            strides[n] = step.stride * max(strides[source] for source in step.inputs)
        return strides[self.out]

    @property
    def kind(self) -> Any:
        """What it computes, whatever the numbers: flows of one kind can share a picture."""
        return self.block, self.out, tuple((s.kind, s.inputs) for s in self.steps)


class PlacedFlow(Record):
    """A block of the network and its flow; `stage` is `stem` or `head` for these."""

    stage: str
    place: int
    flow: Flow


def flows(graph: Graph, parts: list[tuple[str, int]]) -> list[PlacedFlow]:
    """The flow of each block of a network, equal ones made once.

    Args:
        graph: of the network.
        parts: the names of stem, stages and head with their numbers of blocks; 0 for a stem or a
            head, whose paths have no number.
    """
    prefixes = [
        (name, max(i, 1), f"{name}.b{i}" if d else name)
        for name, d in parts
        for i in (range(1, d + 1) if d else (0,))
    ]
    owned: dict[str, list[Node]] = {prefix: [] for *_, prefix in prefixes}
    for node in graph:
        owned[_owner(node.path, owned)].append(node)
    inner: dict[str, list[tuple[str, str]]] = {prefix: [] for prefix in owned}
    for path, block in graph.blocks.items():
        prefix = _owner(path, owned)
        if path != prefix:
            inner[prefix].append((path[len(prefix) + 1 :], block))
    made: dict[Any, Flow] = {}
    found: list[PlacedFlow] = []
    out = graph.output
    for name, place, prefix in reversed(prefixes):
        nodes = owned[prefix]
        own = {node.path for node in nodes}
        x = next((i for node in nodes for i in node.inputs if i not in own), out)
        key = _relative(prefix, nodes, x, out), tuple(inner[prefix]), graph.shape(x)
        if key not in made:
            block = graph.blocks[prefix]
            made[key] = _flow(block, key[0][0], key[0][1], key[1], graph.shape(x))
        found.append(PlacedFlow(name, place, made[key]))
        out = x
    return found[::-1]


def _owner(path: str, owned: dict[str, Any]) -> str:
    """The part or the block of a stage that a path belongs to: its first word or two."""
    first, _, rest = path.partition(".")
    both = f"{first}.{rest.partition('.')[0]}"
    return both if both in owned else first


def _relative(prefix: str, nodes: list[Node], x: str, out: str) -> tuple[tuple[Node, ...], str]:
    """The nodes of a block with paths from its own, and which of them it puts out."""
    cut = len(prefix) + 1

    def own(path: str) -> str:
        return INPUT if path == x else path[cut:]

    relative = tuple(n.replace(path=own(n.path), inputs=tuple(map(own, n.inputs))) for n in nodes)
    return relative, own(out)


def _flow(
    block: str, nodes: tuple[Node, ...], out: str, inner: tuple[tuple[str, str], ...], x: Shape
) -> Flow:
    needed = _needed(nodes, out)
    return _Reader(block, [n for n in nodes if n.path in needed], out, inner, x).read()


def _needed(nodes: tuple[Node, ...], out: str) -> set[str]:
    """What the output depends on; a line that nothing uses is not drawn."""
    needed = {out}
    for node in reversed(nodes):
        if node.path in needed:
            needed.update(node.inputs)
    return needed


class _Reader:
    """Makes the steps of one block."""

    def __init__(
        self,
        block: str,
        nodes: list[Node],
        out: str,
        inner: tuple[tuple[str, str], ...],
        x: Shape,
    ) -> None:
        self.block, self.nodes, self.out, self.inner, self.x = block, nodes, out, inner, x
        self.shapes = {INPUT: x} | {n.path: n.output for n in nodes}
        self.users: dict[str, int] = dict.fromkeys(self.shapes, 0)
        for node in nodes:
            for name in node.inputs:
                self.users[name] += 1
        self.users[out] += 1
        self.steps: list[Step] = []
        self.at: dict[str, int] = {INPUT: X}  # the step that makes a value

    def read(self) -> Flow:
        folded = self._folded()
        seen: set[str] = set()
        for node in self.nodes:
            path = next((p for p in folded if node.path.startswith(f"{p}.")), "")
            if path:
                if path not in seen:
                    seen.add(path)
                    self._fold(path, *folded[path])
            elif self._follows(node):
                last = self.at[node.inputs[0]]
                step = self.steps[last]
                operations = (*step.operations, node.operation)
                self.steps[last] = step.replace(operations=operations)
                self.at[node.path] = last
            else:
                self.at[node.path] = len(self.steps)
                inputs = tuple(self.at[name] for name in node.inputs)
                took = tuple(self.shapes[name] for name in node.inputs)
                self.steps.append(Step(node.path, (node.operation,), inputs, took, node.output))
        steps, out = tuple(self.steps), self.at[self.out]
        return Flow(self.block, self.x, self.shapes[self.out], steps, out)

    def _follows(self, node: Node) -> bool:
        """Whether a norm or an activation stands right behind a step that nothing else sees."""
        source = node.inputs[0]
        if not isinstance(node.operation, Activation) and node.operation.word not in _FOLLOWING:
            return False
        at = self.at[source]
        if at == X or self.users[source] > 1 or self.steps[at].inner is not None:
            return False
        return self.steps[at].operations[0].word not in JOINING

    def _folded(self) -> dict[str, tuple[str, list[Node]]]:
        """The outermost blocks within this one that are more than a chain, by their paths."""
        found: dict[str, tuple[str, list[Node]]] = {}
        for path, block in self.inner:
            if any(path.startswith(f"{outer}.") for outer in found):
                continue
            own = [n for n in self.nodes if n.path.startswith(f"{path}.")]
            if 1 < len(own) < len(self.nodes) and self._whole(own):
                found[path] = block, own
        return found

    def _whole(self, own: list[Node]) -> bool:
        """Whether nodes take one value and put out one, and part in between."""
        paths = {n.path for n in own}
        outside = {name for n in own for name in n.inputs if name not in paths}
        taken = [name for n in own for name in n.inputs]
        out = [p for p in paths if p == self.out or self.users[p] > taken.count(p)]
        forks = any(taken.count(name) > 1 for name in taken)
        return len(outside) == 1 and len(out) == 1 and forks

    def _fold(self, path: str, block: str, own: list[Node]) -> None:
        paths = {n.path for n in own}
        x = next(name for n in own for name in n.inputs if name not in paths)
        taken = [name for n in own for name in n.inputs]
        out = next(p for p in paths if p == self.out or self.users[p] > taken.count(p))
        nodes, end = _relative(path, own, x, out)
        cut = len(path) + 1
        inner = tuple((p[cut:], b) for p, b in self.inner if p.startswith(f"{path}."))
        flow = _flow(block, nodes, end, inner, self.shapes[x])
        self.at |= dict.fromkeys(paths, len(self.steps))
        step = Step(path, (), (self.at[x],), (self.shapes[x],), self.shapes[out], flow)
        self.steps.append(step)


assert set(_FOLLOWING) <= set(OPERATIONS)
