"""Batches of pictures as the net takes them: floats on the device, each channel normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from anydsl.language.record import Record
from anydsl.training.feeding.augmentation.chain import Augmentation, share
from anydsl.training.feeding.augmentation.change import Frame
from anydsl.training.feeding.streaming import streamed
from anydsl.training.seeds import derive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from anydsl.design.augmentation import Augment
    from anydsl.training.feeding.pictures import Pictures

Batch = tuple[torch.Tensor, torch.Tensor]


class Batches(Record):
    """How pictures become batches.

    Attributes:
        size: pictures a batch, those of all ranks together.
        mean, std: what each channel is normalised by, pictures taken as 0 to 1.
        device: where the batches are wanted; the pictures may be elsewhere.
        augment: the changes of training pictures.
        classes: how many there are; only mixed pictures need it.
        seed: the recipe's.
        rank, ranks: which share of every batch is made here, and how many there are.
        workers: threads that read pictures which are not on the device.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    device: torch.device
    augment: tuple[Augment, ...] = ()
    classes: int = 0
    seed: int = 0
    rank: int = 0
    ranks: int = 1
    workers: int = 0

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
        order = torch.randperm(len(pictures), generator=generator)
        steps = range(start, self.steps(len(pictures)))
        parts = [order[place * self.size :][: self.size] for place in steps]
        scale = self._scale()
        read = self._read(pictures, parts)
        for place, part, (images, labels) in zip(steps, parts, read, strict=True):
            torch.manual_seed(  # pyright: ignore[reportUnknownMemberType] - torch leaves it open
                derive(self.seed, "step", epoch, place)
            )
            # Drawn for all of the batch, so that a picture is the same on any number of ranks.
            drawn = share(augmentation.draw(len(part)), self._share(len(part)))
            if self.rank:  # what is random in the net must not be the same on every rank
                torch.manual_seed(  # pyright: ignore[reportUnknownMemberType]
                    derive(self.seed, "step", epoch, place, self.rank)
                )
            floats = self._normalised(augmentation.changed(images, drawn), scale)
            yield augmentation.mixed(floats, labels, drawn)

    def evaluation(self, pictures: Pictures) -> Iterator[Batch]:
        """All pictures once, in order, unchanged; a rank's share of a batch may be empty."""
        parts = torch.split(torch.arange(len(pictures)), self.size)
        scale = self._scale()
        for images, labels in self._read(pictures, parts):
            yield self._normalised(images, scale), labels

    def _share(self, pictures: int) -> slice:
        """Which of the `pictures` of a batch are this rank's."""
        return slice(self.rank * pictures // self.ranks, (self.rank + 1) * pictures // self.ranks)

    def _read(self, pictures: Pictures, parts: Sequence[torch.Tensor]) -> Iterator[Batch]:
        """This rank's share of the pictures at the places of each part, as bytes on the device."""
        own = [part[self._share(len(part))] for part in parts]
        if not own:
            return
        # The places go to the device all at once, since that may wait for it.
        places = torch.split(torch.cat(own).to(self.device), [len(part) for part in own])
        images, labels = pictures.images, pictures.labels.to(self.device)
        if isinstance(images, torch.Tensor):
            for index in places:
                yield images[index.to(images.device)].to(self.device), labels[index]
            return
        pinned = self.device.type == "cuda"
        read = streamed(images, own, self.workers, pinned=pinned)
        for index, batch in zip(places, read, strict=True):
            yield batch.to(self.device, non_blocking=pinned), labels[index]

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
