"""A square of each picture taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch

from anydsl.training.feeding.augmentation.change import Change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.training.feeding.augmentation.change import Draws, Frame


@final
class CuttingOut(Change):
    """Paints a square around a random pixel in the mean colour (DeVries and Taylor 2017).

    After normalising that is the zero of the paper (arXiv:1708.04552, section 3.1). A square at the
    border is cut off there.
    """

    def __init__(self, size: int | None, mean: Sequence[float], frame: Frame) -> None:
        """`size` is a side in pixels, None for half the height; `mean` of pictures as 0 to 1."""
        self.frame = frame
        self.size = max(1, frame.height // 2) if size is None else size
        levels = torch.tensor([round(255 * m) for m in mean], dtype=torch.uint8)
        self.colour = levels.view(1, -1, 1, 1).to(frame.device)

    def draw(self, count: int) -> Draws:
        """Row and column in the middle of the square, N each."""
        device = self.frame.device
        rows = torch.randint(self.frame.height, (count,), device=device)
        return rows, torch.randint(self.frame.width, (count,), device=device)

    def apply(self, images: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Paint where both row and column are in the square."""
        rows = self._within(draws[0], self.frame.height).unsqueeze(2)
        columns = self._within(draws[1], self.frame.width).unsqueeze(1)
        return torch.where((rows & columns).unsqueeze(1), self.colour, images)

    def _within(self, middle: torch.Tensor, length: int) -> torch.Tensor:
        place = torch.arange(length, device=middle.device) - middle.unsqueeze(1) + self.size // 2
        return (place >= 0) & (place < self.size)
