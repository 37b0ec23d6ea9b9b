"""Batches of pictures as the net takes them: floats on the device, each channel normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from anydsl.language.record import Record
from anydsl.training.feeding.augmentation.chain import Augmentation, share
from anydsl.training.feeding.augmentation.change import Frame
from anydsl.training.feeding.making import Making, Scale
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
        making = self.making(pictures)
        steps = range(start, self.steps(len(pictures)))
        parts = list(self.order(len(pictures), epoch)[start:])
        read = self._read(pictures, parts)
        for place, part, (images, labels) in zip(steps, parts, read, strict=True):
            self.reseed(epoch, place)
            # Drawn for all of the batch, so that a picture is the same on any number of ranks.
            drawn = share(making.draw(len(part)), self._share(len(part)))
            if self.rank:  # what is random in the net must not be the same on every rank
                self.reseed(epoch, place, self.rank)
            yield making.made(images, labels, drawn)

    def order(self, pictures: int, epoch: int) -> torch.Tensor:
        """Which of so many pictures are in each batch of `epoch`: steps x batch, int64, on the CPU.

        Whole batches alone, so `steps` says how many.
        """
        generator = torch.Generator().manual_seed(derive(self.seed, "order", epoch))
        order = torch.randperm(pictures, generator=generator)
        steps, size = self.steps(pictures), min(self.size, pictures)
        return order[: steps * size].view(steps, size)

    def reseed(self, epoch: int, place: int, *rank: int) -> None:
        """Seed torch for the step at `place` of `epoch`."""
        torch.manual_seed(  # pyright: ignore[reportUnknownMemberType] - torch leaves it open
            derive(self.seed, "step", epoch, place, *rank)
        )

    def making(self, pictures: Pictures) -> Making:
        """How batches for training are made of such pictures."""
        frame = Frame(*pictures.shape, self.device)
        augmentation = Augmentation(self.augment, self.mean, self.classes, frame)
        return Making(augmentation, Scale(self.mean, self.std, self.device))

    def evaluation(self, pictures: Pictures) -> Iterator[Batch]:
        """All pictures once, in order, unchanged; a rank's share of a batch may be empty."""
        parts = torch.split(torch.arange(len(pictures)), self.size)
        scale = Scale(self.mean, self.std, self.device)
        for images, labels in self._read(pictures, parts):
            yield scale.normalised(images), labels

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
