"""The random numbers of proposals: those of (seed, i, j) are the same wherever they are asked for.

Philox 4x64 (Salmon et al. 2011) turns a key and a counter into numbers, so that each proposal has
counters of its own. The key is the seed. Proposals of a design come in tiles: tile 0 is j = 0,
tile t is j in [2^(t-1), 2^t). The counter of tile t starts at t * 2^192, and in it stand the
proposals of design 0, then those of design 1, …, each in `blocks` steps of the counter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WORDS = 4
"""How many numbers one step of the counter gives."""

_WORD = 2**64 - 1
_SEEK, _MOST = 2000, 2**22
"""Moving the counter takes as long as so many numbers; most numbers that are made at once."""


def tile(number: int) -> range:
    """The proposals of a tile."""
    return range(1) if number == 0 else range(2 ** (number - 1), 2**number)


class Stream:
    """Uniform numbers in [0, 1) with 53 bits, `width` of them a proposal."""

    def __init__(self, seed: int, width: int) -> None:
        self.blocks = max(1, -(-width // WORDS))
        self.width = width
        self._bits: Any = np.random.Philox(key=seed)
        self._state = self._bits.state

    def proposals(self, designs: NDArray[np.int64], number: int, tries: range) -> Any:
        """The numbers of some proposals of some designs.

        Args:
            designs: which designs, rising.
            number: the tile.
            tries: the proposals, within that tile.

        Returns:
            width x (len(designs) * len(tries)), all tries of one design after each other.
        """
        whole = tile(number)
        count, size = len(tries) * self.blocks * WORDS, len(whole) * self.blocks
        skipped = (tries.start - whole.start) * self.blocks
        base = number << 192
        low, high = int(designs[0]), int(designs[-1]) + 1
        span = (high - low) * count
        cheaper = span <= len(designs) * (count + _SEEK) and span <= _MOST
        if len(tries) == len(whole) and cheaper:
            raw = self._raw(base + low * size, span).reshape(high - low, count)
            raw = raw if high - low == len(designs) else raw[designs - low]
        else:
            raw = np.empty((len(designs), count), np.uint64)
            for place, design in enumerate(designs.tolist()):
                raw[place] = self._raw(base + design * size + skipped, count)
        words = raw.reshape(-1, self.blocks * WORDS)[:, : self.width]
        return (np.ascontiguousarray(words.T) >> np.uint64(11)) * 2.0**-53

    def _raw(self, counter: int, count: int) -> NDArray[np.uint64]:
        state = self._state
        state["state"]["counter"] = np.array(
            [(counter >> (64 * place)) & _WORD for place in range(4)], np.uint64
        )
        self._bits.state = state
        return self._bits.random_raw(count)
