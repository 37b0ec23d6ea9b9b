"""Initial weights, as the RegNet paper's code sets them."""

from __future__ import annotations

import math

import torch
from torch import nn

from anydsl.lowering.modules import LayerNorm2d, LayerScale


def initialize(module: nn.Module, *, seed: int = 0) -> None:
    """Set all parameters and buffers, in the order of the modules.

    Convolutions are normal with He's fan-out, sqrt(2 / (k k w)) whatever the groups (He et al.
    2015); their biases, where there are some, are uniform within 1 / sqrt(fan-in), as torch sets
    them; batch and layer norm are the identity; linear layers are N(0, 0.01) with a bias of zero;
    a layer scale is what the spec says.

    Args:
        module: where to set them, on any device; the numbers are drawn on the CPU.
        seed: of the generator.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in module.modules():
            match part:
                case nn.Conv2d():
                    fan_out = part.kernel_size[0] * part.kernel_size[1] * part.out_channels
                    _normal(part.weight, math.sqrt(2 / fan_out), generator)
                    if part.bias is not None:
                        bound = 1 / math.sqrt(part.weight[0].numel())
                        drawn = torch.empty(part.bias.shape)
                        part.bias.copy_(drawn.uniform_(-bound, bound, generator=generator))
                case nn.Linear():
                    _normal(part.weight, 0.01, generator)
                    if has_bias(part):
                        part.bias.zero_()
                case nn.BatchNorm2d():
                    part.reset_running_stats()  # a copy's buffers hold no numbers yet
                    part.weight.fill_(1)
                    part.bias.zero_()
                case LayerNorm2d() | LayerScale():
                    part.reset_parameters()
                case _:
                    pass


def has_bias(module: nn.Module) -> bool:
    """Whether a module has a bias; torch's types say that all have."""
    return getattr(module, "bias", None) is not None


def _normal(parameter: torch.Tensor, std: float, generator: torch.Generator) -> None:
    if parameter.device.type == "cpu":
        parameter.normal_(0, std, generator=generator)
    else:
        parameter.copy_(torch.empty(parameter.shape).normal_(0, std, generator=generator))
