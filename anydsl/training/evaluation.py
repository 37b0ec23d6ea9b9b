"""How well a net does on a set of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from anydsl.language.record import Record
from anydsl.training.devices import autocast

if TYPE_CHECKING:
    from torch import nn

    from anydsl.training.feeding.batches import Batches
    from anydsl.training.feeding.pictures import Pictures
    from anydsl.training.interruption import Interruption

_TOP = 5


class Scores(Record):
    """How well a net did.

    Attributes:
        loss: mean cross entropy, without label smoothing.
        top1, top5: shares of the pictures; `top5` is None with five classes or fewer.
        pictures: how many there were.
    """

    loss: float
    top1: float
    top5: float | None
    pictures: int


def evaluate(
    module: nn.Module,
    pictures: Pictures,
    batches: Batches,
    precision: str,
    interruption: Interruption | None = None,
) -> Scores:
    """Put all `pictures` through `module`, which is left in evaluation mode.

    Numbers are fetched from the device once, at the end.

    Raises:
        Interrupted: the reader asked to stop, between two batches.
    """
    module.eval()
    loss, first, best = (torch.zeros((), device=batches.device) for _ in range(3))
    classes = 0
    with torch.inference_mode(), autocast(batches.device, precision):
        for images, labels in batches.evaluation(pictures):
            outputs = module(images)
            classes = outputs.shape[1]
            loss += functional.cross_entropy(outputs, labels, reduction="sum")
            hits = outputs.topk(min(_TOP, classes), dim=1).indices == labels.unsqueeze(1)
            first += hits[:, 0].sum()
            best += hits.any(1).sum()
            if interruption:
                interruption.check()
    n = len(pictures)
    return Scores(
        loss=loss.item() / n,
        top1=first.item() / n,
        top5=best.item() / n if classes > _TOP else None,
        pictures=n,
    )
