"""How long a study will take: a design of middle cost is trained for a few steps and timed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch

from anydsl.study.texts import network_of

if TYPE_CHECKING:
    from anydsl.study.trainer import Trainer

_STEPS = 8
"""Optimizer steps that are timed."""


def seconds_each(trainer: Trainer, net: str, seed: int) -> float:
    """About how long a trial of a net takes on the device of `trainer`.

    Raises:
        DataError: the data is missing or broken, or does not fit the net.
        RunError: torch ran out of memory.
    """
    network = network_of(net)
    trainer.data(network)  # read once in a worker's life, so not a part of the trial
    started = time.perf_counter()
    plan = trainer.plan(network, seed)
    compiling = time.perf_counter() - started
    steps = min(_STEPS, plan.steps_per_epoch)
    trainer.time(plan, 1)  # what happens once only
    first, more = trainer.time(plan, 1), trainer.time(plan, 1 + steps)
    step = max(more - first, 0.0) / steps
    validating = len(plan.data.val or ()) / plan.recipe.batch * step / 3  # no backward pass
    epoch = plan.steps_per_epoch * step + validating
    del plan
    if trainer.device.type == "cuda":
        torch.cuda.empty_cache()
    return compiling + trainer.recipe.epochs * epoch
