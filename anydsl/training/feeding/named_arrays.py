"""Data sets that are a file of arrays, told by their names.

- Keras: `x_train`, `y_train`, `x_val`, `y_val`, `x_test`, `y_test`
- MedMNIST: `train_images`, `train_labels`, `val_images`, …, `test_labels`
- anything else: `images`, `labels`

Pictures are bytes (uint8), N x H x W, N x H x W x C or N x C x H x W; labels are whole numbers from
0, N or N x 1. Only the training pictures have to be there.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import torch

from anydsl.errors import DataError
from anydsl.language.record import Record
from anydsl.training.feeding.pictures import Opened, Pictures, opened_splits
from anydsl.training.feeding.stored import Array

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SPLITS = ("train", "val", "test")
_KINDS: tuple[dict[str, tuple[str, str]], ...] = (
    {split: (f"x_{split}", f"y_{split}") for split in _SPLITS},
    {split: (f"{split}_images", f"{split}_labels") for split in _SPLITS},
    {"train": ("images", "labels")},
)


class Arrays(Record):
    """A file of arrays.

    Attributes:
        path: the file.
        arrays: its arrays by name, each read or mapped when it is asked for.
        classes: the names of the classes, where the file has them.
    """

    path: Path
    arrays: Mapping[str, Callable[[], torch.Tensor]]
    classes: tuple[str, ...] | None


def opened_arrays(arrays: Arrays, channels: int) -> Opened:
    """Find the splits of a file of arrays; `channels` are the net's.

    Raises:
        DataError: its arrays have other names, or are no pictures and labels.
    """
    for kind in _KINDS:
        here = [
            split for split, names in kind.items() if all(name in arrays.arrays for name in names)
        ]
        if "train" in here:
            break
    else:
        known = " or ".join(_listed(kind["train"]) for kind in _KINDS)
        raise DataError(
            f"{arrays.path} has no arrays called {known}: "
            f"it has {_listed(tuple(arrays.arrays)) or 'none'}"
        )
    splits = {split: partial(_pictures, arrays, kind[split], channels) for split in here}
    classes = arrays.classes
    if classes is None:
        labels = _labels(arrays, kind["train"][1])
        count = int(labels.max()) + 1 if len(labels) else 0
        classes = tuple(str(number) for number in range(count))
    return opened_splits(
        classes, splits["train"], splits.get("test"), splits.get("val"), arrays.path
    )


def _pictures(arrays: Arrays, names: tuple[str, str], channels: int) -> Pictures:
    labels = _labels(arrays, names[1])
    images = Array.of(_images(arrays, names[0], channels))
    file, length = str(arrays.path), os.stat(arrays.path).st_size
    return Pictures(images.replace(file=file, length=length), labels)


def _images(arrays: Arrays, name: str, channels: int) -> torch.Tensor:
    """N x C x H x W, in the order of dimensions in memory that the file has."""
    images = arrays.arrays[name]()
    if images.dtype != torch.uint8:
        raise DataError(
            f"{arrays.path}: `{name}` holds {_kind(images)}, but pictures are bytes from 0 to 255: "
            f"`(255 * {name}).round().astype('uint8')` makes them of numbers from 0 to 1"
        )
    if images.ndim not in (3, 4) or 0 in images.shape[1:]:
        raise DataError(
            f"{arrays.path}: `{name}` is {_shape(images)}, but pictures are NxHxW, NxHxWxC or "
            "NxCxHxW"
        )
    if images.ndim == 3:
        return images.unsqueeze(1)
    _, first, _, last = images.shape
    # Where both could be the channels they stand last, as they do with Keras and MedMNIST.
    if last == channels or (first != channels and last < first):
        return images.permute(0, 3, 1, 2)
    return images


def _labels(arrays: Arrays, name: str) -> torch.Tensor:
    labels = arrays.arrays[name]()
    whole = not labels.is_floating_point() and not labels.is_complex()
    if not whole or labels.ndim not in (1, 2) or labels.shape[1:].numel() != 1:
        raise DataError(
            f"{arrays.path}: `{name}` is {_shape(labels)} of {_kind(labels)}, but labels are one "
            "whole number from 0 for each picture"
        )
    return labels.flatten().to(torch.int64, copy=True)  # in memory, whatever becomes of the file


def _shape(array: torch.Tensor) -> str:
    return "x".join(str(n) for n in array.shape) or "one number"


def _kind(array: torch.Tensor) -> str:
    return str(array.dtype).removeprefix("torch.")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
