"""How many classes a network tells apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.blocks.measurement import measure
from anydsl.errors import DataError

if TYPE_CHECKING:
    from anydsl.design.network import Network


def classes_of(network: Network) -> int:
    """How many classes the net tells apart: the length of its output.

    Raises:
        DataError: its output is a picture.
    """
    output = measure(network).output
    if any(n != 1 for n in output[1:]):
        shape = "x".join(str(n) for n in output)
        raise DataError(
            f"the net puts out {shape}, not one number for each class: give it a `head`"
        )
    return output[0]
