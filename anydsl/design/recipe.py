"""Recipes: how a network is trained, as plain values whose fields are the language's declarations.

The names and, where nothing else is said, the defaults are PyTorch's.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from anydsl.design.augmentation import AUGMENTS, Augment, CutMix, MixUp
from anydsl.design.optimizers import SGD, Adam, AdamW, Lamb, Optimizer, RMSprop
from anydsl.design.schedules import (
    Constant,
    Cosine,
    Linear,
    MultiStep,
    OneCycle,
    Schedule,
    Step,
)
from anydsl.design.variant import Number, Variant
from anydsl.language.declaration import setting
from anydsl.language.record import Record, RecordType

_RESIZE = "height x width that every picture is resized to; without it the picture's own size"
_AUGMENT = "random changes of the training pictures, in this order"


class Dataset(Variant):
    """Where the pictures come from; each data set of the language is a subclass.

    Attributes:
        shape: channels, height and width of its pictures, where they are all alike.
        classes: how many it tells apart, where that is known.
        pictures: how many there are to train and validate on, where that is known.
    """

    shape: ClassVar[tuple[int, int, int] | None] = None
    classes: ClassVar[int | None] = None
    pictures: ClassVar[int | None] = None
    resize: tuple[int, int] | None = setting("size", _RESIZE, default=None)
    augment: tuple[Augment, ...] = setting("variants", _AUGMENT, default=(), choices=AUGMENTS)

    def conflict(self) -> tuple[str, str] | None:
        """Pictures are mixed as the net takes them, after all else."""
        mixing = [isinstance(one, (MixUp, CutMix)) for one in self.augment]
        if mixing != sorted(mixing):
            return "augment", "`mixup` and `cutmix` come last: mixed pictures aren't changed again"
        return None


class Digits(Dataset):
    """1,797 grey 8x8 pictures of handwritten digits, part of scikit-learn; needs no network."""

    shape, classes, pictures = (1, 8, 8), 10, 1438


class FashionMNIST(Dataset):
    """70,000 grey 28x28 pictures of ten kinds of clothing (Xiao et al. 2017)."""

    shape, classes, pictures = (1, 28, 28), 10, 60_000


class CIFAR10(Dataset):
    """60,000 colour 32x32 pictures in ten classes (Krizhevsky 2009)."""

    shape, classes, pictures = (3, 32, 32), 10, 50_000


class CIFAR100(Dataset):
    """60,000 colour 32x32 pictures in a hundred classes (Krizhevsky 2009)."""

    shape, classes, pictures = (3, 32, 32), 100, 50_000


class Own(Dataset):
    """Pictures of the reader's own; each kind is a subclass."""

    path: str = setting("text", "the folder or file", default="")


class ImageFolder(Own):
    """Pictures in folders named after their classes, with `train` and `test` or `val` folders."""

    centre: Number | None = setting(
        "number",
        "share of the largest centred part of the shape of `resize` that is kept of a picture; "
        "without it all of the picture is squashed into that shape",
        default=None,
        above=0,
        high=1,
    )


class Npz(Own):
    """Arrays of pictures and labels in a file of numpy.savez, as those of Keras and MedMNIST."""


class Safetensors(Own):
    """Arrays of pictures and labels in a safetensors file, under the same names as in `npz`."""


DATASETS = {
    "digits": Digits,
    "fashion_mnist": FashionMNIST,
    "cifar10": CIFAR10,
    "cifar100": CIFAR100,
    "image_folder": ImageFolder,
    "npz": Npz,
    "safetensors": Safetensors,
}


OPTIMIZERS = {"sgd": SGD, "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "lamb": Lamb}
SCHEDULES = {
    "constant": Constant,
    "cosine": Cosine,
    "linear": Linear,
    "step": Step,
    "multi_step": MultiStep,
    "one_cycle": OneCycle,
}

VARIANTS: dict[str, RecordType] = {**DATASETS, **OPTIMIZERS, **SCHEDULES, **AUGMENTS}
"""All that a recipe calls by its name."""


class Recipe(Record):
    """How to train: `recipe NAME { … }`.

    Every setting has a default, so that a file without a recipe trains with a stated one.
    """

    name: str = "default"
    doc: str = ""
    data: Dataset = setting("variant", "the pictures", default=Digits(), choices=DATASETS)
    epochs: int = setting("whole", "passes over the training pictures", default=10, low=1)
    batch: int = setting("whole", "pictures per step", default=128, low=1, high=2**20)
    optimizer: Optimizer = setting(
        "variant", "how weights are updated", default=SGD(), choices=OPTIMIZERS
    )
    schedule: Schedule = setting(
        "variant",
        "the learning rate over time, changed at every step",
        default=Cosine(),
        choices=SCHEDULES,
    )
    label_smoothing: Number = setting(
        "number", "share of the target spread over all classes", default=0, low=0, high=1
    )
    ema: Number = setting(
        "number",
        "decay of the exponential moving average of the weights that is evaluated; 0 for none",
        default=0,
        low=0,
        high=1,
    )
    clip_norm: Number = setting(
        "number",
        "the norm of the whole gradient above which it is scaled down to it; 0 for none",
        default=0,
        low=0,
    )
    precise_bn: int = setting(
        "whole",
        "training pictures by which the statistics of batch norms are measured anew "
        "before each evaluation; 0 for none",
        default=0,
        low=0,
        high=2**31,
    )
    precision: str = setting(
        "word",
        "`fp32`, `bf16`: bfloat16 autocast of the forward pass; `auto`: what suits net and machine",
        default="auto",
        choices=("auto", "fp32", "bf16"),
    )
    sync_batch_norm: bool = setting(
        "flag",
        "on several GPUs, whether batch norm takes the pictures of all of them together",
        default=False,
    )
    validation: Number = setting(
        "number",
        "share of the training pictures held out to validate on",
        default=Fraction(1, 10),
        low=0,
        high=Fraction(1, 2),
    )
    seed: int = setting("whole", "seed of every random choice", default=0, low=0, high=2**32 - 1)
