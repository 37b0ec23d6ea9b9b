"""What a net says of every picture of a set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from anydsl.language.record import Record
from anydsl.training.ranks import join

if TYPE_CHECKING:
    from torch import nn

    from anydsl.training.feeding.batches import Batches
    from anydsl.training.feeding.pictures import Pictures


class Outputs(Record):
    """What a net says of N pictures of C classes, on the CPU.

    Attributes:
        logits: N x C float32.
        labels: N int64, the true classes.
    """

    logits: torch.Tensor
    labels: torch.Tensor


def outputs_of(module: nn.Module, pictures: Pictures, batches: Batches, precision: str) -> Outputs:
    """Put all `pictures` through `module`, which is left in evaluation mode.

    The outputs stay on the device until the last picture is through.
    """
    module.eval()
    logits: list[torch.Tensor] = []
    labels: list[torch.Tensor] = []
    with torch.inference_mode(), join(batches.device, precision).autocast():
        for images, truth in batches.evaluation(pictures):
            logits.append(module(images).float())
            labels.append(truth)
        return Outputs(torch.cat(logits).cpu(), torch.cat(labels).cpu())
