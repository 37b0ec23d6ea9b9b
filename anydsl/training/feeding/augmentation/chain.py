"""All changes that a data set declares, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never, final

from anydsl.design.augmentation import (
    Augment,
    ColorJitter,
    Crop,
    CutMix,
    Cutout,
    Flip,
    MixUp,
    RandAugment,
    ResizedCrop,
)
from anydsl.training.feeding.augmentation.change import Change, Draws, Frame
from anydsl.training.feeding.augmentation.color_jitter import ColorJittering
from anydsl.training.feeding.augmentation.cutout import CuttingOut
from anydsl.training.feeding.augmentation.mixing import Mixing
from anydsl.training.feeding.augmentation.placing import Cropping, Flipping, ResizedCropping
from anydsl.training.feeding.augmentation.randaugment import RandAugmenting

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch


@final
class Augmentation:
    """What is done to training pictures of one shape on one device.

    Of a batch, `draw` the numbers, let `changed` have the pictures as bytes, and after they are
    normalised let `mixed` have them with their labels. A process that has but a share of the batch
    draws for all of it, and takes `share` of what it drew.
    """

    def __init__(
        self, declared: Sequence[Augment], mean: Sequence[float], classes: int, frame: Frame
    ) -> None:
        """`mean` is that of each channel of pictures as 0 to 1; `classes` how many there are."""
        mixing = [one for one in declared if isinstance(one, (MixUp, CutMix))]
        self.changes = tuple(
            _change(one, mean, frame) for one in declared if not isinstance(one, (MixUp, CutMix))
        )
        self.mixing = Mixing(mixing, classes, frame) if mixing else None

    def draw(self, count: int) -> tuple[Draws, ...]:
        """All random numbers for a batch of `count` pictures."""
        drawn = [change.draw(count) for change in self.changes]
        return (*drawn, self.mixing.draw(count)) if self.mixing else tuple(drawn)

    def changed(self, images: torch.Tensor, drawn: tuple[Draws, ...]) -> torch.Tensor:
        """Return N x C x H x W uint8 `images` after each change, each picture differently."""
        for change, draws in zip(self.changes, drawn, strict=False):
            images = change.apply(images, draws)
        return images

    def mixed(
        self, images: torch.Tensor, labels: torch.Tensor, drawn: tuple[Draws, ...]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return float `images` mixed and targets: `labels`, or where mixed N x K shares."""
        return self.mixing.apply(images, labels, drawn[-1]) if self.mixing else (images, labels)


def share(drawn: tuple[Draws, ...], part: slice) -> tuple[Draws, ...]:
    """What was drawn for the pictures at `part` of the batch."""
    return tuple(tuple(numbers[part] for numbers in draws) for draws in drawn)


def _change(
    declared: Crop | Flip | ResizedCrop | Cutout | ColorJitter | RandAugment,
    mean: Sequence[float],
    frame: Frame,
) -> Change:
    match declared:
        case Crop(padding=padding):
            return Cropping(padding, frame)
        case Flip():
            return Flipping(frame)
        case ResizedCrop(scale=scale, ratio=ratio):
            return ResizedCropping(float(scale), float(ratio), frame)
        case Cutout(size=size):
            return CuttingOut(size, mean, frame)
        case ColorJitter(brightness=b, contrast=c, saturation=s, hue=h):
            return ColorJittering((float(b), float(c), float(s), float(h)), frame)
        case RandAugment(num_ops=num_ops, magnitude=magnitude):
            return RandAugmenting(num_ops, magnitude, frame)
        case _:
            assert_never(declared)
