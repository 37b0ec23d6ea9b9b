"""Which weight decay each parameter of a net has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from anydsl.lowering.modules import LayerNorm2d, LayerScale

if TYPE_CHECKING:
    from anydsl.design.optimizers import Optimizer

_NORMS = (
    nn.modules.batchnorm._BatchNorm,  # pyright: ignore[reportPrivateUsage] - the base of them all
    nn.LayerNorm,
    nn.GroupNorm,
    LayerNorm2d,
    LayerScale,
)


def groups(settings: Optimizer, module: nn.Module) -> list[dict[str, Any]]:
    """The parameters of `module` as groups of one weight decay each, in the module's order.

    As in pycls (`core/optimizer.py`), what a norm learns is a norm's, its bias too.
    """
    general = settings.weight_decay
    norms = general if settings.norm_weight_decay is None else settings.norm_weight_decay
    biases = general if settings.bias_weight_decay is None else settings.bias_weight_decay
    found: dict[float, list[nn.Parameter]] = {}
    for layer in module.modules():
        for name, parameter in layer.named_parameters(recurse=False):
            of_others = biases if name == "bias" else general
            decay = norms if isinstance(layer, _NORMS) else of_others
            found.setdefault(float(decay), []).append(parameter)
    return [{"params": params, "weight_decay": decay} for decay, params in found.items()]
