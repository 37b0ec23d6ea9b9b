"""Small spaces by brute force: every draw, its probability, and what is required of it."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from math import log
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy import stats

from anydsl.design.draws import Choice, LogUniform, Normal, Uniform
from anydsl.design.network import Space
from anydsl.spaces.laws import Law
from anydsl.spaces.plan import Plan
from anydsl.spaces.proposing import Proposer
from anydsl.spaces.streams import Stream


def probability(law: Law, value: Any) -> float:
    """Of one value, from the definition in the language."""
    draw = law.draw
    match draw:
        case Choice():
            return draw.values.count(value) / len(draw.values)
        case Uniform():
            return 1 / len(law.values)
        case LogUniform():
            low, high, q = (Fraction(x) for x in (draw.range.low, draw.range.high, draw.range.step))
            start = low - min(q, low / 2)
            below = max(Fraction(value) - q, start)
            return (log(value) - log(below)) / (log(high) - log(start))
        case Normal():
            low, high, q = (float(x) for x in (draw.range.low, draw.range.high, draw.range.step))
            bell = NormalDist((low + high) / 2, (high - low) / 6)
            ends = max(low, value - q / 2), min(high, value + q / 2)
            return (bell.cdf(ends[1]) - bell.cdf(ends[0])) / (bell.cdf(high) - bell.cdf(low))


def sequences(space: Space, key: str, kept: Any) -> dict[tuple[Any, ...], float]:
    """The law of a key from stage to stage, conditioned on `kept`."""
    plan = Plan(space)
    laws = [plan.law(slots[key]) for slots in plan.slots]
    weights: dict[tuple[Any, ...], float] = {}
    for values in product(*(law.values for law in laws if law is not None)):
        if kept(values):
            weights[values] = float(
                np.prod([probability(law, v) for law, v in zip(laws, values, strict=True) if law])
            )
    total = sum(weights.values())
    return {values: weight / total for values, weight in weights.items()}


def drawn(space: Space, key: str, size: int, seed: int) -> list[tuple[Any, ...]]:
    """Proposals of the sampler: the values of a key from stage to stage."""
    plan = Plan(space)
    proposer = Proposer(plan)
    stream = Stream(seed, proposer.width)
    columns = proposer.draw(stream.proposals(np.arange(size), 0, range(1)))
    found: list[list[Any]] = []
    for slots in plan.slots:
        number = slots[key].variable
        assert number is not None
        table = proposer.tables[number]
        assert table is not None
        found.append([table.values[int(place)] for place in columns[number]])
    return list(zip(*found, strict=True))


def fits(found: Counter[Any], law: dict[Any, float]) -> float:
    """The p-value of Pearson's test; rare values are put together, so that each bin is filled."""
    total = sum(found.values())
    assert not set(found) - {value for value, p in law.items() if p > 0}
    seen: list[float] = []
    expected: list[float] = []
    rest_seen = rest_expected = 0.0
    for value, p in law.items():
        if p * total >= 5:
            seen.append(found[value])
            expected.append(p * total)
        else:
            rest_seen += found[value]
            rest_expected += p * total
    if rest_expected >= 5 or not seen:
        seen.append(rest_seen)
        expected.append(rest_expected)
    elif rest_expected:
        seen[-1] += rest_seen
        expected[-1] += rest_expected
    if len(seen) < 2:
        return 1.0
    return float(stats.chisquare(seen, expected, sum_check=False).pvalue)


def alike(one: Counter[Any], other: Counter[Any]) -> float:
    """The p-value of two samples having one law."""
    values = [v for v in {*one, *other} if one[v] + other[v] >= 10]
    rest = [[sum(c[v] for v in c if v not in values)] for c in (one, other)]
    table = [[c[v] for v in values] + r for c, r in zip((one, other), rest, strict=True)]
    used = [column for column in zip(*table, strict=True) if sum(column)]
    if len(used) < 2:
        return 1.0
    return float(stats.chi2_contingency(list(zip(*used, strict=True))).pvalue)
