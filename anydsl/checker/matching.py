"""Which stage of one network stands where which stage of another one does."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anydsl.blocks.measurement import PartCost
from anydsl.design.network import Stage

Placed = tuple[Stage, PartCost]
"""A stage and what was measured of it."""

_NUMBERED = re.compile(r"s\d+")


def match(left: Sequence[Placed], right: Sequence[Placed]) -> list[tuple[int | None, int | None]]:
    """Pair the stages of two networks, in their order.

    Stages that have the same names are pairs. Elsewhere as many as can be are paired so that pairs
    are as alike as possible, as in the alignment of Needleman and Wunsch (1970) without a price for
    gaps; names that were chosen count more than likeness, and names such as `s1` next to nothing.

    Returns:
        The places of the two in their networks, None for a stage that only one of them has.
    """
    if [stage.name for stage, _ in left] == [stage.name for stage, _ in right]:
        return [(place, place) for place in range(len(left))]
    rows, columns = len(left), len(right)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    alike = [[_likeness(a, b) for b in right] for a in left]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            pair = alike[i][j] + best[i + 1][j + 1]
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < rows or j < columns:
        if i == rows or (j < columns and best[i][j] == best[i][j + 1]):
            pairs.append((None, j))
            j += 1
        elif j == columns or best[i][j] == best[i + 1][j]:
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def _likeness(left: Placed, right: Placed) -> float:
    (a, a_cost), (b, b_cost) = left, right
    w, other_w = a_cost.output[0], b_cost.output[0]
    points = 1.0 + _ratio(a.d, b.d) + 2 * _ratio(w, other_w)
    points += (a.d == b.d) + (w == other_w) + (a.block.name == b.block.name)
    points += 0.25 * (a_cost.output[1:] == b_cost.output[1:])  # a stage before may have moved it
    if a.name == b.name:
        points += 0.1 if _NUMBERED.fullmatch(a.name) else 100
    return points


def _ratio(left: int, right: int) -> float:
    return min(left, right) / max(left, right)
