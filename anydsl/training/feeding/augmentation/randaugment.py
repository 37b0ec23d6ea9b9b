"""RandAugment (Cubuk et al. 2020), with operations of its own for every picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

import torch

from anydsl.training.feeding.augmentation.change import Change
from anydsl.training.feeding.augmentation.colour import (
    blended,
    equalizing,
    grey,
    smoothed,
    stretching,
)

if TYPE_CHECKING:
    from anydsl.training.feeding.augmentation.change import Draws, Frame

OPERATIONS = (
    "identity",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "rotate",
    "brightness",
    "color",
    "contrast",
    "sharpness",
    "posterize",
    "solarize",
    "autocontrast",
    "equalize",
)
"""In torchvision's order, which is that of the draws."""

_LARGEST = 30


@final
class RandAugmenting(Change):
    """Applies `num_ops` of fourteen operations, one after the other, at one magnitude.

    Operations, magnitudes and results are those of torchvision.transforms.v2.RandAugment, which
    draws them once for a batch. So that each picture can have its own without waiting for the
    device, each turn is done as three passes over all pictures: those that move pixels are one
    sampling with a matrix for each picture; those that look at one level of one channel are a table
    for each channel; colour and sharpness are blends.
    """

    def __init__(self, num_ops: int, magnitude: int, frame: Frame) -> None:
        """`magnitude` is from 0, which does little, to 30."""
        self.frame = frame
        self.num_ops = num_ops
        share = magnitude / _LARGEST
        self.enhanced, self.sheared, self.angle = 0.9 * share, 0.3 * share, math.radians(30 * share)
        self.moved = tuple(int(150 / 331 * side * share) for side in (frame.width, frame.height))
        levels = torch.arange(256, device=frame.device)
        bits = 8 - round(4 * share)
        self.posterized = levels // 2 ** (8 - bits) * 2 ** (8 - bits)
        self.solarized = torch.where(levels >= 255 * (1 - share), 255 - levels, levels)

    def draw(self, count: int) -> Draws:
        """Which operation is at each turn, and uniform numbers that give its sign: N x turns."""
        device = self.frame.device
        which = torch.randint(len(OPERATIONS), (count, self.num_ops), device=device)
        return which, torch.rand(count, self.num_ops, device=device)

    def apply(self, images: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Do one turn after the other."""
        for which, uniform in zip(draws[0].unbind(1), draws[1].unbind(1), strict=True):
            sign = torch.where(uniform <= 0.5, -1.0, 1.0)
            images = self._coloured(self._moved(images, which, sign), which, sign)
        return images

    def _moved(self, images: torch.Tensor, which: torch.Tensor, sign: torch.Tensor) -> torch.Tensor:
        """Where each pixel comes from, counted from the middle: a matrix times its place."""
        h, w = self.frame.height, self.frame.width

        def only(name: str, amount: float) -> torch.Tensor:
            is_it = which == OPERATIONS.index(name)
            return torch.where(is_it, amount * sign, 0).view(-1, 1, 1)

        sheared_x, sheared_y = only("shear_x", self.sheared), only("shear_y", self.sheared)
        angle = only("rotate", self.angle)
        y = torch.linspace((1 - h) / 2, (h - 1) / 2, h, device=images.device).view(1, h, 1)
        x = torch.linspace((1 - w) / 2, (w - 1) / 2, w, device=images.device)
        # Shears leave the upper left corner where it is, rotations the middle.
        across = sheared_x * (h / 2) - only("translate_x", self.moved[0]) + (w - 1) / 2
        down = sheared_y * (w / 2) - only("translate_y", self.moved[1]) + (h - 1) / 2
        column = (angle.cos() * x + (sheared_x - angle.sin()) * y + across).round_()
        row = ((sheared_y + angle.sin()) * x + angle.cos() * y + down).round_()
        inside = (column >= 0) & (column < w) & (row >= 0) & (row < h)
        place = torch.where(inside, row * w + column, 0).long().view(-1, 1, h * w)
        pixels = images.flatten(2).gather(2, place.expand(-1, self.frame.channels, -1))
        return pixels.view_as(images).mul_(inside.unsqueeze(1))

    def _coloured(
        self, images: torch.Tensor, which: torch.Tensor, sign: torch.Tensor
    ) -> torch.Tensor:
        """The picture of levels through a table, or blended with another one."""
        which = which.view(-1, 1, 1, 1)
        ratio = (1 + self.enhanced * sign).view(-1, 1, 1, 1)
        mean = grey(images.float()).mean((1, 2, 3), keepdim=True)
        tables = self._tables(images, which.flatten(2), ratio.flatten(2), mean.flatten(2))
        changed = tables.gather(2, images.flatten(2).long()).view_as(images)
        # What went through a table is blended with nothing, and what is blended went through none.
        is_sharpness = which == OPERATIONS.index("sharpness")
        is_blend = is_sharpness | (which == OPERATIONS.index("color"))
        other = torch.where(is_sharpness, smoothed(changed), grey(changed))
        return blended(changed, other, torch.where(is_blend, ratio, 1)).to(torch.uint8)

    def _tables(
        self, pixels: torch.Tensor, which: torch.Tensor, ratio: torch.Tensor, mean: torch.Tensor
    ) -> torch.Tensor:
        """What each level of each channel becomes, N x C x 256."""
        levels = torch.arange(256, device=pixels.device, dtype=torch.float32)
        tables = levels.expand(*pixels.shape[:2], 256)
        for name, made in (
            ("brightness", blended(levels, torch.zeros_like(mean), ratio)),
            ("contrast", blended(levels, mean, ratio)),
            ("posterize", self.posterized.float()),
            ("solarize", self.solarized.float()),
            ("autocontrast", stretching(pixels)),
            ("equalize", equalizing(pixels)),
        ):
            tables = torch.where(which == OPERATIONS.index(name), made, tables)
        return tables
