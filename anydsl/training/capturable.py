"""Whether a run's steps can be one CUDA graph, and if not what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from anydsl.design.optimizers import Lamb
from anydsl.errors import UsageError

if TYPE_CHECKING:
    from anydsl.design.recipe import Recipe
    from anydsl.training.feeding.preparation import Data


def check_capturable(
    recipe: Recipe, device: torch.device, *, processes: int = 1, compiled: bool = False
) -> None:
    """Refuse `--cuda-graph` where it can't be; asked before the data is read.

    Raises:
        UsageError: see above.
    """
    if device.type != "cuda":
        why = f"graphs are of NVIDIA's GPUs, and the device is {device}: leave it out"
    elif processes > 1:
        why = f"a graph is of one process, not of {processes}: leave out one, or torchrun"
    elif compiled:
        why = "not together with --compile: leave out one of them"
    elif isinstance(recipe.optimizer, Lamb):
        why = "lamb counts its steps in Python, which a graph can't: take adamw, or leave it out"
    else:
        return
    raise UsageError(f"--cuda-graph: {why}")


def check_resident(data: Data) -> None:
    """Refuse `--cuda-graph` where the pictures are not on the device.

    Raises:
        UsageError: see above.
    """
    if not isinstance(data.train.images, torch.Tensor):
        raise UsageError(
            f"--cuda-graph: a graph takes its pictures from the GPU, but {data.note}: leave it "
            "out, or set a smaller `resize`"
        )
