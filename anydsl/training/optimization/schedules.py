"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from anydsl.design.recipe import Constant, Cosine, Step

if TYPE_CHECKING:
    from anydsl.design.recipe import Recipe


def learning_rate(recipe: Recipe, steps_per_epoch: int, step: int) -> float:
    """The learning rate of `step`, counted from 0 over the whole run.

    Warm-up rises by equal parts, from one part at step 0 to the peak at the first step after it.
    A cosine begins there; the epochs of `step` are counted from the start of the run.
    """
    schedule = recipe.schedule
    peak = float(recipe.optimizer.lr)
    warmup = round(schedule.warmup * steps_per_epoch)
    rise = min(1.0, (step + 1) / (warmup + 1))
    match schedule:
        case Constant():
            return peak * rise
        case Cosine(lr_min=lr_min):
            if step < warmup:
                return peak * rise
            done = (step - warmup) / max(1, recipe.epochs * steps_per_epoch - warmup)
            low = float(lr_min)
            return low + (peak - low) * (1 + math.cos(math.pi * done)) / 2
        case Step(every=every, gamma=gamma):
            falls = step // (Fraction(every) * steps_per_epoch)
            return peak * rise * float(gamma) ** falls
        case _:
            assert_never(schedule)
