"""What the errors of a study say: every number that a report has, before it is written down."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from anydsl.language.record import Record
from anydsl.study.statistics.comparison import compare, mean_interval
from anydsl.study.statistics.edf import edf, matched_weights
from anydsl.study.statistics.factorial import analyse, combinations_of
from anydsl.study.statistics.likely import likely_best

if TYPE_CHECKING:
    from anydsl.study.report.population import Population
    from anydsl.study.rows import Tally
    from anydsl.study.statistics.comparison import Comparison, Interval
    from anydsl.study.statistics.edf import Edf
    from anydsl.study.statistics.factorial import Analysis, Broken
    from anydsl.study.statistics.likely import Likely

FALSE_DISCOVERIES = 0.05
"""Of the differences that are said to be there, at most this share is not, on average."""

_MOST_PAIRS = 8
"""Of more groups not every two are compared, but each with one."""

_FEWEST = 2
"""Designs without which a group is not compared."""

_FEWEST_MATCHED = 5
"""Designs of the complexity that all groups reach, without which there is no distribution."""


class Standing(Record):
    """How a group did.

    Attributes:
        tally: how many of its trials are where.
        n: designs with an error.
        mean: with its bootstrap interval; None where there is no error, as what follows.
        minimum, median: of the errors.
        likely: the error of the best design, by the empirical bootstrap.
    """

    tally: Tally
    n: int
    mean: Interval | None = None
    minimum: float | None = None
    median: float | None = None
    likely: Likely | None = None


class Findings(Record):
    """What a report says.

    Attributes:
        standings: of each group, in the order of the study.
        distributions: of the groups that have errors.
        matched: the same under weights that make complexity alike; empty where flops don't vary,
            or where `unmatched` says why there are none.
        unmatched: why complexity can't be matched.
        comparisons: between groups, or with `against` alone.
        against: the group that all others are compared with; empty where every two are.
        analysis: the factorial's; None where there is none, or cells are missing.
        missing: cells of the factorial with fewer than two designs, by broken principles.
    """

    standings: dict[str, Standing]
    distributions: dict[str, Edf]
    matched: dict[str, Edf]
    unmatched: str
    comparisons: tuple[Comparison, ...]
    against: str
    analysis: Analysis | None
    missing: tuple[Broken, ...]

    @property
    def ranking(self) -> tuple[str, ...]:
        """The groups that have errors, the lowest mean first."""
        means = {
            name: standing.mean.value
            for name, standing in self.standings.items()
            if standing.mean is not None
        }
        return tuple(sorted(means, key=means.__getitem__))


def findings_of(population: Population) -> Findings:
    """Do the statistics of a study."""
    standings = {name: _standing(population, name) for name in population.groups}
    filled = [name for name, standing in standings.items() if standing.n]
    matched, unmatched = _matched(population, filled)
    analysis, missing = _analysis(population)
    many = [name for name in filled if standings[name].n >= _FEWEST]
    against = _reference(population, standings, many)
    return Findings(
        standings=standings,
        distributions={name: edf(population.errors(name)) for name in filled},
        matched=matched,
        unmatched=unmatched,
        comparisons=_comparisons(population, many, against),
        against=against,
        analysis=analysis,
        missing=missing,
    )


def survives(comparison: Comparison, *, paired: bool) -> bool:
    """Whether a difference is still there once false discoveries are kept rare.

    By the ranks: those of pairs where designs are paired, else those of both groups together.
    """
    test = comparison.wilcoxon if paired else comparison.mann_whitney
    return test is not None and test.q < FALSE_DISCOVERIES


def _standing(population: Population, name: str) -> Standing:
    errors, tally = population.errors(name), population.tallies[name]
    if not errors.size:
        return Standing(tally, 0)
    return Standing(
        tally,
        int(errors.size),
        mean_interval(errors),
        float(errors.min()),
        float(np.median(errors)),
        likely_best(errors, errors),
    )


def _reference(population: Population, standings: dict[str, Standing], many: list[str]) -> str:
    """The group that the others are compared with: what keeps all principles, or the best."""
    if population.factorial:
        kept = next((name for name in many if not population.broken(name)), "")
        if kept:
            return kept
    if len(many) <= _MOST_PAIRS:
        return ""

    def mean(name: str) -> float:
        found = standings[name].mean
        return np.inf if found is None else found.value

    return min(many, key=mean)


def _comparisons(population: Population, many: list[str], against: str) -> tuple[Comparison, ...]:
    if len(many) < _FEWEST:
        return ()
    if not population.paired:
        return compare({n: population.errors(n) for n in many}, against=against or None)
    errors = {name: population.aligned(name) for name in many}
    pairs = [(against, n) for n in many] if against else list(combinations(many, 2))
    for one, other in pairs:  # an unfinished study may have too few partners
        if np.isfinite(errors[one] + errors[other]).sum() < _FEWEST:
            return ()
    return compare(errors, paired=True, against=against or None)


def _matched(population: Population, filled: list[str]) -> tuple[dict[str, Edf], str]:
    """Distributions under complexity-matched weights, or why there are none."""
    if population.factorial:  # its cells were drawn at the same flops
        return {}, ""
    flops = {
        name: np.array([d.first.flops for d in population.designs[name]], dtype=np.float64)
        for name in filled
    }
    if len(filled) < _FEWEST or np.ptp(np.concatenate(list(flops.values()))) == 0:
        return {}, ""
    if min(float(of.min()) for of in flops.values()) <= 0:
        return {}, "a design has no multiply-adds"
    try:
        weights = matched_weights(list(flops.values()))
    except ValueError as error:
        return {}, str(error)
    if min(int((weight > 0).sum()) for weight in weights) < _FEWEST_MATCHED:
        return {}, f"some group has fewer than {_FEWEST_MATCHED} designs at flops that all reach"
    return {
        name: edf(population.errors(name), weight)
        for name, weight in zip(filled, weights, strict=True)
    }, ""


def _analysis(population: Population) -> tuple[Analysis | None, tuple[Broken, ...]]:
    principles = population.factorial
    if not principles:
        return None, ()
    errors = population.aligned if population.paired else population.errors
    cells = {population.broken(name): errors(name) for name in population.groups}
    empty = np.array([], dtype=np.float64)
    missing = tuple(
        cell
        for cell in combinations_of(principles)
        if np.isfinite(cells.get(cell, empty)).sum() < _FEWEST
    )
    if missing:
        return None, missing
    if population.paired and np.isfinite(np.stack(list(cells.values()))).all(0).sum() < _FEWEST:
        return analyse({b: population.errors(n) for n, b in _names(population)}, principles), ()
    return analyse(cells, principles, paired=population.paired), ()


def _names(population: Population) -> list[tuple[str, Broken]]:
    return [(name, population.broken(name)) for name in population.groups]
