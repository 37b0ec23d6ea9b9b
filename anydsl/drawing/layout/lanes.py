"""A small dataflow in rows and lanes.

The longest way from the input to the output is one straight lane; every other way leaves it, runs
down a lane of its own and comes back, to the left or the right by its place among the operands.
That is how the literature draws blocks: the shortcut beside the convolutions, branches in order.
General layered layouts (Sugiyama's, as graphviz has it) bend the main way to balance both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import cast

import networkx as nx

from anydsl.language.record import Record

Edge = tuple[int, int, int]
"""From a node to a node, as its operand of that place."""


class Way(Record):
    """A chain of nodes from one that is placed to another, both included, in one lane."""

    nodes: tuple[int, ...]
    edges: tuple[Edge, ...]
    lane: int = 0

    @property
    def ends(self) -> tuple[int, int]:
        """The nodes that it leaves and comes back to."""
        return self.nodes[0], self.nodes[-1]


class Lanes(Record):
    """Rows of nodes, counted from 0 at the top, and lanes of ways, 0 the main one."""

    rows: dict[int, int]
    lanes: dict[int, int]
    ways: tuple[Way, ...]


def arrange(edges: Sequence[Edge]) -> Lanes:
    """Give nodes their rows and lanes.

    Args:
        edges: of an acyclic graph with one source and one sink.
    """
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for source, target, operand in edges:
        graph.add_edge(source, target, key=operand)
    rows: dict[int, int] = {}
    for row, nodes in enumerate(nx.topological_generations(graph)):
        rows |= dict.fromkeys(nodes, row)
    main, *others = _ways(graph)
    for way in others:
        _spread(way, rows, graph)
    placed = _placed(main, others, rows)
    lanes = dict.fromkeys(main.nodes, 0)
    lanes |= {node: way.lane for way in placed for node in way.nodes[1:-1]}
    return Lanes(rows, lanes, (main, *placed))


def _ways(graph: nx.MultiDiGraph[int]) -> Iterator[Way]:
    """The longest way through what is left, until every edge is on one."""
    left = graph.copy()
    known: set[int] = set()
    while left.number_of_edges():
        nodes = _longest(left, known)
        edges: list[Edge] = []
        for source, target in pairwise(nodes):
            operand = min(cast("dict[int, object]", left[source][target]))
            left.remove_edge(source, target, key=operand)
            edges.append((source, target, operand))
        known.update(nodes)
        yield Way(tuple(nodes), tuple(edges))


def _longest(left: nx.MultiDiGraph[int], known: set[int]) -> list[int]:
    """The longest way that has nodes which are placed at its ends only."""
    best: dict[int, list[int]] = {}
    found: list[int] = []
    for node in nx.topological_sort(left):
        before = [best[p] if p not in known else [p] for p in left.predecessors(node)]
        way = [*max(before, key=len), node] if before else [node]
        best[node] = way
        if (node in known or not known) and len(way) > max(1, len(found)):
            found = way
    return found


def _spread(way: Way, rows: dict[int, int], graph: nx.MultiDiGraph[int]) -> None:
    """Centre the nodes of a plain chain between its ends."""
    first, last = (rows[end] for end in way.ends)
    inner = way.nodes[1:-1]
    if any(graph.degree(node) != 2 for node in inner):
        return
    room = last - first - 1 - len(inner)
    for n, node in enumerate(inner):
        rows[node] = first + 1 + n + room // 2


def _placed(main: Way, others: list[Way], rows: dict[int, int]) -> list[Way]:
    """Each way in the nearest lane of its side that is free from its first row to its last."""
    operand = {target: of for _, target, of in main.edges}
    lane = dict.fromkeys(main.nodes, 0)
    taken: dict[int, list[tuple[int, int]]] = {0: [(-1, max(rows.values()) + 1)]}
    waiting = list(others)
    placed: list[Way] = []
    while waiting:
        ready = [way for way in waiting if all(end in lane for end in way.ends)]
        way = min(ready, key=lambda way: _nearness(way, rows, operand))
        waiting.remove(way)
        first, last = (rows[end] for end in way.ends)
        _, target, of = way.edges[-1]
        side = -1 if of < operand.get(target, of) else 1
        at = side * max(0, *(side * lane[end] for end in way.ends)) + side
        while any(a < last and first < b for a, b in taken.get(at, ())):
            at += side
        taken.setdefault(at, []).append((first, last))
        lane.update(dict.fromkeys(way.nodes[1:-1], at))
        operand.update({t: o for _, t, o in way.edges[:-1]})
        placed.append(way.replace(lane=at))
    return placed


def _nearness(way: Way, rows: dict[int, int], operand: dict[int, int]) -> tuple[int, int]:
    """Short ways go next to the main one, and branches that meet go in the order of operands."""
    first, last = (rows[end] for end in way.ends)
    _, target, of = way.edges[-1]
    return last - first, abs(of - operand.get(target, of))
