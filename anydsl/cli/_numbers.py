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


def factor(text: str) -> float:
    """Read by how much something is to be larger.

    Raises:
        ArgumentTypeError: it is no number from 0.1 to 20.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 20:
        raise ArgumentTypeError("a scale is a number from 0.1 to 20")
    return value
