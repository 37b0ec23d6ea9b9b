"""The training loop. It touches no files: what is to be kept, the callbacks keep."""

from __future__ import annotations

import math
import time
from itertools import islice
from typing import TYPE_CHECKING

from anydsl.errors import DivergedError
from anydsl.language.record import Record
from anydsl.training.evaluation import evaluate
from anydsl.training.fetching import floats, whole_numbers
from anydsl.training.interruption import Interrupted, Interruption
from anydsl.training.optimization.norms import measure_norms
from anydsl.training.optimization.schedules import learning_rate
from anydsl.training.progress import Progress
from anydsl.training.replaying import Replay
from anydsl.training.runs.epoch import Epoch
from anydsl.training.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

    from anydsl.training.plan import Plan
    from anydsl.training.state import State

LOOK_EVERY = 50
"""Steps between two looks at the losses: each waits for the device, so it can't be every step."""


def _nothing(state: State) -> None:
    del state


class Callbacks(Record):
    """What the loop calls while it trains.

    Attributes:
        saved: called after every epoch, with the state, to keep it.
        due, save: asked after every step whether the state is to be saved in mid-epoch, and does.
        progress: told what happens.
        interruption: asked whether to go on.
    """

    saved: Callable[[State], None] = _nothing
    due: Callable[[], bool] = bool
    save: Callable[[State], None] = _nothing
    progress: Progress = Progress()
    interruption: Interruption = Interruption()


def fit(plan: Plan, state: State, callbacks: Callbacks = Callbacks()) -> None:
    """Train `state` from where it stands to the recipe's last epoch.

    Many nets are trained without a folder for each by nothing but this, inside of `tuned`:

        state = State(plan.module, plan.recipe, plan.steps_per_epoch)
        fit(plan, state)
        state.history[-1].val_accuracy

    Raises:
        DivergedError: the loss is no longer a number.
        RunError: the run can't be saved.
        Interrupted: the reader asked to stop; `state` is between two steps and can be saved.
    """
    step = Replay(plan, state) if plan.graphed else Step(plan, state)
    while state.epoch < plan.recipe.epochs:
        train_epoch(plan, state, step, callbacks)
        row = _judged(plan, state, callbacks)
        state.finish_epoch(row)
        callbacks.saved(state)
        callbacks.progress.epoch(row)


def train_epoch(plan: Plan, state: State, step: Step | Replay, callbacks: Callbacks) -> None:
    """Do the steps that are left of the epoch that `state` is in."""
    steps, looked = len(state.losses), state.position
    started = time.perf_counter() - state.seconds
    state.module.train()
    try:
        for _ in step.left():
            look = state.position % LOOK_EVERY == 0 or state.position == steps
            # Several ranks must agree to save, which they do where they wait for each other anyway.
            due = (look or plan.ranks.count == 1) and state.position < steps and callbacks.due()
            if look or due:
                _look(plan, state, callbacks, looked)
                looked = state.position
            state.seconds = time.perf_counter() - started
            if due:
                callbacks.save(state)
            callbacks.progress.step(state.position)
            callbacks.interruption.check()
    except Interrupted:
        _look(plan, state, callbacks, looked)
        raise


def _measure_norms(plan: Plan, state: State, callbacks: Callbacks) -> None:
    """Measure the batch norms of the net that is evaluated next, where the recipe asks for it."""
    recipe, batches = plan.recipe, plan.batches
    if not recipe.precise_bn or (not plan.data.val and state.epoch + 1 < recipe.epochs):
        return
    count = max(1, recipe.precise_bn // batches.size)

    def images() -> Iterator[torch.Tensor]:
        for batch, _ in islice(batches.training(plan.data.train, state.epoch), count):
            callbacks.interruption.check()
            yield batch

    measure_norms(state.evaluated, images(), recipe.precision)


def _look(plan: Plan, state: State, callbacks: Callbacks, since: int) -> None:
    """Join the ranks' losses and hits of the steps from `since` on; stop if one is no number."""
    if since == state.position:
        return
    plan.ranks.total(state.losses[since : state.position]).div_(plan.ranks.count)
    plan.ranks.total(state.correct[since : state.position])
    losses = floats(state.losses[since : state.position])
    callbacks.progress.loss(losses[-1])
    for place, loss in enumerate(losses, since):
        if not math.isfinite(loss):
            step = state.epoch * len(state.losses) + place
            lr = learning_rate(plan.recipe, len(state.losses), step)
            fp32 = ", or `precision = fp32`" if plan.recipe.precision != "fp32" else ""
            raise DivergedError(
                f"the loss is {loss} at step {step + 1} (epoch {state.epoch + 1}), with learning "
                f"rate {lr:.4g}: try a smaller `lr`, a longer `warmup`, or `clip_norm = 1`{fp32}"
            )


def _judged(plan: Plan, state: State, callbacks: Callbacks) -> Epoch:
    """Validate the net after the last step of an epoch, and sum the epoch up."""
    steps = len(state.losses)
    seen = steps * min(plan.recipe.batch, len(plan.data.train))
    started = time.perf_counter()
    _measure_norms(plan, state, callbacks)
    scores = None
    if plan.data.val:
        plan.ranks.same_buffers(state.evaluated)
        precision = plan.recipe.precision
        scores = evaluate(
            state.evaluated, plan.data.val, plan.batches, precision, callbacks.interruption
        )
    return Epoch(
        epoch=state.epoch + 1,
        step=(state.epoch + 1) * steps,
        train_loss=state.losses.cpu().double().mean().item(),
        train_accuracy=sum(whole_numbers(state.correct)) / seen,
        val_loss=scores.loss if scores and math.isfinite(scores.loss) else None,
        val_accuracy=scores.top1 if scores else None,
        lr=learning_rate(plan.recipe, steps, (state.epoch + 1) * steps - 1),
        seconds=state.seconds + time.perf_counter() - started,
        images_per_second=seen / state.seconds,
    )
