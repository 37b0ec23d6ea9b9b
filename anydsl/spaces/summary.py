"""Drawn designs in figures: how often each value came, and what the designs cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from anydsl.design.values import spoken
from anydsl.spaces.sampling import Design

COSTS = ("params", "flops", "acts")
_BINS = 12


def costs(designs: Sequence[Design]) -> list[dict[str, Any]]:
    """Least, median and most of each cost."""
    rows: list[dict[str, Any]] = []
    for name in COSTS:
        values = [design.costs[name] for design in designs]
        middle = round(median(values))
        rows.append({"cost": name, "least": min(values), "median": middle, "most": max(values)})
    return rows


def marginals(designs: Sequence[Design]) -> dict[str, list[tuple[str, int]]]:
    """How often each value of each draw came, over all stages; many values are put in bins."""
    found: dict[str, list[Any]] = {}
    for design in designs:
        for name, value in design.draws():
            found.setdefault(name, []).append(value)
    return {name: _binned(values) for name, values in found.items()}


def _binned(values: list[Any]) -> list[tuple[str, int]]:
    counts = Counter(values)
    if any(not hasattr(value, "numerator") for value in values):
        return [(spoken(value), count) for value, count in counts.items()]
    if len(counts) <= _BINS:
        return [(spoken(value), counts[value]) for value in sorted(counts)]
    low, high = min(counts), max(counts)
    logarithmic = low > 0 and high > 16 * low
    bins: list[tuple[str, int]] = []
    edges = [_edge(low, high, place / _BINS, logarithmic) for place in range(_BINS + 1)]
    for place, (start, end) in enumerate(pairwise(edges)):
        last = place + 2 == len(edges)
        count = sum(n for value, n in counts.items() if start <= value and (value < end or last))
        bins.append((f"{start:.4g}..{end:.4g}", count))
    return bins


def _edge(low: Any, high: Any, part: float, logarithmic: bool) -> float:
    low, high = float(low), float(high)
    return low * (high / low) ** part if logarithmic else low + (high - low) * part
