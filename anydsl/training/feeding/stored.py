"""Pictures that are read when they are asked for, and those that are rows of an array."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn import functional

from anydsl.errors import DataError
from anydsl.language.record import Record

if TYPE_CHECKING:
    from typing import Self

_CHUNK = 256

Size = tuple[int, int]


class Stored(Protocol):
    """N pictures outside of torch's tensors. Every thread may read."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """N, channels, height, width, as they are read."""
        ...

    def part(self, index: torch.Tensor) -> Self:
        """Return the pictures at `index` (int64)."""
        ...

    def at(self, size: Size) -> Self:
        """Return the pictures resized to `size` (height, width)."""
        ...

    def read(self, places: torch.Tensor, into: torch.Tensor) -> None:
        """Write the pictures at `places` (n int64) into `into` (n x C x H x W uint8).

        Raises:
            DataError: one can't be read.
        """
        ...


class Array(Record):
    """Rows of one tensor, in memory or mapped from a file.

    Attributes:
        base: N x C x H x W uint8, in whatever order of dimensions in memory.
        places: which rows of it, int64.
        size: the height and width that they are resized to.
        file: what it is mapped from; empty where it is in memory.
        length: of that file in bytes, when it was opened.
    """

    base: torch.Tensor
    places: torch.Tensor
    size: Size
    file: str = ""
    length: int = 0

    @classmethod
    def of(cls, base: torch.Tensor) -> Self:
        """All rows of `base` as they are."""
        return cls(base, torch.arange(len(base)), (base.shape[2], base.shape[3]))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """N, channels, height, width, as they are read."""
        return len(self.places), self.base.shape[1], *self.size

    def part(self, index: torch.Tensor) -> Self:
        """Return the rows at `index`."""
        return self.replace(places=self.places[index])

    def at(self, size: Size) -> Self:
        """Return the rows resized to `size`."""
        return self.replace(size=size)

    def read(self, places: torch.Tensor, into: torch.Tensor) -> None:
        """Write the rows at `places` into `into`.

        Raises:
            DataError: the file has been cut short since it was opened.
        """
        self._check()
        into.copy_(resized(self.base[self.places[places]], self.size))

    def _check(self) -> None:
        """Look at the file: the system ends a process that reads mapped bytes which are gone."""
        if not self.file:
            return
        with suppress(OSError):  # a file that only lost its name can still be read
            length = os.stat(self.file).st_size
            if length < self.length:
                raise DataError(
                    f"{self.file} had {self.length:,} bytes when it was opened and has "
                    f"{length:,} now: it was cut short meanwhile; put the whole file there"
                )


def resized(images: torch.Tensor, size: Size) -> torch.Tensor:
    """Return N x C x H x W uint8 `images` at `size` (height, width), antialiased bilinear."""
    if tuple(images.shape[2:]) == size:
        return images
    n, c = images.shape[:2]
    result = torch.empty((n, c, *size), dtype=torch.uint8)
    for start in range(0, n, _CHUNK):
        part = images[start : start + _CHUNK].float()
        part = functional.interpolate(part, size, mode="bilinear", antialias=True)
        result[start : start + _CHUNK] = part.round_().clamp_(0, 255)
    return result
