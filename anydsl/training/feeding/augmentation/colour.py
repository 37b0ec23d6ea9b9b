"""What is done to colours, with an amount for each picture.

Pictures are N x C x H x W float32 here, whole numbers from 0 to 255; amounts are N x 1 x 1 x 1. The
formulas and the rounding are those of torchvision.transforms.v2.functional for uint8.
"""

from __future__ import annotations

import torch

_LUMA = (0.2989, 0.587, 0.114)
_LEVELS = 256


def grey(images: torch.Tensor) -> torch.Tensor:
    """The grey of pictures in red, green and blue, N x 1 x H x W; others keep their channels."""
    if images.shape[1] != 3:
        return images
    red, green, blue = images.unbind(1)
    light = red.mul(_LUMA[0]).add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])
    return light.floor_().unsqueeze(1)


def blended(images: torch.Tensor, others: torch.Tensor, ratio: torch.Tensor) -> torch.Tensor:
    """`ratio` of `images` and the rest of `others`; beyond 1 the difference is exaggerated."""
    return torch.addcmul(images, others - images, 1 - ratio).clamp_(0, 255).floor_()


def smoothed(images: torch.Tensor) -> torch.Tensor:
    """Each pixel but those at the border by its 3x3: thirteenths, five in the middle."""
    if min(images.shape[2:]) <= 2:
        return images
    rows = images[:, :, :-2] + images[:, :, 1:-1] + images[:, :, 2:]
    smooth = rows[..., :-2].add(rows[..., 1:-1]).add_(rows[..., 2:])
    smooth.add_(images[:, :, 1:-1, 1:-1], alpha=4).mul_(1 / 13).round_()
    result = images.clone()
    result[:, :, 1:-1, 1:-1] = smooth
    return result


def hue_turned(images: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """Hues turned by a share of the circle, saturation and value kept; only colours have hues.

    By Smith 1978: of the hexagon's coordinate `h6`, a channel falls from the value by the chroma
    times a trapezoid of `h6`, shifted by 5, 3 and 1 for red, green and blue.
    """
    if images.shape[1] != 3:
        return images
    red, green, blue = images.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    over = chroma.clamp(min=1)  # without chroma there is no hue, and any will do
    at_red, at_green = (green - blue) / over, (blue - red) / over + 2
    h6 = torch.where(value == green, at_green, (red - green) / over + 4)
    h6 = torch.where(value == red, at_red, h6) + 6 * turn.squeeze(1)
    turned: list[torch.Tensor] = []
    for shift in (5, 3, 1):
        place = h6 + shift
        place.sub_(place.div(6).floor_(), alpha=6)
        turned.append(value - chroma * torch.minimum(place, 4 - place).clamp_(0, 1))
    # A level is an interval of 255.999/256, as torchvision turns floats into bytes.
    return torch.stack(turned, 1).mul_((_LEVELS - 1e-3) / 255).floor_()


def equalizing(images: torch.Tensor) -> torch.Tensor:
    """Tables, N x C x 256, after which all levels of a uint8 picture are about equally frequent.

    As Pillow's ImageOps.equalize: the levels below, over the step that 255 equal parts would have.
    """
    n, c = images.shape[:2]
    place = images.flatten(2).long()
    one = torch.ones((), dtype=torch.int32, device=images.device).expand(place.shape)
    counts = torch.zeros(n, c, _LEVELS, dtype=torch.int32, device=images.device)
    counts = counts.scatter_add_(2, place, one)
    below = (counts.cumsum(2, dtype=torch.int32) - counts).float()  # below 2^24: exact
    highest = images.flatten(2).amax(2, keepdim=True).long()
    step = below.gather(2, highest).div_(255).floor_()
    table = (below + (step / 2).floor_()).div_(step.clamp(min=1)).floor_().clamp_(0, 255)
    return torch.where(step == 0, torch.arange(_LEVELS, device=images.device).float(), table)


def stretching(images: torch.Tensor) -> torch.Tensor:
    """Tables, N x C x 256, that stretch the levels of each channel from 0 to 255."""
    pixels = images.flatten(2)
    low, high = pixels.amin(2, keepdim=True).float(), pixels.amax(2, keepdim=True).float()
    levels = torch.arange(_LEVELS, device=images.device, dtype=torch.float32)
    stretched = ((levels - low) / ((high - low) * (1 / 255))).clamp_(0, 255).floor_()
    return torch.where(high == low, levels, stretched)
