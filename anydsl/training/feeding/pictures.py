"""Pictures with their classes as two tensors, and what is done to a whole set of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from anydsl.errors import DataError
from anydsl.language.record import Record
from anydsl.training.fetching import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

_CHUNK = 256
_LEVELS = 256
_UNKNOWN_MEMORY = 16 * 2**30


class Pictures(Record):
    """A set of pictures: `images` is N x C x H x W uint8, `labels` is N int64."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one picture."""
        _, c, h, w = self.images.shape
        return c, h, w

    def part(self, index: torch.Tensor) -> Pictures:
        """Return the pictures at `index` (int64)."""
        return Pictures(self.images[index], self.labels[index])


class Opened(Record):
    """A data set whose files were found; the pictures are read when they are asked for.

    `validation` is there for data that comes with a validation split of its own. `note` says what
    was decided about the data in the reader's place.
    """

    classes: tuple[str, ...]
    train: Callable[[], Pictures]
    test: Callable[[], Pictures]
    validation: Callable[[], Pictures] | None = None
    note: str = ""


def limited(count: int, shape: tuple[int, int, int]) -> None:
    """Refuse sets of pictures that would fill the memory.

    Raises:
        DataError: as uint8 they take more than a quarter of the machine's memory; while they are
            read and split there are two of each.
    """
    c, h, w = shape
    size = count * c * h * w
    limit = _memory() // 4
    if size > limit:
        raise DataError(
            f"{count:,} pictures of {c}x{h}x{w} take {size / 2**30:,.1f} GiB, more than the limit "
            f"of {limit / 2**30:,.1f} GiB (a quarter of this machine's memory): "
            "set a smaller `resize`"
        )


def resized(images: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return N x C x H x W uint8 `images` at `size` (height, width), antialiased bilinear.

    Raises:
        DataError: the result would be over the memory limit.
    """
    if tuple(images.shape[2:]) == size:
        return images
    n, c = images.shape[:2]
    limited(n, (c, *size))
    result = torch.empty((n, c, *size), dtype=torch.uint8)
    for start in range(0, n, _CHUNK):
        part = images[start : start + _CHUNK].float()
        part = functional.interpolate(part, size, mode="bilinear", antialias=True)
        result[start : start + _CHUNK] = part.round_().clamp_(0, 255)
    return result


def statistics(images: torch.Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel, pictures taken as 0 to 1.

    Counted by grey level in whole numbers, so that neither order nor machine matters.
    """
    counts = torch.zeros(images.shape[1], _LEVELS, dtype=torch.int64)
    for start in range(0, len(images), _CHUNK):
        for channel, pixels in enumerate(images[start : start + _CHUNK].unbind(1)):
            counts[channel] += torch.bincount(pixels.flatten(), minlength=_LEVELS)
    levels = torch.arange(_LEVELS)
    total, squares = (counts * levels).sum(1), (counts * levels.square()).sum(1)
    n = images.numel() // images.shape[1]
    mean = [t / n for t in whole_numbers(total)]
    deviation = [
        # One grey level at least: a channel that never changes must not be divided by zero.
        max(s / n - m * m, 1.0) ** 0.5
        for s, m in zip(whole_numbers(squares), mean, strict=True)
    ]
    return tuple(m / 255 for m in mean), tuple(d / 255 for d in deviation)


def hold_out(
    labels: torch.Tensor, share: Fraction | float, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Split the places of N `labels` (int64) into those kept and those held out, both ascending.

    Stratified: shuffled under `seed`, lined up by class, and taken at equal distances.
    """
    count = len(labels)
    shuffled = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    taken = round(count * share)
    held = torch.zeros(count, dtype=torch.bool)
    held[by_class[[(2 * i + 1) * count // (2 * taken) for i in range(taken)]]] = True
    return (~held).nonzero().flatten(), held.nonzero().flatten()


def _memory() -> int:
    """Bytes of memory that this machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return _UNKNOWN_MEMORY
