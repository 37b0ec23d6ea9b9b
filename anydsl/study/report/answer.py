"""The answer of a study in sentences, each with how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.study.report.findings import FALSE_DISCOVERIES, survives
from anydsl.study.report.wording import count, ends, interval, likely, listed, percent, points
from anydsl.study.statistics.comparison import Interval

if TYPE_CHECKING:
    from anydsl.study.report.findings import Findings
    from anydsl.study.report.population import Population
    from anydsl.study.statistics.comparison import Comparison
    from anydsl.study.statistics.factorial import Analysis, Broken

PRINCIPLES = {
    "b": "one bottleneck ratio",
    "g": "one group width",
    "w": "widths that don't fall",
    "d": "depths that don't fall",
}
"""What the letters of a factorial keep."""

_SURE = 0.95


def answer(population: Population, findings: Findings) -> tuple[str, ...]:
    """What the study says, the most important sentence first."""
    whole = population.whole
    if not findings.ranking:
        if not whole.total:
            return ("The study has no trials.",)
        if whole.failed == whole.total:
            return (f"There is no answer: all {count(whole.total, 'trial')} failed.",)
        return (f"There is no answer yet: no trial is done, of {whole.total:,}.",)
    said = _of_factorial(population, findings) if population.factorial else []
    said = said or _of_groups(population, findings)
    if not population.finished:
        over = whole.total - whole.left
        said[0] = f"So far, with {over:,} of {whole.total:,} trials over: {said[0]}"
    return tuple(said)


def _of_factorial(population: Population, findings: Findings) -> list[str]:
    if findings.analysis is None:
        empty = listed(cell_name(cell) for cell in findings.missing[:4])
        more = len(findings.missing) - 4
        if more > 0:
            empty += f" and {more:,} more"
        cells = 2 ** len(population.factorial)
        return [
            "Which principle matters most can't be said yet: "
            f"{len(findings.missing):,} of {cells:,} cells have fewer than two designs with an "
            f"error ({empty})."
        ]
    return _of_analysis(findings.analysis)


def _of_analysis(analysis: Analysis) -> list[str]:
    first, *rest = analysis.worths
    others = ", ".join(f"{w.principle} ({points(w.shapley.value)})" for w in rest)
    then = f"; then {others}" if others else ""
    how = f"it is first with probability {likely(first.first)}"
    if first.shapley.low > 0 and first.first >= _SURE:
        head = (
            f"Breaking {first.principle} costs most: {_of_error(first.shapley)}, and {how}{then}."
        )
    elif first.shapley.low > 0:
        head = (
            f"Breaking {first.principle} seems to cost most: {_of_error(first.shapley)}, but "
            f"{how} only{then}."
        )
    elif first.shapley.value > 0:
        head = (
            f"No principle is surely worth anything here: breaking {first.principle} seems to cost "
            f"most, {_of_error(first.shapley)}, and {how}{then}."
        )
    else:
        head = (
            "No principle is worth anything here: even breaking "
            f"{first.principle} changes the error by {interval(first.shapley)}{then}."
        )
    every = "Breaking all of them together"
    whole = analysis.together
    if len(analysis.worths) == 1:
        return [head]
    if whole.low > 0:
        return [head, f"{every} costs {interval(whole).removeprefix('+')}."]
    return [head, f"{every} changes the error by {interval(whole)}."]


def _of_error(cost: Interval) -> str:
    """`+1.9 points of error (95% interval 1.2 to 2.6)`."""
    return interval(cost).replace(" points", " points of error", 1)


def _of_groups(population: Population, findings: Findings) -> list[str]:
    best, *others = findings.ranking
    standing = findings.standings[best]
    assert standing.mean is not None
    mean = (
        f"{percent(standing.mean.value)} "
        f"(95% interval {percent(standing.mean.low)} to {percent(standing.mean.high)})"
    )
    if not others:
        return [
            f"{best} has a mean error of {mean} over {count(standing.n, 'design')}, and at best "
            f"{percent(standing.minimum)}."
        ]
    said = [f"{best} has the lowest mean error, {mean}."]
    with_best = {
        ({c.first, c.second} - {best}).pop(): c
        for c in findings.comparisons
        if best in (c.first, c.second)
    }
    if others[0] in with_best:
        said[0] = said[0].removesuffix(".") + _next(population, with_best[others[0]], best)
    said += _discoveries(population, findings)
    lowest = min(findings.standings.items(), key=lambda item: _least(item[1].minimum))
    said.append(f"The best design is one of {lowest[0]}, at {percent(lowest[1].minimum)}.")
    return said


def _next(population: Population, found: Comparison, best: str) -> str:
    """How much better the best group is than the next one, and whether that is sure."""
    other = found.second if found.first == best else found.first
    gain = found.difference if found.first == best else _turned(found.difference)
    value = points(gain.value).removeprefix("+")
    if survives(found, paired=population.paired):
        sure = "more than chance would do"
    else:
        sure = "no more than chance could do with so many designs"
    return f"; next comes {other}, {value} points behind ({ends(gain)}), which is {sure}."


def _turned(of: Interval) -> Interval:
    """The difference seen from the other group."""
    return Interval(-of.value, -of.high, -of.low)


def _discoveries(population: Population, findings: Findings) -> list[str]:
    found = [c for c in findings.comparisons if survives(c, paired=population.paired)]
    number = len(findings.comparisons)
    if not number:
        return []
    test = "Wilcoxon's test of pairs" if population.paired else "Mann and Whitney's test"
    rule = f"by {test}, false discoveries held at {FALSE_DISCOVERIES:.0%}"
    if number == 1:
        return [f"The two groups {'differ' if found else 'are not told apart'} {rule}."]
    if not found:
        return [f"None of the {number:,} differences between groups is sure {rule}."]
    are = "is" if len(found) == 1 else "are"
    return [f"Of {number:,} differences between groups {len(found):,} {are} sure {rule}."]


def cell_name(broken: Broken) -> str:
    """A cell of a factorial in words."""
    return f"breaks {', '.join(sorted(broken))}" if broken else "keeps all"


def _least(error: float | None) -> float:
    return float("inf") if error is None else error
