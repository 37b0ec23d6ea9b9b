"""A net by its structure: what stands where, whatever its author calls it.

The dataflow of each part is read as a series of operations and of joins, whose branches are series
again. Naming rules are written for these roles, so that `main` and `shortcut` of a residual block
are found in any block that computes one.
"""

from __future__ import annotations

from collections.abc import Sequence

from anydsl.graph.dataflow import Graph, Node
from anydsl.graph.operations import Conv
from anydsl.graph.pointwise import Activation
from anydsl.graph.pooling import AvgPoolTo
from anydsl.graph.regularizing import Dropout, DropPath
from anydsl.language.record import Record

LEARNED = ("conv", "bn", "layernorm", "layer_scale", "linear", "se")
"""The steps that hold tensors."""

_DEEPEST = 64  # joins within joins


class Irregular(Exception):
    """Branches that meet crosswise, so that they are no series of joins."""


class Step(Record):
    """An operation, or squeeze-and-excitation as one.

    Attributes:
        word: that of the operation; `act` for every activation; `se`.
        paths: of the operation; for `se` those of its two convolutions.
        k: the side of its kernel, if it is a convolution.
        depthwise: whether it is a convolution of each channel by itself.
        random: whether it only acts in training: no rule speaks of it.
    """

    word: str
    paths: tuple[str, ...]
    k: int = 1
    depthwise: bool = False
    random: bool = False


class Join(Record):
    """Values that meet: `add`, `mul` or `concat` of its branches."""

    word: str
    paths: tuple[str, ...]
    branches: tuple[Flow, ...]


Flow = tuple[Step | Join, ...]


class Residual(Record):
    """A block around its last sum, of whose branches `main` is the one that learns more.

    Attributes:
        summed: whether there is a sum; without one all of the block is `main`.
    """

    before: Flow
    main: Flow
    shortcut: Flow
    after: Flow
    summed: bool = True


class Block(Record):
    """One block of a stage.

    Attributes:
        s: the number of its stage, from 0.
        i: its place in the stage, from 0.
        j: its place in the net, from 0.
        w: the channels that it puts out.
        flow: what it computes.
    """

    s: int
    i: int
    j: int
    w: int
    flow: Flow

    def residual(self) -> Residual:
        """The block around its last sum; without one all of it is `main`."""
        for at, item in reversed(list(enumerate(self.flow))):
            if isinstance(item, Join) and item.word == "add" and len(item.branches) == 2:
                first, second = item.branches
                swapped = learned(first) < learned(second)
                main, shortcut = (second, first) if swapped else (first, second)
                return Residual(self.flow[:at], main, shortcut, self.flow[at + 1 :])
        return Residual((), self.flow, (), (), summed=False)


class Layout(Record):
    """A net as stem, blocks and head; a part that the net lacks is empty."""

    stem: Flow
    blocks: tuple[Block, ...]
    head: Flow

    @property
    def flow(self) -> Flow:
        """All of the net."""
        return (*self.stem, *(item for block in self.blocks for item in block.flow), *self.head)

    @property
    def stages(self) -> int:
        """How many stages there are."""
        return self.blocks[-1].s + 1 if self.blocks else 0


def learned(flow: Flow) -> int:
    """How many steps of a flow hold tensors, those of its branches included."""
    return sum(
        sum(map(learned, item.branches)) if isinstance(item, Join) else item.word in LEARNED
        for item in flow
    )


def read_layout(graph: Graph) -> Layout:
    """The structure of a net.

    Raises:
        Irregular: the branches of a block meet crosswise.
    """
    parts: dict[str, list[Node]] = {path: [] for path in graph.blocks if _is_part(graph, path)}
    for node in graph:
        first, *more = node.path.split(".", 2)
        parts[first if first in parts else f"{first}.{more[0]}"].append(node)
    flows: dict[str, Flow] = {}
    widths: dict[str, int] = {}
    out = graph.output
    for path, nodes in reversed(parts.items()):
        own = {node.path for node in nodes}
        outside = (source for node in nodes for source in node.inputs if source not in own)
        entry = next(outside, out)
        widths[path] = graph.shape(out)[0]
        flows[path] = _Reader(graph, nodes, entry).flow(out, entry)
        out = entry
    blocks: list[Block] = []
    names = [path for path in parts if path not in ("stem", "head")]
    for path in names:
        new = not blocks or path.partition(".")[0] != names[len(blocks) - 1].partition(".")[0]
        s, i = (blocks[-1].s, blocks[-1].i) if blocks else (-1, 0)
        place = (s + 1, 0) if new else (s, i + 1)
        blocks.append(Block(*place, len(blocks), widths[path], flows[path]))
    return Layout(flows.get("stem", ()), tuple(blocks), flows.get("head", ()))


def _is_part(graph: Graph, path: str) -> bool:
    """Whether a use of a block is a part of the net, and no block within a block."""
    first, *more = path.split(".")
    return not more or (len(more) == 1 and first not in graph.blocks)


class _Reader:
    """Reads the nodes of one part backwards, from fork to fork."""

    def __init__(self, graph: Graph, nodes: Sequence[Node], entry: str) -> None:
        self.graph = graph
        self.nodes = {node.path: node for node in nodes}
        self.above: dict[str, str] = {}  # what every way to a value leads through
        self.level = {entry: 0}
        self.read = 0
        for node in nodes:
            fork = node.inputs[0]
            for other in node.inputs[1:]:
                fork = self._common(fork, other)
            self.above[node.path] = fork
            self.level[node.path] = self.level[fork] + 1

    def _common(self, a: str, b: str) -> str:
        while a != b:
            if self.level[a] < self.level[b]:
                a, b = b, a
            a = self.above[a]
        return a

    def flow(self, out: str, entry: str, depth: int = 0) -> Flow:
        if depth > _DEEPEST:
            raise Irregular(out)
        items: list[Step | Join] = []
        while out != entry:
            self.read += 1
            if self.read > len(self.nodes):
                raise Irregular(out)
            node, fork = self.nodes[out], self.above[out]
            if len(node.inputs) == 1:
                items.append(_step(node, self.graph.shape(fork)[0]))
            else:
                branches = tuple(self.flow(source, fork, depth + 1) for source in node.inputs)
                items.append(_squeeze(Join(node.operation.word, (out,), branches)))
            out = fork
        return tuple(reversed(items))


def _step(node: Node, channels: int) -> Step:
    match node.operation:
        case Activation():
            return Step("act", (node.path,))
        case AvgPoolTo(size=(1, 1)):
            return Step("gap", (node.path,))
        case Conv() as conv:
            depthwise = conv.group_count(channels) == channels == conv.w
            return Step("conv", (node.path,), conv.k, depthwise)
        case operation:
            random = isinstance(operation, (Dropout, DropPath))
            return Step(operation.word, (node.path,), random=random)


def _squeeze(join: Join) -> Step | Join:
    """Squeeze-and-excitation as one step; any other join as it is."""
    if join.word == "mul" and () in join.branches:
        gate = max(join.branches, key=len)
        words = [item.word for item in gate if isinstance(item, Step)]
        if words == ["gap", "conv", "act", "conv", "act"] and len(words) == len(gate):
            return Step("se", (*gate[1].paths, *gate[3].paths))
    return join
