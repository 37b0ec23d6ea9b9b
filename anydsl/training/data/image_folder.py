"""Pictures in folders named after their classes: `train/CLASS/*.jpg`, `test/CLASS/*.jpg`.

`val/` is the test split where there is no `test/`, and the validation split where there is. Without
a `train/` beneath, the class folders stand directly in the folder. Without a test split one fifth,
stratified by class under a fixed seed, is held out for it. Pictures are decoded to as many
channels as the net's `input` has: 1 for grey, 3 for colour.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import torch

from anydsl.design.recipe import ImageFolder
from anydsl.errors import DataError, UsageError
from anydsl.training.feeding.files import MODES, Files
from anydsl.training.feeding.pictures import Opened, Pictures, opened_splits

if TYPE_CHECKING:
    from pathlib import Path

    from anydsl.design.recipe import Dataset

_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def holds(root: Path) -> bool:
    """Whether `root`, or `root/train`, has class folders with pictures in them."""
    return any(_has_picture(folder) for folder in _folders(_training(root)))


def parts(root: Path) -> tuple[Path, ...]:
    """The folder itself."""
    return (root,)


def download(root: Path) -> None:
    """Refuse: nobody but the reader knows where these pictures are.

    Raises:
        UsageError: always.
    """
    raise UsageError(f"`image_folder` can't be downloaded: put the pictures into {root}")


def opened(dataset: Dataset, root: Path, channels: int) -> Opened:
    """List the pictures below `root`; `channels` is what they are decoded to.

    Raises:
        DataError: no folder, no class folders, no pictures, or neither 1 nor 3 channels.
    """
    if channels not in MODES:
        raise DataError(
            f"pictures have 1 (grey) or 3 (colour) channels, not {channels}: "
            "set `input = 3xHxW` in the net"
        )
    assert isinstance(dataset, ImageFolder)
    training = _training(root)
    classes = tuple(folder.name for folder in _folders(training))

    def read(folder: Path) -> Pictures:
        paths, labels = _samples(folder, classes)
        files = Files.of(paths, channels, dataset.resize, dataset.centre)
        return Pictures(files, torch.tensor(labels, dtype=torch.int64))

    splits = (
        [root / name for name in ("val", "test") if (root / name).is_dir()]
        if training != root
        else []
    )
    return opened_splits(
        classes,
        train=partial(read, training),
        test=partial(read, splits[-1]) if splits else None,
        validation=partial(read, splits[0]) if len(splits) == 2 else None,
        where=training,
    )


def _training(root: Path) -> Path:
    return root / "train" if (root / "train").is_dir() else root


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(entry for entry in root.iterdir() if entry.is_dir())
    except OSError:
        return []


def _has_picture(folder: Path) -> bool:
    return any(
        file.lower().endswith(_SUFFIXES) for _, _, files in os.walk(folder) for file in files
    )


def _samples(root: Path, classes: tuple[str, ...]) -> tuple[list[str], list[int]]:
    """The files of pictures below `root`, class by class, and which class each is of."""
    strange = {folder.name for folder in _folders(root)} - set(classes)
    if strange:
        raise DataError(f"{root} has classes that train/ lacks: {', '.join(sorted(strange))}")
    paths: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        for folder, _, files in sorted(os.walk(root / name)):
            found = [file for file in sorted(files) if file.lower().endswith(_SUFFIXES)]
            paths += [os.path.join(folder, file) for file in found]
            labels += [label] * len(found)
    if not paths:
        raise DataError(
            f"no pictures in {root}: they belong in folders named after their classes, such as "
            f"{root / 'cat' / '1.jpg'}"
        )
    return paths, labels
