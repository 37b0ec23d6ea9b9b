"""The random changes of training pictures that `augment` lists.

The names of the settings are those of torchvision.transforms.v2.
"""

from __future__ import annotations

from fractions import Fraction

from anydsl.design.variant import Number, Variant
from anydsl.language.declaration import setting

_LONGEST = 2**16
_REACH = Fraction(4, 10)


class Crop(Variant):
    """Pads with black on all sides and cuts back to the size at a random place."""

    padding: int | None = setting(
        "whole",
        "pixels on each side; without it an eighth of the height",
        default=None,
        low=1,
        high=_LONGEST,
    )


class Flip(Variant):
    """Mirrors every other picture, by chance, left to right."""


class ResizedCrop(Variant):
    """Enlarges a random part to the size of the picture (Szegedy et al. 2015), for ImageNet."""

    scale: Number = setting(
        "number", "the least share of the area", default=Fraction(8, 100), above=0, high=1
    )
    ratio: Number = setting(
        "number",
        "the most that a part is wider than high, or higher than wide",
        default=Fraction(4, 3),
        low=1,
        high=100,
    )


class Cutout(Variant):
    """Paints a square at a random place in the mean colour (DeVries and Taylor 2017)."""

    size: int | None = setting(
        "whole",
        "side of the square in pixels; without it half the height",
        default=None,
        low=1,
        high=_LONGEST,
    )


class ColorJitter(Variant):
    """Changes brightness, contrast, saturation and hue in random order, as torchvision."""

    brightness: Number = setting(
        "number", "how far the factor goes from 1", default=_REACH, low=0, high=10
    )
    contrast: Number = setting(
        "number", "how far the factor goes from 1", default=_REACH, low=0, high=10
    )
    saturation: Number = setting(
        "number", "how far the factor goes from 1", default=_REACH, low=0, high=10
    )
    hue: Number = setting(
        "number",
        "how far hues turn, as a share of the circle",
        default=0,
        low=0,
        high=Fraction(1, 2),
    )


class RandAugment(Variant):
    """Some of fourteen operations one after the other, each picture its own (Cubuk et al. 2020)."""

    num_ops: int = setting("whole", "how many operations", default=2, low=1, high=100)
    magnitude: int = setting("whole", "how strong they are", default=9, low=0, high=30)


class MixUp(Variant):
    """Mixes pairs of pictures and their classes, pixel by pixel (Zhang et al. 2018)."""

    alpha: Number = setting(
        "number",
        "of the beta distribution of the share: the smaller, the less is mixed",
        default=Fraction(2, 10),
        low=Fraction(1, 20),
        high=1000,
    )


class CutMix(Variant):
    """Puts a box of one picture into another and mixes their classes (Yun et al. 2019)."""

    alpha: Number = setting(
        "number",
        "of the beta distribution of what is left: at 1 all shares are alike",
        default=1,
        low=Fraction(1, 20),
        high=1000,
    )


Augment = Crop | Flip | ResizedCrop | Cutout | ColorJitter | RandAugment | MixUp | CutMix

AUGMENTS = {
    "crop": Crop,
    "flip": Flip,
    "resized_crop": ResizedCrop,
    "cutout": Cutout,
    "color_jitter": ColorJitter,
    "randaugment": RandAugment,
    "mixup": MixUp,
    "cutmix": CutMix,
}
