"""The empirical distribution of errors (Radosavovic et al. 2020, section 3.1, equation 1)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from anydsl.language.record import Record

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]


class Edf(Record):
    """F(e) = Σ w_i 1[e_i < e] over n errors e_i whose weights w_i add up to 1.

    Attributes:
        errors: n errors, ascending.
        weights: n weights in the order of `errors`; 1/n each but where complexity is matched.
    """

    errors: Numbers
    weights: Numbers

    @property
    def n(self) -> int:
        """How many errors there are."""
        return len(self.errors)

    @property
    def minimum(self) -> float:
        """The least error."""
        return float(self.errors[0])

    @property
    def mean(self) -> float:
        """The mean error, weighted."""
        return float(self.errors @ self.weights)

    def at(self, e: ArrayLike) -> Numbers:
        """The share of errors below each of `e`, strictly; of the shape of `e`."""
        below = np.concatenate([[0.0], np.cumsum(self.weights)])
        below[-1] = 1.0  # whatever rounding left
        return below[np.searchsorted(self.errors, np.asarray(e, dtype=np.float64), side="left")]

    def band(self, confidence: float = 0.95) -> float:
        """Half the height of the band around F that holds the whole true distribution.

        That is the quantile of the Kolmogorov-Smirnov distance of as many errors as the weights
        are worth, (Σ w)² / Σ w² (Kish 1965, section 11.7): exactly n where all weigh the same.
        """
        stats: Any = import_module("scipy.stats")
        worth = max(1, int(self.weights.sum() ** 2 / (self.weights @ self.weights) + 1e-9))
        return float(stats.kstwo.ppf(confidence, worth))


def edf(errors: ArrayLike, weights: ArrayLike | None = None) -> Edf:
    """The distribution of `errors`, all of one weight where none are given.

    Raises:
        ValueError: there are no errors, one is no finite number, or the weights don't fit.
    """
    found = np.asarray(errors, dtype=np.float64).ravel()
    if not found.size or not np.isfinite(found).all():
        raise ValueError("a distribution takes one finite error or more")
    if weights is None:
        given = np.full(found.size, 1 / found.size)
    else:
        given = np.asarray(weights, dtype=np.float64).ravel()
        if given.shape != found.shape or (given < 0).any() or not given.sum() > 0:
            raise ValueError("each error takes a weight that is not negative")
        given = given / given.sum()
    order = np.argsort(found, kind="stable")
    return Edf(found[order], given[order])


def matched_weights(complexities: list[ArrayLike], bins: int = 10) -> list[Numbers]:
    """Weights under which groups of networks have one distribution of complexity.

    As in Radosavovic et al. 2019 ("On Network Design Spaces for Visual Recognition", section 3.3):
    the range of complexity is cut into bins, and the m_j networks of a group in bin j share one
    bin's weight. A bin that some group leaves empty has no weight in any, since there is nothing
    to compare there; its networks weigh 0. Bins are equally wide in the logarithm, between the
    least complexity that all groups reach and the greatest.

    Args:
        complexities: of each group the flops, parameters or activations of its networks, above 0.
        bins: how many; of one complexity there is one.

    Returns:
        For each group the weights of its networks, which add up to 1.

    Raises:
        ValueError: there is no bin in which every group has a network.
    """
    logs = [np.log(np.asarray(group, dtype=np.float64)) for group in complexities]
    low = max(float(group.min()) for group in logs)
    high = min(float(group.max()) for group in logs)
    if low > high:
        raise ValueError("the groups have no complexity in common")
    edges: Numbers = np.linspace(low, high, bins + 1, dtype=np.float64)
    places: list[NDArray[np.intp]] = []
    for group in logs:
        place = np.clip(np.searchsorted(edges, group, side="right") - 1, 0, bins - 1)
        places.append(np.where((group < low) | (group > high), -1, place))
    counts = np.array([np.bincount(place[place >= 0], minlength=bins) for place in places])
    shared = (counts > 0).all(axis=0)
    if not shared.any():
        raise ValueError("the groups have no complexity in common")
    share = np.divide(shared / shared.sum(), counts, where=counts > 0, out=np.zeros(counts.shape))
    return [
        np.where(place >= 0, weight[place], 0.0)
        for place, weight in zip(places, share, strict=True)
    ]
