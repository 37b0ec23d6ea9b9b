"""Pictures in folders named after their classes: `train/CLASS/*.jpg`, `test/CLASS/*.jpg`.

`val/` is the test split where there is no `test/`, and the validation split where there is. Without
a `train/` beneath, the class folders stand directly in the folder. Without a test split one fifth,
stratified by class under a fixed seed, is held out for it. Pictures are decoded to as many
channels as the net's `input` has: 1 for grey, 3 for colour.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import torch

from anydsl.errors import DataError, MissingExtraError, UsageError
from anydsl.training.feeding.pictures import Opened, Pictures, hold_out, limited, resized
from anydsl.training.fetching import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anydsl.design.recipe import Dataset

_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
_TEST_SHARE = Fraction(1, 5)
_TEST_SEED = 0
_MODES = {1: "L", 3: "RGB"}

_Sample = tuple[str, int]


def holds(root: Path) -> bool:
    """Whether `root`, or `root/train`, has class folders with pictures in them."""
    return any(_has_picture(folder) for folder in _folders(_training(root)))


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
    if channels not in _MODES:
        raise DataError(
            f"pictures have 1 (grey) or 3 (colour) channels, not {channels}: "
            "set `input = 3xHxW` in the net"
        )
    training = _training(root)
    classes = tuple(folder.name for folder in _folders(training))
    read = partial(_read, channels=channels, size=dataset.resize)
    train = _samples(training, classes)
    splits = (
        [name for name in ("val", "test") if (root / name).is_dir()] if training != root else []
    )
    test = partial(_split, root, splits[-1], classes) if splits else None
    if test is None:
        labels = torch.tensor([label for _, label in train], dtype=torch.int64)
        kept, held = hold_out(labels, _TEST_SHARE, _TEST_SEED)
        held_out = [train[i] for i in whole_numbers(held)]
        train = [train[i] for i in whole_numbers(kept)]
        note = (
            f"{training} has no test split beside it: {len(held_out):,} of "
            f"{len(labels):,} pictures are held out for the test"
        )
        return Opened(classes, lambda: read(train), lambda: read(held_out), note=note)
    own = partial(_split, root, "val", classes) if len(splits) == 2 else None
    return Opened(
        classes,
        train=lambda: read(train),
        test=lambda: read(test()),
        validation=own and (lambda: read(own())),
        note="val/ is the validation split" if own else "",
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


def _split(root: Path, name: str, classes: tuple[str, ...]) -> list[_Sample]:
    strange = {folder.name for folder in _folders(root / name)} - set(classes)
    if strange:
        raise DataError(
            f"{root / name} has classes that train/ lacks: {', '.join(sorted(strange))}"
        )
    return _samples(root / name, classes)


def _samples(root: Path, classes: tuple[str, ...]) -> list[_Sample]:
    samples = [
        (os.path.join(folder, file), label)
        for label, name in enumerate(classes)
        for folder, _, files in sorted(os.walk(root / name))
        for file in sorted(files)
        if file.lower().endswith(_SUFFIXES)
    ]
    if not samples:
        raise DataError(
            f"no pictures in {root}: they belong in folders named after their classes, such as "
            f"{root / 'cat' / '1.jpg'}"
        )
    return samples


def _read(samples: Sequence[_Sample], *, channels: int, size: tuple[int, int] | None) -> Pictures:
    first = _decoded(samples[0][0], channels, size)
    limited(len(samples), (channels, first.shape[1], first.shape[2]))
    images = torch.empty((len(samples), *first.shape), dtype=torch.uint8)
    # Decoding lets go of the interpreter, so threads share the work.
    with ThreadPoolExecutor() as pool:
        decode = partial(_decoded, channels=channels, size=size)
        decoded = pool.map(decode, (path for path, _ in samples))
        for place, image in enumerate(decoded):
            if image.shape != first.shape:
                raise DataError(
                    f"the pictures differ in size ({_size(first)} in {samples[0][0]}, "
                    f"{_size(image)} in {samples[place][0]}): "
                    'set `resize`, as in `data = image_folder("path", resize = 96x96)`'
                )
            images[place] = image
    return Pictures(images, torch.tensor([label for _, label in samples], dtype=torch.int64))


def _decoded(path: str, channels: int, size: tuple[int, int] | None) -> torch.Tensor:
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise MissingExtraError("data set image_folder", "torch") from error
    try:
        with Image.open(path) as file:
            picture = file.convert(_MODES[channels])
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} can't be read as a picture ({error})") from error
    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
    image = pixels.view(picture.height, picture.width, channels).permute(2, 0, 1)
    return image if size is None else resized(image.unsqueeze(0), size).squeeze(0)


def _size(image: torch.Tensor) -> str:
    return f"{image.shape[1]}x{image.shape[2]}"
