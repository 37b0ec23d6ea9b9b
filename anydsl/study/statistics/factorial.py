"""Which principle matters most: the factorial of kept and broken principles, analysed."""

from __future__ import annotations

from importlib import import_module
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from anydsl.language.record import Record
from anydsl.study.statistics.comparison import RESAMPLES, SEED, Interval, batch_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

Broken = frozenset[str]


class Worth(Record):
    """What one principle is worth.

    Attributes:
        principle: its letter.
        shapley: its Shapley value in units of error, averaged over the orders in which the
            principles can be broken: how much breaking it raises the mean error.
        first: the probability that its Shapley value is the greatest of all, over resamples.
        main: mean error with it broken minus mean error with it kept, over all cells alike.
    """

    principle: str
    shapley: Interval
    first: float
    main: float


class Effect(Record):
    """One line of the analysis of variance.

    Attributes:
        term: a principle, or several joined by `:` for their interaction.
        sum_of_squares, df, f, p: as statsmodels gives them, type II.
        eta_squared: its share of all squares, those of the residual with them.
    """

    term: str
    sum_of_squares: float
    df: int
    f: float
    p: float
    eta_squared: float


class Analysis(Record):
    """The answer of a factorial.

    Attributes:
        worths: of each principle, the most important first.
        together: mean error with all principles broken minus that with all kept; the Shapley
            values add up to it.
        effects: the analysis of variance, in the order of its terms.
        cells: mean error by broken principles.
    """

    worths: tuple[Worth, ...]
    together: Interval
    effects: tuple[Effect, ...]
    cells: dict[Broken, float]


def combinations_of(principles: Sequence[str]) -> list[Broken]:
    """All combinations of broken principles, 2^n of n, those of fewer first."""
    return [
        frozenset(broken)
        for size in range(len(principles) + 1)
        for broken in combinations(principles, size)
    ]


def shapley(values: Mapping[Broken, ArrayLike], players: Sequence[str]) -> dict[str, Numbers]:
    """Exact Shapley values (Shapley 1953) of a game given by the value of each coalition.

    φ_i = Σ_S |S|! (n - |S| - 1)! / n! · (v(S ∪ {i}) - v(S)) over the coalitions S without i.

    Args:
        values: of each of the 2^n coalitions; arrays are many games at once.
        players: n of them.
    """
    n = len(players)
    found: dict[str, Numbers] = {}
    for player in players:
        others = [other for other in players if other != player]
        total = np.zeros(())
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for members in combinations(others, size):
                without = frozenset(members)
                gain = np.asarray(values[without | {player}]) - np.asarray(values[without])
                total = total + weight * gain
        found[player] = total
    return found


def analyse(
    cells: Mapping[Broken, ArrayLike],
    principles: Sequence[str],
    *,
    paired: bool = False,
    confidence: float = 0.95,
) -> Analysis:
    """Analyse the errors of a factorial.

    Intervals are of a percentile bootstrap over the designs within each cell; with `paired` the
    i-th designs of all cells are drawn together.

    Args:
        cells: errors of each of the 2^n combinations of broken principles, two or more in each.
        principles: their letters.
        paired: whether the i-th errors of all cells belong together; all are of one length then,
            and those with an error that is no number in some cell are left out.
        confidence: of the intervals.

    Raises:
        ValueError: a combination is missing or has fewer than two errors.
    """
    arrays = _arrays(cells, principles, paired)
    keys, samples = list(arrays), list(arrays.values())

    def statistic(*drawn: Numbers, axis: int = -1) -> Numbers:
        means = dict(zip(keys, (cell.mean(axis=axis) for cell in drawn), strict=True))
        values = shapley(means, principles)
        whole = means[frozenset(principles)] - means[frozenset()]
        return np.stack([*(values[p] for p in principles), whole])

    stats: Any = import_module("scipy.stats")
    observed = statistic(*samples)
    result = stats.bootstrap(
        samples,
        statistic,
        vectorized=True,
        paired=paired,
        n_resamples=RESAMPLES,
        batch=batch_of(sum(map(len, samples))),
        confidence_level=confidence,
        method="percentile",
        rng=SEED,
    )
    drawn = np.asarray(result.bootstrap_distribution)[: len(principles)]
    firsts = np.bincount(drawn.argmax(axis=0), minlength=len(principles)) / drawn.shape[1]
    low, high = (np.asarray(end) for end in result.confidence_interval)
    means = {key: float(cell.mean()) for key, cell in arrays.items()}
    intervals = [Interval(*map(float, ends)) for ends in zip(observed, low, high, strict=True)]
    worths = [
        Worth(principle, interval, float(first), _main(means, principle))
        for principle, interval, first in zip(principles, intervals[:-1], firsts, strict=True)
    ]
    worths.sort(key=lambda worth: -worth.shapley.value)
    return Analysis(tuple(worths), intervals[-1], anova(arrays, principles), means)


def anova(cells: Mapping[Broken, ArrayLike], principles: Sequence[str]) -> tuple[Effect, ...]:
    """Analysis of variance of the errors, type II, with all interactions (statsmodels).

    Empty where the errors leave no variance to analyse.
    """
    pandas: Any = import_module("pandas")
    rows = [
        (*(int(p in broken) for p in principles), float(error))
        for broken, errors in cells.items()
        for error in np.asarray(errors, dtype=np.float64)
    ]
    # Letters such as C and Q mean something to a formula: the columns have names of their own.
    columns = [f"broken_{p}" for p in principles]
    frame = pandas.DataFrame(rows, columns=[*columns, "error"])
    if len(frame) <= 2 ** len(principles) or frame.groupby(columns)["error"].std().max() == 0:
        return ()
    formula = "error ~ " + " * ".join(f"C({column}, Sum)" for column in columns)
    model = import_module("statsmodels.formula.api").ols(formula, data=frame).fit()
    table: Any = import_module("statsmodels.stats.anova").anova_lm(model, typ=2)
    total = float(table["sum_sq"].sum())
    return tuple(
        Effect(
            term=":".join(p for p in principles if f"C(broken_{p}, Sum)" in str(term).split(":")),
            sum_of_squares=float(row["sum_sq"]),
            df=int(row["df"]),
            f=float(row["F"]),
            p=float(row["PR(>F)"]),
            eta_squared=float(row["sum_sq"]) / total,
        )
        for term, row in table.iterrows()
        if term != "Residual"
    )


def _arrays(
    cells: Mapping[Broken, ArrayLike], principles: Sequence[str], paired: bool
) -> dict[Broken, Numbers]:
    arrays: dict[Broken, Numbers] = {}
    for broken in combinations_of(principles):
        if broken not in cells:
            raise ValueError(f"the cell that breaks {''.join(sorted(broken))} is missing")
        arrays[broken] = np.asarray(cells[broken], dtype=np.float64)
    if paired:
        whole = np.isfinite(np.stack(list(arrays.values()))).all(axis=0)
        arrays = {broken: cell[whole] for broken, cell in arrays.items()}
    else:
        arrays = {broken: cell[np.isfinite(cell)] for broken, cell in arrays.items()}
    if min(map(len, arrays.values())) < 2:
        raise ValueError("a factorial takes two errors or more in each cell")
    return arrays


def _main(means: Mapping[Broken, float], principle: str) -> float:
    broken = [mean for cell, mean in means.items() if principle in cell]
    kept = [mean for cell, mean in means.items() if principle not in cell]
    return sum(broken) / len(broken) - sum(kept) / len(kept)
