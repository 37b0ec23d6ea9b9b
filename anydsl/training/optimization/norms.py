"""Statistics of batch norms that are measured, not followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import distributed, nn
from torch.optim.swa_utils import update_bn

from anydsl.training.ranks import join

if TYPE_CHECKING:
    from collections.abc import Iterable


def measure_norms(module: nn.Module, images: Iterable[torch.Tensor], precision: str) -> None:
    """Set the statistics of every batch norm of `module` to the averages over some batches.

    Precise batch norm as in pycls (`compute_precise_bn_stats`; Wu and Johnson 2021,
    arXiv:2105.07576, section 3): the mean of the batches' means and of their variances, under the
    weights as they are, in place of a moving average over weights that are no more. Where
    processes train together, the average is over the batches of all.

    Args:
        module: the net on its device; nothing but its statistics changes.
        images: batches of training pictures as the net takes them, N x C x H x W.
        precision: the recipe's.
    """
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]  # pyright: ignore[reportPrivateUsage] - the base of them all
    if not norms:
        return
    with join(next(module.parameters()).device, precision).autocast():
        update_bn(images, module)
    if distributed.is_available() and distributed.is_initialized():
        for norm in norms:
            for value in (norm.running_mean, norm.running_var):
                if value is not None:
                    distributed.all_reduce(value)
                    value.div_(distributed.get_world_size())
