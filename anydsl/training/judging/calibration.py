"""Whether a net is as often right as it is confident.

After Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (2017), section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from anydsl.language.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BINS = 15


class Bin(Record):
    """The pictures whose confidence is above `low` and at most `high`.

    Attributes:
        low, high: the bounds.
        n: how many there are.
        confidence, accuracy: their means, None where there are none.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


def bins_of(confidence: NDArray[np.float64], hits: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Sort pictures into `BINS` bins of equal width by their confidence.

    Args:
        confidence: N, the largest of each picture's probabilities, from 0 to 1.
        hits: N, whether the class of it was right.
    """
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    n = np.bincount(place, minlength=BINS)
    sums: Any = [np.bincount(place, values, BINS) for values in (confidence, hits)]
    return tuple(
        Bin(
            low=i / BINS,
            high=(i + 1) / BINS,
            n=int(n[i]),
            confidence=float(sums[0][i] / n[i]) if n[i] else None,
            accuracy=float(sums[1][i] / n[i]) if n[i] else None,
        )
        for i in range(BINS)
    )


def expected_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error (Guo et al., equation 3).

    The mean over all pictures of the distance between accuracy and confidence of their bin.
    """
    total = sum(b.n for b in bins)
    return sum(abs((b.accuracy or 0) - (b.confidence or 0)) * b.n for b in bins) / total


def brier_score(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The mean squared distance to the truth, from 0 to 2 (Brier 1950, all classes summed).

    Args:
        probabilities: N x C.
        labels: N.
    """
    # The square of a difference, multiplied out: a matrix of the truth would be as large again.
    told = probabilities[np.arange(len(labels)), labels]
    return float((np.einsum("nc,nc->n", probabilities, probabilities) - 2 * told + 1).mean())
