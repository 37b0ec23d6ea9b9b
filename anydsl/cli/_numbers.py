"""Numbers among the arguments."""

from __future__ import annotations

from argparse import ArgumentTypeError

LARGEST_SEED = 2**32 - 1


def seed(text: str) -> int:
    """Read a seed.

    Raises:
        ArgumentTypeError: it is none that a generator takes.
    """
    if not text.isdecimal() or not text.isascii() or len(text) > 10 or int(text) > LARGEST_SEED:
        raise ArgumentTypeError(f"a seed is a whole number from 0 to {LARGEST_SEED:,}")
    return int(text)
