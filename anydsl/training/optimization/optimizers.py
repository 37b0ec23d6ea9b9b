"""The recipe's optimizer as torch's, or as that of the library that brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never, cast

import torch

from anydsl.design.optimizers import SGD, Adam, AdamW, Lamb, RMSprop
from anydsl.errors import RunError
from anydsl.training.optimization.decay import groups

if TYPE_CHECKING:
    from torch import nn

    from anydsl.design.optimizers import Optimizer
    from anydsl.design.recipe import Recipe


def optimizer_of(recipe: Recipe, module: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer over all parameters of `module`, each with its weight decay.

    Raises:
        RunError: torch refuses the settings, such as Nesterov without momentum.
    """
    settings = recipe.optimizer
    try:
        return _made(
            settings,
            groups(settings, module),
            fused=_on(module, "cpu", "cuda"),
            counted=_on(module, "cuda"),
        )
    except ValueError as error:
        word = type(settings).__name__.lower()
        raise RunError(f"`optimizer = {word}(…)` can't be made: {error}") from error


def _on(module: nn.Module, *kinds: str) -> bool:
    """Whether all weights are on such devices."""
    return all(parameter.device.type in kinds for parameter in module.parameters())


def _made(
    settings: Optimizer, parameters: list[dict[str, Any]], *, fused: bool, counted: bool
) -> torch.optim.Optimizer:
    """Make it.

    Args:
        settings: of the recipe.
        parameters: its groups.
        fused: whether torch updates all weights at once: on a CPU in a quarter of the time. Its
            loops go through memory and look at no strides, so a gradient must lie as its weight
            does. Autograd sees to that, and so does `recall` for what the optimizer remembers.
        counted: whether steps are counted on the device, so that an update can be captured in a
            CUDA graph.
    """
    lr, weight_decay = float(settings.lr), float(settings.weight_decay)
    match settings:
        case SGD():
            return torch.optim.SGD(
                parameters,
                lr=lr,
                momentum=float(settings.momentum),
                weight_decay=weight_decay,
                nesterov=settings.nesterov,
                fused=fused,
            )
        case Adam() | AdamW():
            made = torch.optim.AdamW if isinstance(settings, AdamW) else torch.optim.Adam
            return made(
                parameters,
                lr=lr,
                betas=_betas(settings),
                eps=float(settings.eps),
                weight_decay=weight_decay,
                fused=fused,
                capturable=counted,
            )
        case RMSprop():
            return torch.optim.RMSprop(
                parameters,
                lr=lr,
                alpha=float(settings.alpha),
                eps=float(settings.eps),
                weight_decay=weight_decay,
                momentum=float(settings.momentum),
                centered=settings.centered,
                capturable=counted,
                foreach=counted or None,  # one weight at a time would wait for the learning rate
            )
        case Lamb():
            from timm.optim.lamb import Lamb as TimmLamb

            made = TimmLamb(
                parameters,
                lr=lr,
                betas=_betas(settings),
                eps=float(settings.eps),
                weight_decay=weight_decay,
                max_grad_norm=None,  # `clip_norm` is for every optimizer
            )
            return cast("torch.optim.Optimizer", made)
        case _:
            assert_never(settings)


def _betas(settings: Adam | AdamW | Lamb) -> tuple[float, float]:
    return float(settings.beta1), float(settings.beta2)
