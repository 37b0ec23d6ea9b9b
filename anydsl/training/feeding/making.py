"""Making batches of floats of pictures that are bytes, all on one device."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.training.feeding.augmentation.chain import Augmentation
    from anydsl.training.feeding.augmentation.change import Draws


@final
class Scale:
    """What pictures are normalised by, pictures taken as 0 to 1."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], device: torch.device) -> None:
        """`mean` and `std` are one number for each channel."""
        # In grey levels, 1 x C x 1 x 1 each.
        both = torch.tensor((tuple(mean), tuple(std))).mul_(255).view(2, 1, -1, 1, 1)
        self._mean, self._std = both[0].to(device), both[1].to(device)
        self._format = memory_format(device)

    def normalised(self, images: torch.Tensor) -> torch.Tensor:
        """Return N x C x H x W uint8 `images` as the floats that a net takes."""
        floats = images.to(torch.float32, memory_format=self._format)
        return floats.sub_(self._mean).div_(self._std)


@final
class Making:
    """How a batch for training is made. Nothing in it waits for the device."""

    def __init__(self, augmentation: Augmentation, scale: Scale) -> None:
        self._augmentation = augmentation
        self._scale = scale

    @property
    def mixes(self) -> bool:
        """Whether pictures are mixed with one another."""
        return self._augmentation.mixing is not None

    def draw(self, count: int) -> tuple[Draws, ...]:
        """All random numbers for a batch of `count` pictures."""
        return self._augmentation.draw(count)

    def made(
        self, images: torch.Tensor, labels: torch.Tensor, drawn: tuple[Draws, ...]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the batch of N x C x H x W uint8 `images`, changed as `drawn` and normalised.

        Labels are N int64 as they were, or where pictures are mixed N x K shares.
        """
        floats = self._scale.normalised(self._augmentation.changed(images, drawn))
        return self._augmentation.mixed(floats, labels, drawn)


def memory_format(device: torch.device) -> torch.memory_format:
    """The order of dimensions that `device`'s convolutions are fastest in."""
    return torch.contiguous_format if device.type == "mps" else torch.channels_last
