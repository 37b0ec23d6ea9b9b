"""Brightness, contrast, saturation and hue, changed at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch

from anydsl.training.feeding.augmentation.change import Change
from anydsl.training.feeding.augmentation.colour import blended, grey, hue_turned

if TYPE_CHECKING:
    from anydsl.training.feeding.augmentation.change import Draws, Frame

_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE = range(4)


@final
class ColorJittering(Change):
    """Changes all four, in an order that is drawn, as torchvision.transforms.v2.ColorJitter.

    Three of them blend the picture with another one: black, the mean of its grey, its grey.
    """

    def __init__(self, reach: tuple[float, float, float, float], frame: Frame) -> None:
        """`reach` is how far each may go from 1, hue from 0: brightness, contrast, saturation, hue.

        A hue goes once around the circle in 1.
        """
        self.frame = frame
        self.reach = reach

    def draw(self, count: int) -> Draws:
        """The order of the four and the amount of each, N x 4 both."""
        device = self.frame.device
        order = torch.rand(count, 4, device=device).argsort(1)
        uniform = torch.rand(count, 4, device=device)
        amounts = [
            low + (high - low) * uniform[:, which]
            for which, (low, high) in enumerate(map(self._range, range(4)))
        ]
        return order, torch.stack(amounts, 1)

    def apply(self, images: torch.Tensor, draws: Draws) -> torch.Tensor:
        """One blend for each of the four turns, with what the picture's turn is."""
        order, amounts = draws
        changed = images.float()
        for turn in range(4):
            which = order[:, turn].view(-1, 1, 1, 1)
            amount = amounts.gather(1, order[:, turn : turn + 1]).view(-1, 1, 1, 1)
            blend = self._blended(changed, which, amount)
            if self.reach[_HUE]:
                hue = hue_turned(changed, torch.where(which == _HUE, amount, 0))
                changed = torch.where(which == _HUE, hue, blend)
            else:
                changed = blend
        return changed.to(torch.uint8)

    def _blended(
        self, images: torch.Tensor, which: torch.Tensor, amount: torch.Tensor
    ) -> torch.Tensor:
        light = grey(images)
        mean = light.mean((1, 2, 3), keepdim=True)
        other = torch.where(which == _CONTRAST, mean, torch.zeros_like(mean))
        other = torch.where(which == _SATURATION, light, other)
        return blended(images, other, torch.where(which == _HUE, 1, amount))

    def _range(self, which: int) -> tuple[float, float]:
        reach = self.reach[which]
        return (-reach, reach) if which == _HUE else (max(0.0, 1 - reach), 1 + reach)
