"""Batches of pictures as the net takes them: floats on the device, each channel normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from anydsl.language.record import Record
from anydsl.training.feeding.augmentation.chain import Augmentation
from anydsl.training.feeding.augmentation.change import Frame
from anydsl.training.seeds import derive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anydsl.design.augmentation import Augment
    from anydsl.training.feeding.pictures import Pictures

Batch = tuple[torch.Tensor, torch.Tensor]


class Batches(Record):
    """How pictures become batches.

    Attributes:
        size: pictures a batch.
        mean, std: what each channel is normalised by, pictures taken as 0 to 1.
        device: where the batches are wanted; the pictures may be elsewhere.
        augment: the changes of training pictures.
        classes: how many there are; only mixed pictures need it.
        seed: the recipe's.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    device: torch.device
    augment: tuple[Augment, ...] = ()
    classes: int = 0
    seed: int = 0

    def steps(self, pictures: int) -> int:
        """How many batches an epoch has.

        The last, incomplete batch is left out, since batch norm would take its few pictures for
        all; another order every epoch brings each picture in. A set smaller than one batch is one.
        """
        return max(1, pictures // self.size)

    def training(self, pictures: Pictures, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of `epoch` (from 0) from the `start`-th on, shuffled and augmented.

        torch is seeded anew for every batch, so what is random in the step, dropout included, is
        the same wherever a run begins. Labels are N int64, those of mixed pictures N x K shares.
        """
        frame = Frame(*pictures.shape, self.device)
        augmentation = Augmentation(self.augment, self.mean, self.classes, frame)
        generator = torch.Generator().manual_seed(derive(self.seed, "order", epoch))
        order = torch.randperm(len(pictures), generator=generator).to(pictures.images.device)
        scale = self._scale()
        for place in range(start, self.steps(len(pictures))):
            torch.manual_seed(  # pyright: ignore[reportUnknownMemberType] - torch leaves it open
                derive(self.seed, "step", epoch, place)
            )
            images, labels = self._batch(pictures, order[place * self.size :][: self.size])
            drawn = augmentation.draw(len(labels))
            floats = self._normalised(augmentation.changed(images, drawn), scale)
            yield augmentation.mixed(floats, labels, drawn)

    def evaluation(self, pictures: Pictures) -> Iterator[Batch]:
        """All pictures once, in order, unchanged."""
        scale = self._scale()
        for start in range(0, len(pictures), self.size):
            images, labels = self._batch(pictures, slice(start, start + self.size))
            yield self._normalised(images, scale), labels

    def _batch(self, pictures: Pictures, index: torch.Tensor | slice) -> Batch:
        images, labels = pictures.images[index], pictures.labels[index]
        return (
            images.to(self.device, non_blocking=True),
            labels.to(self.device, non_blocking=True),
        )

    def _scale(self) -> Batch:
        """Mean and standard deviation in grey levels, 1 x C x 1 x 1 each."""
        mean, std = torch.tensor((self.mean, self.std)).mul_(255).view(2, 1, -1, 1, 1)
        return mean.to(self.device), std.to(self.device)

    def _normalised(self, images: torch.Tensor, scale: Batch) -> torch.Tensor:
        mean, std = scale
        floats = images.to(torch.float32, memory_format=memory_format(self.device))
        return floats.sub_(mean).div_(std)


def memory_format(device: torch.device) -> torch.memory_format:
    """The order of dimensions that `device`'s convolutions are fastest in."""
    return torch.contiguous_format if device.type == "mps" else torch.channels_last
