"""Initial weights, as the RegNet paper's code sets them."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import NamedTuple

import torch
from torch import nn

from anydsl.lowering.modules import LayerNorm2d, LayerScale

_WORTH_A_THREAD = 500_000  # numbers; drawing them takes longer than to start a thread


class _Draw(NamedTuple):
    """Numbers still to be drawn: normal ones with a deviation, or uniform ones within a bound."""

    tensor: torch.Tensor
    seed: int
    scale: float
    uniform: bool = False


def initialize(module: nn.Module, *, seed: int = 0) -> None:
    """Set all parameters and buffers.

    Convolutions are normal with He's fan-out, sqrt(2 / (k k w)) whatever the groups (He et al.
    2015); their biases, where there are some, are uniform within 1 / sqrt(fan-in), as torch sets
    them; batch and layer norm are the identity; linear layers are N(0, 0.01) with a bias of zero;
    a layer scale is what the spec says.

    Args:
        module: where to set them, on any device; the numbers are drawn on the CPU, each parameter's
            from a generator of its own, so that they are the same however many threads draw.
        seed: of these generators.
    """
    draws: list[_Draw] = []
    seeds = Random(seed)
    with torch.no_grad():
        for part in module.modules():
            match part:
                case nn.Conv2d():
                    fan_out = part.kernel_size[0] * part.kernel_size[1] * part.out_channels
                    draws.append(
                        _Draw(part.weight.detach(), seeds.getrandbits(32), math.sqrt(2 / fan_out))
                    )
                    if part.bias is not None:
                        bound = 1 / math.sqrt(part.weight[0].numel())
                        draws.append(
                            _Draw(part.bias.detach(), seeds.getrandbits(32), bound, uniform=True)
                        )
                case nn.Linear():
                    draws.append(_Draw(part.weight.detach(), seeds.getrandbits(32), 0.01))
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
    _draw(draws)


def has_bias(module: nn.Module) -> bool:
    """Whether a module has a bias; torch's types say that all have."""
    return getattr(module, "bias", None) is not None


def _draw(draws: list[_Draw]) -> None:
    """Draw all numbers, on as many threads as torch uses where that is worth it."""
    numbers = sum(draw.tensor.numel() for draw in draws)
    threads = max(1, min(torch.get_num_threads(), numbers // _WORTH_A_THREAD))
    shares: list[list[_Draw]] = [[] for _ in range(threads)]
    loads = [0] * threads
    for draw in sorted(draws, key=lambda draw: draw.tensor.numel(), reverse=True):
        least = loads.index(min(loads))
        shares[least].append(draw)
        loads[least] += draw.tensor.numel()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(_draw_share, shares):
            pass  # what a thread raised is raised here


def _draw_share(share: list[_Draw]) -> None:
    generator = torch.Generator()
    for draw in share:
        generator.manual_seed(draw.seed)
        target = draw.tensor
        drawn = target if target.device.type == "cpu" else torch.empty(target.shape)
        if draw.uniform:
            drawn.uniform_(-draw.scale, draw.scale, generator=generator)
        else:
            drawn.normal_(0, draw.scale, generator=generator)
        if drawn is not target:
            target.copy_(drawn)
