"""Pictures mixed with one another, and their classes in the same shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never, final

import torch
from torch.distributions import Beta

from anydsl.design.augmentation import CutMix, MixUp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.training.feeding.augmentation.change import Draws, Frame


@final
class Mixing:
    """Mixes each picture with its neighbour in the batch: the first two, the next two, ….

    Neighbours stay together when a batch is cut into shares of an even size, so that no share needs
    a picture of another one; a batch is shuffled, so that any two pictures can be neighbours. The
    last of an odd batch takes from the one before it. Both of a pair draw their own numbers. Where
    several ways are declared, a picture gets one of them by chance, each as often as the other.
    """

    def __init__(self, ways: Sequence[MixUp | CutMix], classes: int, frame: Frame) -> None:
        """`classes` is how many the net tells apart."""
        self.ways = tuple(ways)
        self.classes = classes
        self.frame = frame

    def draw(self, count: int) -> Draws:
        """Each picture's share of itself, its way, and a pixel in the middle of what is cut out.

        N each; the pixel is drawn for CutMix alone.
        """
        device = self.frame.device
        shares = torch.stack([_beta(float(way.alpha), count, device) for way in self.ways], 1)
        which = torch.randint(len(self.ways), (count,), device=device)
        share = shares.gather(1, which.unsqueeze(1)).squeeze(1)
        if not any(isinstance(way, CutMix) for way in self.ways):
            return share, which
        rows = torch.randint(self.frame.height, (count,), device=device)
        return share, which, rows, torch.randint(self.frame.width, (count,), device=device)

    def apply(
        self, images: torch.Tensor, labels: torch.Tensor, draws: Draws
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return N x C x H x W float `images` mixed, and how much of each class they are, N x K."""
        share, which, *middle = draws
        weight = share.view(-1, 1, 1, 1)
        for number, way in enumerate(self.ways):
            match way:
                case MixUp():
                    pass  # the share of a picture is the weight of each of its pixels
                case CutMix():
                    outside = self._outside(share, middle[0], middle[1])
                    weight = torch.where(which.view(-1, 1, 1, 1) == number, outside, weight)
                case _:
                    assert_never(way)
        other = neighbours(len(images), images.device)
        # Not `one_hot`, which looks at the labels, and on some devices waits for them.
        targets = (labels.unsqueeze(1) == torch.arange(self.classes, device=labels.device)).float()
        own = weight.mean((1, 2, 3)).unsqueeze(1)
        return (
            torch.lerp(images[other], images, weight),
            torch.lerp(targets[other], targets, own),
        )

    def _outside(
        self, share: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
    ) -> torch.Tensor:
        """1 where a picture stays, 0 in the box that its neighbour fills, N x 1 x H x W.

        The box has the shape of the picture, 1 - share of its area, and is cut off at the border.
        """
        half = 0.5 * (1 - share).sqrt()
        inside = [
            (place >= middle.unsqueeze(1) - reach) & (place < middle.unsqueeze(1) + reach)
            for middle, length in ((rows, self.frame.height), (columns, self.frame.width))
            for place in (torch.arange(length, device=share.device),)
            for reach in ((half * length).floor().unsqueeze(1),)
        ]
        box = inside[0].unsqueeze(2) & inside[1].unsqueeze(1)
        return (~box).to(share.dtype).unsqueeze(1)


def neighbours(count: int, device: torch.device) -> torch.Tensor:
    """The place of each picture's neighbour in a batch of `count`."""
    places = torch.arange(count, device=device)
    other = places ^ 1
    return torch.where(other < count, other, (places - 1).clamp(min=0))


def foremost(targets: torch.Tensor) -> torch.Tensor:
    """The class of each picture, N, where `targets` are N classes or N x K shares of classes."""
    return targets if targets.ndim == 1 else targets.argmax(1)


def _beta(alpha: float, count: int, device: torch.device) -> torch.Tensor:
    both = torch.full((count,), alpha, device=device)
    return Beta(both, both, validate_args=False).sample()
