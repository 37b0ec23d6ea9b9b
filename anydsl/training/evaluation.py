"""How well a net does on a set of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from anydsl.language.record import Record
from anydsl.training.fetching import floats
from anydsl.training.ranks import join

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

    Every rank takes its share of each batch. Numbers are fetched from the device once, at the end.

    Raises:
        Interrupted: the reader asked to stop, between two batches.
    """
    module.eval()
    ranks = join(batches.device, precision)
    sums = torch.zeros(3, device=batches.device)
    loss, first, best = sums.unbind()
    classes = 0
    with torch.inference_mode(), ranks.autocast():
        for images, labels in batches.evaluation(pictures):
            if len(labels):  # the last batch may be too small for all ranks
                outputs = module(images)
                classes = outputs.shape[1]
                loss += functional.cross_entropy(outputs, labels, reduction="sum")
                hits = outputs.topk(min(_TOP, classes), dim=1).indices == labels.unsqueeze(1)
                first += hits[:, 0].sum()
                best += hits.any(1).sum()
            if interruption:
                interruption.check()
    n = len(pictures)
    if batches.ranks > 1:
        ranks.total(sums)
    total_loss, total_first, total_best = floats(sums)
    return Scores(
        loss=total_loss / n,
        top1=total_first / n,
        top5=total_best / n if classes > _TOP else None,
        pictures=n,
    )
