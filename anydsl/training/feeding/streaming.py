"""Reading stored pictures ahead of the net, by threads.

Threads and not processes: Pillow, torchvision and torch let go of the interpreter while they
decode, resize and copy. So nothing has to be pickled, sent through shared memory (which containers
have little of) or forked beside a running GPU; an error arrives as it was raised, and a signal
meets one process. Nothing here is random, so the number of threads changes no picture.
"""

from __future__ import annotations

import math
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import torch

from anydsl.training.feeding.files import Files
from anydsl.training.feeding.stored import Array

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from anydsl.training.feeding.stored import Stored

_AHEAD = 3
"""Batches that are being read while another one is trained on."""

_CHUNK = 2**26
"""Bytes that are read at a time where all pictures are read."""

_MOST_WORKERS = 16

_SMALL = 64 * 64
"""Pixels of a file below which opening it takes the interpreter longer than decoding it takes."""


def default_workers() -> int:
    """As many threads as this process has processors, shared with others that torchrun started."""
    try:
        processors = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        processors = os.cpu_count() or 1
    together = os.environ.get("LOCAL_WORLD_SIZE", "")
    processes = int(together) if together.isdecimal() else 1
    return max(1, min(processors // max(processes, 1), _MOST_WORKERS))


def streamed(
    stored: Stored, batches: Iterable[torch.Tensor], workers: int, *, pinned: bool = False
) -> Iterator[torch.Tensor]:
    """Read batch after batch, each n x C x H x W uint8 on the CPU, some of them ahead.

    Args:
        stored: the pictures.
        batches: the places of the pictures of each batch, int64.
        workers: threads that read; 0 reads each batch when it is asked for.
        pinned: whether a GPU copies the batches while the CPU goes on.

    Raises:
        DataError: a picture can't be read.
    """
    workers = _useful(stored, workers)
    if not workers:
        for places in batches:
            batch = _empty(stored, len(places), pinned=pinned)
            stored.read(places, batch)
            yield batch
        return
    # Each thread is one processor's work: torch's own threads would only get into its way.
    pool = ThreadPoolExecutor(workers, "pictures", lambda: torch.set_num_threads(1))
    waiting: deque[tuple[torch.Tensor, list[Future[None]]]] = deque()
    try:
        for places in batches:
            waiting.append(_begun(stored, places, pool, workers, pinned=pinned))
            if len(waiting) > _AHEAD:
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def read_all(stored: Stored, device: torch.device, workers: int) -> torch.Tensor:
    """Return all pictures as one tensor on `device`, N x C x H x W uint8.

    Raises:
        DataError: a picture can't be read.
    """
    if isinstance(stored, Array):
        workers = 0  # torch shares what there is to do among threads of its own
    n, c, h, w = stored.shape
    images = torch.empty((n, c, h, w), dtype=torch.uint8, device=device)
    places = torch.split(torch.arange(n), max(1, _CHUNK // (c * h * w)))
    start = 0
    for batch in streamed(stored, places, workers):
        images[start : start + len(batch)] = batch
        start += len(batch)
    return images


def _useful(stored: Stored, workers: int) -> int:
    """How many of the threads don't stand in each other's way: the interpreter serves one."""
    if isinstance(stored, Files) and not stored.fitted and math.prod(stored.size) < _SMALL:
        return min(workers, 1)
    return workers


def _begun(
    stored: Stored, places: torch.Tensor, pool: ThreadPoolExecutor, workers: int, *, pinned: bool
) -> tuple[torch.Tensor, list[Future[None]]]:
    """Share a batch among the threads, so that also the first one is there soon."""
    batch = _empty(stored, len(places), pinned=pinned)
    share = -(-len(places) // workers) or 1
    parts = zip(torch.split(places, share), torch.split(batch, share), strict=True)
    return batch, [pool.submit(stored.read, part, into) for part, into in parts]


def _finished(batch: torch.Tensor, parts: list[Future[None]]) -> torch.Tensor:
    for part in parts:
        part.result()
    return batch


def _empty(stored: Stored, count: int, *, pinned: bool) -> torch.Tensor:
    _, *shape = stored.shape
    with torch.inference_mode(mode=False):  # the threads, which know of no such mode, write into it
        return torch.empty((count, *shape), dtype=torch.uint8, pin_memory=pinned)
