"""What every random change of pictures is: numbers drawn, and numbers applied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from anydsl.language.record import Record

if TYPE_CHECKING:
    import torch

Draws = tuple["torch.Tensor", ...]
"""What one change drew: tensors that have the pictures as their first dimension."""


class Frame(Record):
    """What the pictures of a set have in common: their shape and where they are changed."""

    channels: int
    height: int
    width: int
    device: torch.device


class Change(ABC):
    """A random change of N x C x H x W uint8 pictures, each in its own way.

    Drawing is apart from applying, so that each of several processes can draw for the whole batch
    and apply its share, and all of them together do what one process would do. Neither waits for
    the device, and no shape depends on what is drawn: both can be captured in a CUDA graph.
    """

    @abstractmethod
    def draw(self, count: int) -> Draws:
        """The random numbers for `count` pictures, from torch's default generator of the device."""

    @abstractmethod
    def apply(self, images: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Return `images` changed as `draws` say; `images` stay as they are."""
