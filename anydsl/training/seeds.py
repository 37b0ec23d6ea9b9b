"""Every random choice of a run is a pure function of the recipe's seed and what the choice is for.

So nothing about random generators has to be saved for a run to continue exactly where it stood.
"""

from __future__ import annotations

import hashlib


def derive(seed: int, *purpose: str | int) -> int:
    """A 64-bit seed for one purpose, such as `derive(0, "step", 17)`.

    Hashed, because torch's CPU generator looks at the low 32 bits alone: neighbours must differ
    there.
    """
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
