"""Is one group of networks better than another, by how much, and how sure is that?"""

from __future__ import annotations

from importlib import import_module
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from anydsl.language.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

RESAMPLES = 9999
SEED = 0
"""Of the bootstraps: a report says the same whenever it is made."""

_AT_ONCE = 2**22
"""Numbers that are drawn at once: 32 MiB of them, and as much of their places."""


class Interval(Record):
    """An estimate and the ends of its confidence interval."""

    value: float
    low: float
    high: float


class Test(Record):
    """A test of the hypothesis that two groups are alike.

    Attributes:
        statistic: as SciPy gives it.
        p: two-sided.
        effect: for Kolmogorov-Smirnov the distance itself; for Mann-Whitney the probability that a
            network of the first group has the lower error, ties counted half; for Wilcoxon the
            matched-pairs rank-biserial correlation, above 0 where the first has lower errors
            (Kerby 2014).
        q: p after control of the false discovery rate over all comparisons of its kind.
    """

    statistic: float
    p: float
    effect: float
    q: float = 1.0


class Comparison(Record):
    """Two groups, the first against the second.

    Attributes:
        first, second: their names.
        difference: mean error of the second minus that of the first, with a bootstrap interval:
            above 0 where the first is better.
        ks: two-sample Kolmogorov-Smirnov.
        mann_whitney: of ranks.
        wilcoxon: of pairs; None where the groups are not paired.
    """

    first: str
    second: str
    difference: Interval
    ks: Test
    mann_whitney: Test
    wilcoxon: Test | None


def batch_of(n: int) -> int:
    """How many resamples of `n` errors are drawn at once: what memory has room for."""
    return max(1, min(RESAMPLES, _AT_ONCE // n))


def mean_interval(errors: ArrayLike, confidence: float = 0.95) -> Interval:
    """The mean error with a bias-corrected and accelerated bootstrap interval (Efron 1987)."""
    found = np.asarray(errors, dtype=np.float64)
    mean = float(found.mean())
    if np.ptp(found) == 0:  # nothing varies: SciPy's interval would be no number
        return Interval(mean, mean, mean)
    result = _stats().bootstrap(
        (found,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=batch_of(len(found)),
        confidence_level=confidence,
        rng=SEED,
    )
    return Interval(mean, *map(float, result.confidence_interval))


def compare(
    groups: Mapping[str, ArrayLike],
    *,
    paired: bool = False,
    against: str | None = None,
    confidence: float = 0.95,
) -> tuple[Comparison, ...]:
    """Compare groups of errors, two at a time.

    Args:
        groups: errors by the name of the group, two or more in each.
        paired: whether the i-th errors of all groups belong together; all are of one length then.
            Errors that are no number are left out, with their partners.
        against: compare each group with this one alone; otherwise every two are compared.
        confidence: of the intervals.

    Returns:
        The comparisons in the order of the groups, false discovery rates controlled over all of
        them by Benjamini and Hochberg's procedure (1995).
    """
    arrays = {name: np.asarray(given, dtype=np.float64) for name, given in groups.items()}
    if against is None:
        names = list(combinations(arrays, 2))
    else:
        names = [(against, name) for name in arrays if name != against]
    pairs = [_usable(arrays[a], arrays[b], paired) for a, b in names]
    differences = [_difference(x, y, paired, confidence) for x, y in pairs]
    ks = _controlled([_kolmogorov_smirnov(x, y) for x, y in pairs])
    mann_whitney = _controlled([_mann_whitney(x, y) for x, y in pairs])
    wilcoxon: list[Test] = _controlled([_wilcoxon(x, y) for x, y in pairs]) if paired else []
    return tuple(
        Comparison(
            *names[i], differences[i], ks[i], mann_whitney[i], wilcoxon[i] if paired else None
        )
        for i in range(len(names))
    )


def _usable(x: Numbers, y: Numbers, paired: bool) -> tuple[Numbers, Numbers]:
    if paired:
        both = np.isfinite(x) & np.isfinite(y)
        return x[both], y[both]
    return x[np.isfinite(x)], y[np.isfinite(y)]


def _difference(x: Numbers, y: Numbers, paired: bool, confidence: float) -> Interval:
    """How much lower the mean of `x` is, with a percentile bootstrap that keeps pairs together."""
    value = float(y.mean() - x.mean())
    if (paired and np.ptp(y - x) == 0) or (not paired and np.ptp(x) == 0 == np.ptp(y)):
        return Interval(value, value, value)

    def statistic(x: Numbers, y: Numbers, axis: int = -1) -> Numbers:
        return y.mean(axis=axis) - x.mean(axis=axis)

    result = _stats().bootstrap(
        (x, y),
        statistic,
        paired=paired,
        n_resamples=RESAMPLES,
        batch=batch_of(len(x) + len(y)),
        confidence_level=confidence,
        method="percentile",
        rng=SEED,
    )
    return Interval(value, *map(float, result.confidence_interval))


def _kolmogorov_smirnov(x: Numbers, y: Numbers) -> Test:
    result = _stats().ks_2samp(x, y)
    return Test(float(result.statistic), float(result.pvalue), float(result.statistic))


def _mann_whitney(x: Numbers, y: Numbers) -> Test:
    result = _stats().mannwhitneyu(x, y)
    higher = float(result.statistic) / (len(x) * len(y))
    # Where all errors are one number there are no ranks: SciPy has said 1, and NaN since 1.18.
    p = 1.0 if np.ptp(np.concatenate((x, y))) == 0 else float(result.pvalue)
    return Test(float(result.statistic), p, 1 - higher)


def _wilcoxon(x: Numbers, y: Numbers) -> Test:
    gains = y - x
    gains = gains[gains != 0]
    if not len(gains):  # nothing to rank: SciPy has no answer
        return Test(0.0, 1.0, 0.0)
    result = _stats().wilcoxon(gains)
    ranks = _stats().rankdata(np.abs(gains))
    effect = float(ranks[gains > 0].sum() - ranks[gains < 0].sum()) / float(ranks.sum())
    return Test(float(result.statistic), float(result.pvalue), effect)


def _controlled(tests: list[Test]) -> list[Test]:
    if not tests:
        return []
    rates = _stats().false_discovery_control([test.p for test in tests], method="bh")
    return [test.replace(q=float(q)) for test, q in zip(tests, rates, strict=True)]


def _stats() -> Any:
    return import_module("scipy.stats")
