"""What the best networks of a group are likely to have (Radosavovic et al. 2020, section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anydsl.language.record import Record

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SHARE = 0.25
"""Of the networks, how many one draw of the bootstrap takes, as in the paper."""


class Likely(Record):
    """Where the best value lies.

    Attributes:
        value: the most likely one, the median over draws.
        low, high: the ends of the interval.
        confidence: of the interval.
    """

    value: float
    low: float
    high: float
    confidence: float


def likely_best(
    values: ArrayLike, errors: ArrayLike, *, share: float = SHARE, confidence: float = 0.95
) -> Likely:
    """The empirical bootstrap of the value that the best network has.

    The paper draws a quarter of the pairs (value, error) with replacement, takes the value of the
    least error, and repeats that 10,000 times. Here is what that tends to with ever more
    repetitions: the network that is i-th best of n is the best of m draws with the probability
    ((n - i + 1)^m - (n - i)^m) / n^m, so nothing is left to chance. Networks of one error share
    their probability.

    Args:
        values: of n networks, such as their depth, or their error itself.
        errors: of the same.
        share: m / n.
        confidence: of the interval.

    Raises:
        ValueError: there are none, or not as many values as errors.
    """
    x, e = (np.asarray(given, dtype=np.float64).ravel() for given in (values, errors))
    if not e.size or x.shape != e.shape:
        raise ValueError("each network has a value and an error")
    n, m = e.size, max(1, round(share * e.size))
    # (n - i) / n for i = 0 … n at the ends of each run of equal errors, to the power of m.
    _, place, count = np.unique(e, return_inverse=True, return_counts=True)
    before = np.concatenate([[0], np.cumsum(count)])
    falls = -np.diff((1 - before / n) ** m) / count
    chance = falls[place]
    order = np.argsort(x, kind="stable")
    reached = np.cumsum(chance[order])
    tail = (1 - confidence) / 2
    quantiles = np.array([tail, 0.5, 1 - tail])
    at = np.minimum(np.searchsorted(reached, quantiles - 1e-12), n - 1)
    low, value, high = (float(found) for found in x[order][at])
    return Likely(value, low, high, confidence)
