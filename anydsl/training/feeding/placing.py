"""Where pictures stay while a net is trained: on its device, in memory, or where they are."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from anydsl.language.record import Record
from anydsl.training.feeding.pictures import Pictures
from anydsl.training.feeding.stored import Array
from anydsl.training.feeding.streaming import default_workers, read_all

if TYPE_CHECKING:
    from anydsl.training.feeding.stored import Stored

_UNKNOWN = 4 * 2**30
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where containers are told how much memory they may take."""


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

    if reading.stream or need > free_memory(device) // 2:
        here = torch.device("cpu")
        fits = device.type == "cuda" and need <= free_memory(here) // 2
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


def free_memory(device: torch.device) -> int:
    """Bytes that can still be taken on `device`; for what is no GPU of CUDA, of this machine."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return min(_available(), *map(_limit, _LIMITS))


def _available() -> int:
    with suppress(OSError, ValueError, IndexError):
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        return int(text.split("MemAvailable:")[1].split()[0]) * 1024
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return _UNKNOWN


def _limit(file: str) -> int:
    with suppress(OSError, ValueError):
        return int(Path(file).read_text(encoding="ascii"))
    return 2**63
