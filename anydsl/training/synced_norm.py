"""Batch norm whose statistics are those of all ranks' pictures together.

torch's SyncBatchNorm works on CUDA alone; elsewhere this one takes its place. Parameters, buffers
and their names stay as they are.
"""

from __future__ import annotations

from typing import Any, cast, final

import torch
from torch import distributed, nn

from anydsl.errors import RunError


def synced(module: nn.Module, device: torch.device) -> nn.Module:
    """Return `module` with every BatchNorm2d in it exchanged, its tensors kept.

    Raises:
        RunError: a batch norm in it keeps no running statistics.
    """
    if device.type == "cuda":
        return cast("Any", nn.SyncBatchNorm).convert_sync_batchnorm(module)
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.BatchNorm2d) and not isinstance(child, SyncedBatchNorm2d):
                setattr(parent, name, SyncedBatchNorm2d.of(child))
    return module


@final
class SyncedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over N x C x H x W on every rank; in evaluation, torch's own."""

    @classmethod
    def of(cls, norm: nn.BatchNorm2d) -> SyncedBatchNorm2d:
        """Return one with the settings, parameters and buffers of `norm`.

        Raises:
            RunError: `norm` keeps no running statistics.
        """
        if not norm.track_running_stats:
            raise RunError("sync_batch_norm needs batch norms with running statistics")
        made = cls(norm.num_features, norm.eps, norm.momentum, norm.affine, device="meta")
        for name, value in (*norm.named_parameters(), *norm.named_buffers()):
            setattr(made, name, value)
        return made.train(norm.training)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's word
        """Normalize by the mean and variance over N, H and W of all ranks (Ioffe, Szegedy 2015)."""
        if not self.training:
            return super().forward(input)
        x = input.float()
        count = x.new_full((1,), x.numel() // x.shape[1])
        sums = _all_sum(torch.cat((x.sum((0, 2, 3)), count)))
        mean, total = sums[:-1] / sums[-1], sums[-1].detach()
        centred = x - mean.view(1, -1, 1, 1)
        # In a second sum, not from the sum of squares, which would cancel.
        variance = _all_sum(centred.square().sum((0, 2, 3))) / total
        self._follow(mean.detach(), variance.detach() * (total / (total - 1)))
        scale = (variance + self.eps).rsqrt()
        if self.affine:
            scale = scale * self.weight
        result = centred * scale.view(1, -1, 1, 1)
        if self.affine:
            result = result + self.bias.view(1, -1, 1, 1)
        return result.to(input.dtype)

    def _follow(self, mean: torch.Tensor, variance: torch.Tensor) -> None:
        """Bring the running statistics nearer to this batch's, without a momentum to their mean."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            share = self.num_batches_tracked.float().reciprocal()
            weight = share if self.momentum is None else share.new_tensor(self.momentum)
            self.running_mean.lerp_(mean, weight)
            self.running_var.lerp_(variance, weight)


class _AllSum(torch.autograd.Function):
    """The sum over all ranks; what flows back to each is the sum of what all of them send."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor) -> torch.Tensor:
        """Return the sum of the ranks' `tensor`."""
        del ctx
        result = tensor.clone()
        distributed.all_reduce(result)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        """Return the sum of the ranks' gradients."""
        del ctx
        result = grads[0].clone()
        distributed.all_reduce(result)
        return result


def _all_sum(tensor: torch.Tensor) -> torch.Tensor:
    return _AllSum.apply(tensor)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
