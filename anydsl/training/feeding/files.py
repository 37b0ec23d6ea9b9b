"""Pictures in files of their own, decoded when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from anydsl.errors import DataError, MissingExtraError
from anydsl.language.record import Record
from anydsl.training.fetching import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from typing import Self

    from PIL.Image import Image

    from anydsl.training.feeding.stored import Size

MODES = {1: "L", 3: "RGB"}
"""What Pillow calls pictures of so many channels."""

_FINE = 2
"""A JPEG may be decoded smaller than it is, but no smaller than so many times the wanted size."""


class Files(Record):
    """Files of pictures.

    Attributes:
        paths: the files.
        channels: what they are decoded to: 1 for grey, 3 for colour.
        size: height and width of each.
        fitted: whether pictures of another size are resized; else they are an error.
        centre: the share of the largest centred part of the right shape that is kept when a
            picture is resized; None squashes all of it.
        first: the file that `size` came from, where none was given.
    """

    paths: tuple[str, ...]
    channels: int
    size: Size
    fitted: bool
    centre: Fraction | float | None = None
    first: str = ""

    @classmethod
    def of(
        cls,
        paths: Sequence[str],
        channels: int,
        size: Size | None,
        centre: Fraction | float | None = None,
    ) -> Self:
        """The pictures in `paths` at `size`, or all of the size that the first one has.

        Raises:
            DataError: the first one is no picture.
        """
        if size is not None:
            return cls(tuple(paths), channels, size, True, centre)
        image = decoded(paths[0], channels)
        return cls(tuple(paths), channels, image.shape[:2], False, centre, paths[0])

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """N, channels, height, width, as they are read."""
        return len(self.paths), self.channels, *self.size

    def part(self, index: torch.Tensor) -> Self:
        """Return the files at `index`."""
        return self.replace(paths=tuple(self.paths[i] for i in whole_numbers(index)))

    def at(self, size: Size) -> Self:
        """Return the pictures resized to `size`."""
        return self if size == self.size else self.replace(size=size, fitted=True)

    def read(self, places: torch.Tensor, into: torch.Tensor) -> None:
        """Decode the files at `places` into `into`.

        Raises:
            DataError: one is missing, no picture, or of another size than the first.
        """
        rows = into.permute(0, 2, 3, 1).numpy()  # the same memory
        for row, place in zip(rows, whole_numbers(places), strict=True):
            path = self.paths[place]
            image = decoded(path, self.channels, self.size if self.fitted else None, self.centre)
            if image.shape != row.shape:
                raise DataError(
                    f"the pictures differ in size ({_size(row)} in {self.first}, "
                    f"{_size(image)} in {path}): "
                    'set `resize`, as in `data = image_folder("path", resize = 96x96)`'
                )
            row[:] = image


def decoded(
    path: str,
    channels: int,
    size: Size | None = None,
    centre: Fraction | float | None = None,
) -> np.ndarray:
    """Return the picture in a file as H x W x C bytes, at `size` if one is given.

    Raises:
        DataError: there is none.
    """
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise MissingExtraError("data set image_folder", "torch") from error
    try:
        with Image.open(path) as file:
            if size is not None:
                # A JPEG is decoded at a half, a quarter or an eighth of its size where that is
                # still large enough: much the quickest way to make a photograph small.
                file.draft(None, (_FINE * size[1], _FINE * size[0]))
            picture = file.convert(MODES[channels])
            if size is not None:
                picture = _resized(picture, size, centre)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} can't be read as a picture ({error})") from error
    return np.asarray(picture).reshape(picture.height, picture.width, channels)


def _resized(picture: Image, size: Size, centre: Fraction | float | None) -> Image:
    from PIL.Image import Resampling

    height, width = size
    box = None
    if centre is not None:
        # The largest centred part as wide to its height as the result, or a share of it.
        scale = float(centre) * min(picture.width / width, picture.height / height)
        left = (picture.width - scale * width) / 2
        top = (picture.height - scale * height) / 2
        box = (max(left, 0), max(top, 0), picture.width - left, picture.height - top)
    return picture.resize((width, height), Resampling.BILINEAR, box)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[0]}x{image.shape[1]}"
