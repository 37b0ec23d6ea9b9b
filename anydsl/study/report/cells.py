"""The section on a factorial: what each principle is worth, and the cells behind that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from anydsl.study.report import tables
from anydsl.study.report.answer import cell_name
from anydsl.study.report.plots.distributions import pooled
from anydsl.study.report.plots.factorial import worths
from anydsl.study.report.wording import count, listed, percent
from anydsl.study.statistics.edf import Edf, edf
from anydsl.study.statistics.factorial import combinations_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.study.report.findings import Findings
    from anydsl.study.report.population import Population
    from anydsl.study.statistics.factorial import Broken

_LOW, _HIGH = (255, 255, 255), (240, 170, 120)


def factorial(population: Population, findings: Findings) -> dict[str, Any] | None:
    """What the template shows of a factorial; None where the study is none."""
    principles = population.factorial
    if not principles:
        return None
    analysis = findings.analysis
    shown: dict[str, Any] = {"bars": None, "anova": None, "missing": _missing(findings)}
    if analysis is not None:
        kept, broken = _pooled(population)
        n = sum(standing.n for standing in findings.standings.values())
        shown |= {
            "bars": Markup(worths(analysis)),
            "bars_note": "A principle's Shapley value is what breaking it adds to the mean error, "
            "averaged over all orders in which the principles can be broken. Lines are 95% "
            "intervals of a bootstrap over the designs of each cell; first is the probability that "
            "the value is the greatest of all. Bars are grey where the interval reaches 0.",
            "pooled": Markup(pooled(kept, broken)),
            "pooled_note": f"Each picture has all {count(n, 'design')}: one curve those that keep "
            "the principle, the other those that break it. The legend is [minimum|mean] in %, the "
            "bands hold the whole distribution with 95%.",
            "anova": tables.variance(analysis.effects),
        }
    return shown | _cells(population, findings)


def _pooled(population: Population) -> tuple[dict[str, Edf], dict[str, Edf]]:
    """The distributions of all designs that keep a principle, and of all that break it."""
    sides: tuple[dict[str, Edf], dict[str, Edf]] = {}, {}
    for principle in population.factorial:
        for side, breaks in zip(sides, (False, True), strict=True):
            own = [g for g in population.groups if (principle in population.broken(g)) == breaks]
            side[principle] = edf(np.concatenate([population.errors(name) for name in own]))
    return sides


def _cells(population: Population, findings: Findings) -> dict[str, Any]:
    """Means as a table: one half of the principles downwards, the other half across."""
    principles = population.factorial
    half = len(principles) // 2
    down, across = combinations_of(principles[:half]), combinations_of(principles[half:])
    standings = {population.broken(name): findings.standings[name] for name in population.groups}
    means = [s.mean.value for s in standings.values() if s.mean is not None]
    low, high = (min(means), max(means)) if means else (0.0, 0.0)

    def cell(broken: Broken) -> dict[str, str]:
        standing = standings.get(broken)
        if standing is None or standing.mean is None:
            return {"text": "–", "n": "no design", "colour": "#f5f7fa"}
        mean = standing.mean.value
        share = (mean - low) / (high - low) if high > low else 0.0
        return {
            "text": percent(mean),
            "n": count(standing.n, "design"),
            "colour": _between(share),
        }

    return {
        "across": [_head(columns, principles[half:]) for columns in across],
        "down": [
            (_head(rows, principles[:half]), [cell(rows | columns) for columns in across])
            for rows in down
        ],
    }


def _head(broken: Broken, of: Sequence[str]) -> str:
    """What the cells of a row or a column break, of the principles that differ there."""
    if broken:
        return f"breaks {listed(p for p in of if p in broken)}"
    return f"keeps {listed(of)}" if of else ""


def _between(share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(_LOW, _HIGH, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _missing(findings: Findings) -> str:
    if not findings.missing:
        return ""
    names = listed(cell_name(cell) for cell in findings.missing)
    return f"Cells with fewer than two designs that have an error: {names}."
