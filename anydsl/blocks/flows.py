"""Designs on their way through a network, and how their columns are parted and joined."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anydsl.blocks.columns import Numbers, Whole, column
from anydsl.design.values import Groups
from anydsl.graph.operations import Shape
from anydsl.language.builder import LARGEST
from anydsl.language.record import Record

Array = NDArray[Any]


class Flow(Record):
    """Designs on their way through the network, all with the same number of dimensions.

    Attributes:
        index: their places in the chunk, None for all of it.
        shape: what they have come to; a column has their numbers in the order of `index`.
    """

    index: Array | None
    shape: tuple[Any, ...]


def taken(value: Any, index: Array | None) -> Any:
    """A setting, or a dimension, for some of the designs only."""
    if index is None:
        return value
    match value:
        case Whole():
            return column(value.numbers[index])
        case Groups():
            return Groups(taken(value.n, index))
        case _:
            return value


def among(flow: Flow, chosen: Array) -> Flow | None:
    """The designs of a flow for which a mask is true; None if it is for none."""
    places = np.flatnonzero(chosen)
    if places.size == chosen.size:
        return flow
    if places.size == 0:
        return None
    index = places if flow.index is None else flow.index[places]
    return Flow(index, tuple(taken(dim, places) for dim in flow.shape))


def merged(flows: list[Flow], size: int) -> list[Flow]:
    """Flows as few as can be: one for each number of dimensions."""
    joined: list[Flow] = []
    for dims in sorted({len(flow.shape) for flow in flows}):
        alike = [flow for flow in flows if len(flow.shape) == dims]
        if len(alike) == 1:
            joined += alike
            continue
        indices = [np.arange(size) if flow.index is None else flow.index for flow in alike]
        shape: list[Numbers] = []
        for side in zip(*(flow.shape for flow in alike), strict=True):
            if all(isinstance(dim, int) and dim == side[0] for dim in side):
                shape.append(side[0])
                continue
            parts = [as_array(dim, len(i)) for dim, i in zip(side, indices, strict=True)]
            shape.append(column(np.concatenate(parts)))
        joined.append(Flow(np.concatenate(indices), tuple(shape)))
    return joined


def same(one: Shape, other: Shape) -> bool:
    """Whether two shapes are equal for every design."""
    return len(one) == len(other) and all(
        a is b or np.array_equal(_plain(a), _plain(b)) for a, b in zip(one, other, strict=True)
    )


def _plain(value: Numbers) -> Any:
    return value.numbers if isinstance(value, Whole) else value


def as_array(value: Numbers, size: int) -> Array:
    """A number for each of the designs."""
    if isinstance(value, Whole):
        return value.numbers
    return np.full(size, value, np.int64 if value <= LARGEST else object)


def highest(value: Numbers) -> int:
    """A number that none of them goes beyond."""
    return value.high if isinstance(value, Whole) else value
