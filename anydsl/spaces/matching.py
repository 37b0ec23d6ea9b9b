"""Samples of several spaces at the same costs: strata, and which of them a design has to fall in.

The range that a space requires of its flops is cut into strata of equal ratio. Design i belongs to
one of them, chosen by the seed and i alone: each run of `STRATA` designs has every stratum once, in
an order of its own. A space is then drawn from its law conditioned on the stratum, so that spaces
with one range and one seed have the same number of designs in each stratum, whatever their own
distributions of flops are, and differ at most within one (4 to 7 percent for a range of 2 to 3).
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anydsl.spaces.batch import Batch

STRATA = 16


class Matching:
    """Strata of flops.

    Attributes:
        edges: where each stratum begins, and the end of the last one.
    """

    def __init__(self, low: int, high: int, seed: int) -> None:
        """Cut `low` to `high`, both included, into strata; the order comes of `seed`."""
        self.edges = np.geomspace(low, high + 1, STRATA + 1)
        self.edges[0], self.edges[-1] = low, high + 1
        self.seed = seed

    def stratum(self, index: int) -> int:
        """The stratum of a design, by its number."""
        return _order(self.seed, index // STRATA)[index % STRATA]

    def between(self, index: int) -> tuple[int, int]:
        """The least and the greatest flops that a design may have, by its number."""
        low, high = self.edges[self.stratum(index) :][:2]
        return ceil(low), ceil(high) - 1

    def keeps(self, indices: NDArray[np.int64], batch: Batch) -> NDArray[np.bool_]:
        """Which designs of a batch lie in the stratum of the number that they are tried for."""
        strata = np.array([self.stratum(int(i)) for i in np.unique(indices)])
        own = strata[np.unique(indices, return_inverse=True)[1]]
        flops: Any = batch.costs["flops"]
        return (flops >= self.edges[own]) & (flops < self.edges[own + 1])


@cache
def _order(seed: int, run: int) -> tuple[int, ...]:
    """The strata in the order of one run of designs: hashed, the same in every version of NumPy."""

    def key(stratum: int) -> bytes:
        return blake2b(f"{seed}/strata/{run}/{stratum}".encode(), digest_size=8).digest()

    return tuple(sorted(range(STRATA), key=key))
