"""Where pictures stay while a net is trained: on its device, in memory, or where they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from anydsl.language.record import Record
from anydsl.training.feeding.pictures import Pictures
from anydsl.training.feeding.stored import Array
from anydsl.training.feeding.streaming import default_workers, read_all
from anydsl.training.memory import free_memory

if TYPE_CHECKING:
    from anydsl.training.feeding.stored import Stored

_UNKNOWN = 8 * 2**30
"""Bytes of memory that are counted on where no system tells."""


class Reading(Record):
    """How pictures are read; none of it changes the outcome.

    Attributes:
        workers: threads that read; None for as many as there are processors, 0 for none beside
            the one that trains.
        stream: whether every batch is read anew, however much memory there is.
    """

    workers: int | None = None
    stream: bool = False

    @property
    def threads(self) -> int:
        """How many threads read."""
        return default_workers() if self.workers is None else self.workers


def settled(
    sets: list[tuple[Stored, torch.Tensor]], device: torch.device, reading: Reading
) -> tuple[list[Pictures], str]:
    """Put sets of pictures with their labels where they are quickest at hand.

    On `device` where they take no more than half of its free memory, else in the machine's memory
    by the same measure, else nowhere: then every batch is read anew.

    Returns:
        The sets, and what was decided, where it is not the first.

    Raises:
        DataError: a picture can't be read.
    """
    need = sum(math.prod(stored.shape) for stored, _ in sets)
    workers = reading.threads
    note = ""

    def place(stored: Stored) -> torch.Tensor | Stored:
        return read_all(stored, device, workers)

    if reading.stream or need > _room(device) // 2:
        here = torch.device("cpu")
        fits = device.type == "cuda" and need <= _room(here) // 2
        why = f"the pictures take {need / 2**30:,.1f} GiB, too much to keep on {device}"
        if fits and not reading.stream:
            note = f"{why}: they are kept in memory"

            def place(stored: Stored) -> torch.Tensor | Stored:
                return Array.of(read_all(stored, here, workers))
        else:
            hands = f"{workers} worker{'s' * (workers != 1)}" if workers else "the training thread"
            note = f"every batch is read anew, by {hands}"
            note = note if reading.stream else f"{why} or in memory: {note}"

            def place(stored: Stored) -> torch.Tensor | Stored:
                return stored

    return [Pictures(place(stored), labels.to(device)) for stored, labels in sets], note


def _room(device: torch.device) -> int:
    free = free_memory(device)
    return _UNKNOWN if free is None else free
