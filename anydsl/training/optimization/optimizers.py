"""The recipe's optimizer as torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import torch

from anydsl.design.recipe import SGD, AdamW
from anydsl.errors import RunError

if TYPE_CHECKING:
    from torch import nn

    from anydsl.design.recipe import Recipe


def optimizer_of(recipe: Recipe, module: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer over all parameters of `module`, weight decay on each as in torch.

    Raises:
        RunError: torch refuses the settings, such as Nesterov without momentum.
    """
    settings = recipe.optimizer
    parameters = list(module.parameters())
    try:
        match settings:
            case SGD():
                return torch.optim.SGD(
                    parameters,
                    lr=float(settings.lr),
                    momentum=float(settings.momentum),
                    weight_decay=float(settings.weight_decay),
                    nesterov=settings.nesterov,
                )
            case AdamW():
                return torch.optim.AdamW(
                    parameters,
                    lr=float(settings.lr),
                    betas=(float(settings.beta1), float(settings.beta2)),
                    eps=float(settings.eps),
                    weight_decay=float(settings.weight_decay),
                )
            case _:
                assert_never(settings)
    except ValueError as error:
        word = type(settings).__name__.lower()
        raise RunError(f"`optimizer = {word}(…)` can't be made: {error}") from error
