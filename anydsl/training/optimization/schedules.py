"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from anydsl.design.schedules import Constant, Cosine, Linear, MultiStep, OneCycle, Step

if TYPE_CHECKING:
    from anydsl.design.recipe import Recipe


def learning_rate(recipe: Recipe, steps_per_epoch: int, step: int) -> float:
    """The learning rate of `step`, counted from 0 over the whole run.

    Warm-up rises by equal parts, from one part at step 0 to the peak at the first step after it. A
    cosine and a line begin there; the epochs of `step` and `multi_step` are counted from the start
    of the run.
    """
    schedule = recipe.schedule
    peak = float(recipe.optimizer.lr)
    steps = recipe.epochs * steps_per_epoch
    if isinstance(schedule, OneCycle):
        return _one_cycle(schedule, peak, steps, step)
    warmup = round(schedule.warmup * steps_per_epoch)
    rise = peak * min(1.0, (step + 1) / (warmup + 1))
    match schedule:
        case Constant():
            return rise
        case Cosine(lr_min=lr_min) | Linear(lr_min=lr_min):
            if step < warmup:
                return rise
            done = (step - warmup) / max(1, steps - warmup)
            along = _cosine if isinstance(schedule, Cosine) else _line
            return along(peak, float(lr_min), done)
        case Step(every=every, gamma=gamma):
            falls = step // (Fraction(every) * steps_per_epoch)
            return rise * float(gamma) ** falls
        case MultiStep(milestones=milestones, gamma=gamma):
            falls = sum(step >= Fraction(epoch) * steps_per_epoch for epoch in milestones)
            return rise * float(gamma) ** falls
        case _:
            assert_never(schedule)


def _one_cycle(schedule: OneCycle, peak: float, steps: int, step: int) -> float:
    """The formula of torch.optim.lr_scheduler.OneCycleLR with two phases."""
    first = peak / float(schedule.div_factor)
    last = first / float(schedule.final_div_factor)
    along = _cosine if schedule.anneal_strategy == "cos" else _line
    top = float(schedule.pct_start) * steps - 1
    if step <= top:
        # A rise of one step is the peak alone, where torch would divide by 0.
        return along(first, peak, step / top) if top > 0 else peak
    return along(peak, last, (step - top) / (steps - 1 - top))


def _cosine(start: float, end: float, done: float) -> float:
    """From `start` at `done` 0 to `end` at 1 along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


def _line(start: float, end: float, done: float) -> float:
    """From `start` at `done` 0 to `end` at 1 along a straight line."""
    return start + (end - start) * done
