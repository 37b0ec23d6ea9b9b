"""From a data set's files to pictures on the device: fitted to the net, split, and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from anydsl.design.expansion import setting_text
from anydsl.design.recipe import Dataset, Own
from anydsl.errors import DataError
from anydsl.language.record import Record
from anydsl.training.feeding.pictures import hold_out
from anydsl.training.feeding.placing import Reading, settled
from anydsl.training.feeding.statistics import statistics
from anydsl.training.feeding.stored import Array
from anydsl.training.seeds import derive

if TYPE_CHECKING:
    from collections.abc import Callable

    from anydsl.design.recipe import Recipe
    from anydsl.training.feeding.pictures import Opened, Pictures
    from anydsl.training.feeding.source import Source
    from anydsl.training.feeding.stored import Stored

Shape = tuple[int, int, int]


class Data(Record):
    """What a run trains on and is judged by.

    Attributes:
        source: which data set, and where it is.
        classes: the names of the classes, in the order of the labels.
        train: the pictures to train on.
        val: the pictures held out to validate on, None where none are.
        test: reads the test pictures; called once, at the end.
        mean, std: of each channel of `train`, pictures taken as 0 to 1.
        note: what was decided about the data in the reader's place.
        workers: threads that read what is not on the device.
    """

    source: Source
    classes: tuple[str, ...]
    train: Pictures
    val: Pictures | None
    test: Callable[[], Pictures]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    note: str
    workers: int = 0

    def identity(self) -> dict[str, object]:
        """What a resumed run must find unchanged."""
        return {
            "name": self.source.name,
            "classes": list(self.classes),
            "train": len(self.train),
            "val": len(self.val or ()),
            "mean": list(self.mean),
            "std": list(self.std),
        }


def prepare(
    source: Source,
    recipe: Recipe,
    shape: Shape,
    classes: int,
    device: torch.device,
    *,
    download: bool = False,
    reading: Reading = Reading(),
) -> Data:
    """Find the training pictures, hold the validation split out and put both on `device`.

    Where they don't fit they are left where they are. `shape` is the net's `input` (channels,
    height, width), `classes` how many it tells apart.

    Raises:
        DataError: the data is missing or broken, or does not fit the net.
    """
    opened = source.open(shape[0], download=download)
    check_classes(opened.classes, classes)
    fit = Fit(source, shape, classes)
    train, labels = fit(opened.train(), "training")
    if opened.validation:
        val, val_labels = fit(opened.validation(), "validation")
    else:
        kept, held = hold_out(labels, recipe.validation, derive(recipe.seed, "validation"))
        val, val_labels = train.part(held), labels[held]
        train, labels = train.part(kept), labels[kept]
    if len(labels) < 2:
        raise DataError(f"{source.name} leaves {len(labels)} pictures to train on: 2 are the least")
    sets, note = settled([(train, labels), (val, val_labels)], device, reading)
    mean, std = statistics(sets[0].images, reading.threads)
    return Data(
        source=source,
        classes=opened.classes,
        train=sets[0],
        val=sets[1] if len(val_labels) else None,
        test=lambda: test_pictures(opened, fit, device, reading),
        mean=mean,
        std=std,
        note="; ".join(part for part in (opened.note, note) if part),
        workers=reading.threads,
    )


def test_pictures(
    opened: Opened,
    fit: Fit,
    device: torch.device,
    reading: Reading = Reading(),
) -> Pictures:
    """Return the test pictures of `opened` as `fit` wants them, on `device` where they fit there.

    Raises:
        DataError: they are broken, or do not fit the net.
    """
    return settled([fit(opened.test(), "test")], device, reading)[0][0]


class Fit(Record):
    """Brings the pictures of one data set to the shape that the net takes."""

    source: Source
    shape: Shape
    classes: int

    def __call__(self, pictures: Pictures, split: str) -> tuple[Stored, torch.Tensor]:
        """Return `pictures` resized as the data set's `resize` says, and their labels.

        Raises:
            DataError: they are empty, contradict themselves, or do not fit the net's `input`.
        """
        _check_whole(pictures, self.classes, f"the {split} split of {self.source.name}")
        size = self.source.dataset.resize or (pictures.shape[1], pictures.shape[2])
        shape = (pictures.shape[0], *size)
        if shape != self.shape:
            raise DataError(
                f"the pictures are {_written(shape)} but `input` is {_written(self.shape)}: "
                f"set {self._remedy(shape)}"
            )
        images = pictures.images
        stored = Array.of(images) if isinstance(images, torch.Tensor) else images
        return stored.at(size), pictures.labels

    def _remedy(self, shape: Shape) -> str:
        words: list[str] = []
        if shape[0] != self.shape[0]:
            words.append(f"`input = {_written((shape[0], *self.shape[1:]))}`")
        if shape[1:] != self.shape[1:]:
            words.append(f"`data = {_call(self.source, self.shape[1:])}`")
        return " and ".join(words)


def check_classes(names: tuple[str, ...], classes: int) -> None:
    """Hold the data's classes against the net's.

    Raises:
        DataError: there are more or fewer.
    """
    if len(names) != classes:
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise DataError(
            f"the data has {len(names)} classes ({shown}) but the net tells {classes} apart: "
            f"set `head {{ classes = {len(names)} }}`"
        )


def _check_whole(pictures: Pictures, classes: int, what: str) -> None:
    labels, count = pictures.labels, pictures.images.shape[0]
    if count != len(labels):
        raise DataError(f"{what} has {count} pictures but {len(labels)} labels")
    if not count:
        raise DataError(f"{what} is empty")
    if labels.min() < 0 or labels.max() >= classes:
        raise DataError(f"{what} has labels outside of its {classes} classes")


def _written(shape: tuple[int, ...]) -> str:
    return "x".join(str(n) for n in shape)


def _call(source: Source, size: tuple[int, ...]) -> str:
    """Spell the data set as a recipe would, at another size."""
    arguments = [f'"{source.root}"'] if isinstance(source.dataset, Own) else []
    arguments.append(f"resize = {_written(size)}")
    if source.dataset.augment:
        kind = Dataset.__settings__["augment"].kind
        arguments.append(f"augment = {setting_text(source.dataset.augment, kind)}")
    return f"{source.name}({', '.join(arguments)})"
