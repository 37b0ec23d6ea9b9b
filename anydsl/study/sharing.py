"""How many workers share a GPU: as many as it has room for, while each makes the study faster.

Small nets leave most of a GPU idle, and how much nobody knows beforehand. So a study begins with
one worker for each GPU, and another one joins as long as more trials a second come of it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

_OWN = 600 * 2**20
"""Bytes of a GPU that CUDA and its libraries take for each process."""

_LARGER = 2
"""Times the memory of the design of median cost that another one may need."""

_USABLE = 0.9
"""Share of what is free that workers may take."""

_TRIALS = 8
"""Trials of each worker over which a rate is measured."""

_SECONDS = 30.0
"""Time over which it is measured at least."""

_WORTH = 1.1
"""Times as many trials a second that one more worker for each GPU has to bring."""


def room_on(device: torch.device) -> int:
    """How many workers have room on a device where this process has trained a design.

    By the memory that this process needed at most, and what is free beside it; 1 of what is no
    CUDA device.
    """
    if device.type != "cuda":
        return 1
    free, _ = torch.cuda.mem_get_info(device)
    usable = _USABLE * (free + torch.cuda.memory_reserved(device))  # this process will hold none
    each = _OWN + _LARGER * torch.cuda.max_memory_reserved(device)
    return max(1, int(usable // each))


@final
class Growth:
    """Says when one more worker is to join each device.

    Args:
        devices: how many there are.
        room: how many workers each has room for.
        now: the time in seconds.

    Attributes:
        level: workers that each device has.
    """

    def __init__(self, devices: int, room: int, now: Callable[[], float] = time.monotonic) -> None:
        self.level = 1
        self._devices = devices
        self._room = room
        self._now = now
        self._before = 0.0  # trials a second with one worker less
        self._begun: tuple[int, float] | None = None
        self._joined = 0

    def due(self, done: int) -> bool:
        """Whether another worker is to join each device, when so many trials are done."""
        if self.level >= self._room:
            return False
        workers = self.level * self._devices
        if self._begun is None:
            if done >= self._joined + workers:  # by now those that joined are at work
                self._begun = done, self._now()
            return False
        trials, seconds = done - self._begun[0], self._now() - self._begun[1]
        if trials < _TRIALS * workers or seconds < _SECONDS:
            return False
        rate = trials / seconds
        if rate < _WORTH * self._before:
            self._room = self.level  # the last ones brought little: no more
            return False
        self._before, self._begun, self._joined = rate, None, done
        self.level += 1
        return True
