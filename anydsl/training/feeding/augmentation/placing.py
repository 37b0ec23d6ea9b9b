"""Changes of where a picture stands: cropped, cropped and enlarged, mirrored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

import torch
from torch.nn import functional

from anydsl.training.feeding.augmentation.change import Change

if TYPE_CHECKING:
    from anydsl.training.feeding.augmentation.change import Draws, Frame

_TRIES = 10


@final
class Cropping(Change):
    """Pads with black by `padding` on all sides, and cuts back at a random place."""

    def __init__(self, padding: int | None, frame: Frame) -> None:
        """`padding` is in pixels, None for an eighth of the height."""
        self.frame = frame
        self.padding = max(1, frame.height // 8) if padding is None else padding

    def draw(self, count: int) -> Draws:
        """Where the cut begins: N x 2, row and column in the padded picture."""
        place = torch.randint(2 * self.padding + 1, (2, count, 1), device=self.frame.device)
        return (place.squeeze(2).t(),)

    def apply(self, images: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Take one of the windows of each padded picture."""
        pad, (place,) = self.padding, draws
        windows = functional.pad(images, (pad, pad, pad, pad))
        windows = windows.unfold(2, self.frame.height, 1).unfold(3, self.frame.width, 1)
        picture = torch.arange(len(images), device=images.device)
        return windows[picture, :, place[:, 0], place[:, 1]]


@final
class Flipping(Change):
    """Mirrors every other picture, by chance, left to right."""

    def __init__(self, frame: Frame) -> None:
        """Mirror pictures of `frame`."""
        self.frame = frame

    def draw(self, count: int) -> Draws:
        """Uniform numbers, N x 1 x 1 x 1: below a half a picture is mirrored."""
        return (torch.rand(count, 1, 1, 1, device=self.frame.device),)

    def apply(self, images: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Take the mirrored pixel or the same one."""
        return torch.where(draws[0] < 0.5, images.flip(-1), images)


@final
class ResizedCropping(Change):
    """Enlarges a random part of the picture to the whole (Szegedy et al. 2015, section 6).

    As torchvision.transforms.v2.RandomResizedCrop from the picture's size to the same size. The
    part is never larger than the picture, so that bilinear interpolation needs no antialiasing.
    """

    def __init__(self, scale: float, ratio: float, frame: Frame) -> None:
        """`scale` is the least share of the area, `ratio` the most of width over height."""
        self.frame = frame
        self.scale = scale
        self.ratio = math.log(ratio)

    def draw(self, count: int) -> Draws:
        """The parts, N x 4: top, left, height and width, whole numbers.

        Of ten tries the first that fits in the picture; where none does, the largest part in the
        middle that keeps `ratio`.
        """
        height, width = self.frame.height, self.frame.width
        area, aspect, *place = torch.rand(4, count, _TRIES, device=self.frame.device)
        area = (self.scale + (1 - self.scale) * area) * (height * width)
        aspect = torch.exp((2 * aspect - 1) * self.ratio)
        sides = torch.stack(((area / aspect).sqrt(), (area * aspect).sqrt()), 2).round_()
        h, w = sides.unbind(2)
        fits = (h > 0) & (h <= height) & (w > 0) & (w <= width)
        top, left = (place[0] * (height - h + 1)).floor(), (place[1] * (width - w + 1)).floor()
        tries = torch.stack((top, left, h, w), 2)
        middle = torch.stack([torch.full_like(area[:, 0], n) for n in self._middle()], 1)
        first = fits.to(torch.uint8).argmax(1)
        found = tries.gather(1, first.view(count, 1, 1).expand(count, 1, 4)).squeeze(1)
        return (torch.where(fits.any(1, keepdim=True), found, middle),)

    def apply(self, images: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Sample each part at as many places as the picture has pixels."""
        part = draws[0].unsqueeze(2)
        rows = _places(part[:, 0], part[:, 2], self.frame.height)
        columns = _places(part[:, 1], part[:, 3], self.frame.width)
        n, h, w = len(images), self.frame.height, self.frame.width
        grid = torch.stack(
            (columns.view(n, 1, w).expand(n, h, w), rows.view(n, h, 1).expand(n, h, w)), 3
        )
        sampled = functional.grid_sample(
            images.float(), grid, "bilinear", "border", align_corners=False
        )
        return sampled.round_().to(torch.uint8)

    def _middle(self) -> tuple[int, int, int, int]:
        h, w, most = self.frame.height, self.frame.width, math.exp(self.ratio)
        if w > h * most:
            w = round(h * most)
        elif h > w * most:
            h = round(w * most)
        return (self.frame.height - h) // 2, (self.frame.width - w) // 2, h, w


def _places(start: torch.Tensor, length: torch.Tensor, size: int) -> torch.Tensor:
    """`size` places over a part of a side of `size` pixels, as grid_sample counts: from -1 to 1."""
    pixels = torch.arange(size, device=start.device)
    places = start + (pixels + 0.5) * (length / size) - 0.5
    inside = torch.minimum(torch.maximum(places, start), start + length - 1)
    return (2 * inside + 1) / size - 1
