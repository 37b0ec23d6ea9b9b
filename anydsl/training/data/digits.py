"""scikit-learn's digits: 1,797 pictures, 1x8x8, inside the package itself.

The set has no test split. A fifth, stratified by class under a fixed seed, is the test split here,
always the same 359 pictures, whatever the recipe says.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import torch

from anydsl.errors import MissingExtraError
from anydsl.training.feeding.pictures import Opened, Pictures, opened_splits

if TYPE_CHECKING:
    from pathlib import Path

    from anydsl.design.recipe import Dataset

_BRIGHTEST = 16


def holds(root: Path) -> bool:
    """No folder holds the digits: they are part of scikit-learn."""
    del root
    return False


def parts(root: Path) -> tuple[Path, ...]:
    """No files of their own."""
    del root
    return ()


def download(root: Path) -> None:
    """Nothing to do: the digits need no network."""
    del root


def opened(dataset: Dataset, root: Path, channels: int) -> Opened:
    """Find scikit-learn.

    Raises:
        MissingExtraError: it is not installed.
    """
    del dataset, root, channels
    _pictures()
    classes = tuple(str(digit) for digit in range(10))
    # Known beforehand, so not worth a note.
    return opened_splits(classes, _pictures, None, None, "digits").replace(note="")


@cache
def _pictures() -> Pictures:
    try:
        from sklearn import datasets  # pyright: ignore[reportMissingTypeStubs]
    except ModuleNotFoundError as error:
        raise MissingExtraError("data set digits", "torch") from error
    digits = cast("Any", datasets).load_digits()
    images = torch.as_tensor(digits.images, dtype=torch.float64) * (255 / _BRIGHTEST)
    labels = torch.as_tensor(digits.target, dtype=torch.int64)
    return Pictures(images.round().to(torch.uint8).unsqueeze(1), labels)
