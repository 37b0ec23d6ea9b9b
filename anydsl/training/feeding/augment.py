"""Random changes of training pictures, a whole batch at once, on the device the batch is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence


def augmented(images: torch.Tensor, changes: Sequence[str]) -> torch.Tensor:
    """Return N x C x H x W uint8 `images` after each of `changes`, each picture differently.

    Randomness is that of torch's default generator for the device.
    """
    for change in changes:
        images = {"crop": _crop, "flip": _flip}[change](images)
    return images


def _crop(images: torch.Tensor) -> torch.Tensor:
    """Pad with black by an eighth of the height on all sides, and cut back at a random place."""
    n, c, h, w = images.shape
    pad = max(1, h // 8)
    padded = functional.pad(images, (pad, pad, pad, pad))
    place = torch.randint(2 * pad + 1, (2, n, 1), device=images.device)
    rows = place[0] + torch.arange(h, device=images.device)
    columns = place[1] + torch.arange(w, device=images.device)
    picture = torch.arange(n, device=images.device).view(n, 1, 1, 1)
    channel = torch.arange(c, device=images.device).view(1, c, 1, 1)
    return padded[picture, channel, rows.view(n, 1, h, 1), columns.view(n, 1, 1, w)]


def _flip(images: torch.Tensor) -> torch.Tensor:
    """Mirror every other picture, by chance, left to right."""
    mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(mirrored, images.flip(-1), images)
