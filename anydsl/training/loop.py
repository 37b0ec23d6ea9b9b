"""The training loop."""

from __future__ import annotations

import math
import time
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from anydsl.errors import DivergedError
from anydsl.language.record import Record
from anydsl.training.devices import autocast
from anydsl.training.evaluation import evaluate
from anydsl.training.feeding.augmentation.mixing import foremost
from anydsl.training.fetching import floats
from anydsl.training.optimization.norms import measure_norms
from anydsl.training.optimization.schedules import learning_rate
from anydsl.training.state import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anydsl.design.recipe import Recipe
    from anydsl.training.feeding.batches import Batches
    from anydsl.training.feeding.pictures import Pictures
    from anydsl.training.interruption import Interruption
    from anydsl.training.progress import Progress
    from anydsl.training.state import State

LOOK_EVERY = 50
"""Steps between two looks at the losses: each waits for the device, so it can't be every step."""


class Job(Record):
    """What the loop works with and does not change.

    Attributes:
        recipe: how to train.
        train, val: the pictures.
        batches: how they become batches.
        forward: the net as it is called in training, compiled or not.
        saved: called after every epoch, with the state, to keep it.
        due, save: asked after every step whether the state is to be saved in mid-epoch, and does.
        progress: told what happens.
        interruption: asked whether to go on.
    """

    recipe: Recipe
    train: Pictures
    val: Pictures | None
    batches: Batches
    forward: Callable[[torch.Tensor], torch.Tensor]
    saved: Callable[[State], None]
    due: Callable[[], bool]
    save: Callable[[State], None]
    progress: Progress
    interruption: Interruption


def fit(job: Job, state: State) -> None:
    """Train `state` from where it stands to the recipe's last epoch.

    Raises:
        DivergedError: the loss is no longer a number.
        RunError: the run can't be saved.
        Interrupted: the reader asked to stop; `state` is between two steps and can be saved.
    """
    while state.epoch < job.recipe.epochs:
        train_epoch(job, state)
        steps = len(state.losses)
        seen = steps * min(job.batches.size, len(job.train))
        started = time.perf_counter()
        _measure_norms(job, state)
        scores = None
        if job.val:
            scores = evaluate(
                state.evaluated, job.val, job.batches, job.recipe.precision, job.interruption
            )
        row = Epoch(
            epoch=state.epoch + 1,
            step=(state.epoch + 1) * steps,
            train_loss=state.losses.cpu().double().mean().item(),
            train_accuracy=state.correct.item() / seen,
            val_loss=scores.loss if scores and math.isfinite(scores.loss) else None,
            val_accuracy=scores.top1 if scores else None,
            lr=learning_rate(job.recipe, steps, (state.epoch + 1) * steps - 1),
            seconds=state.seconds + time.perf_counter() - started,
            images_per_second=seen / state.seconds,
        )
        state.finish_epoch(row)
        job.saved(state)
        job.progress.epoch(row)


def train_epoch(job: Job, state: State) -> None:
    """Do the steps that are left of the epoch that `state` is in."""
    recipe, optimizer, steps = job.recipe, state.optimizer, len(state.losses)
    smoothing = float(recipe.label_smoothing)
    started = time.perf_counter() - state.seconds
    looked = state.position
    state.module.train()
    for images, labels in job.batches.training(job.train, state.epoch, state.position):
        step = state.epoch * steps + state.position
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, steps, step)
        with autocast(images.device, recipe.precision):
            outputs = job.forward(images)
            loss = functional.cross_entropy(outputs, labels, label_smoothing=smoothing)
        loss.backward()  # pyright: ignore[reportUnknownMemberType] - torch leaves it open
        if recipe.clip_norm:
            nn.utils.clip_grad_norm_(state.module.parameters(), float(recipe.clip_norm))
        optimizer.step()
        optimizer.zero_grad()
        if state.average:
            state.average.update(step)
        state.losses[state.position] = loss.detach()
        state.correct.add_((outputs.argmax(1) == foremost(labels)).sum())
        state.position += 1
        due = job.due() and state.position < steps
        if due or state.position % LOOK_EVERY == 0 or state.position == steps:
            _look(job, state, looked)
            looked = state.position
        state.seconds = time.perf_counter() - started
        if due:
            job.save(state)
        job.progress.step(state.position)
        job.interruption.check()


def _measure_norms(job: Job, state: State) -> None:
    """Measure the batch norms of the net that is evaluated next, where the recipe asks for it."""
    recipe = job.recipe
    if not recipe.precise_bn or (not job.val and state.epoch + 1 < recipe.epochs):
        return
    count = max(1, recipe.precise_bn // job.batches.size)

    def images() -> Iterator[torch.Tensor]:
        for batch, _ in islice(job.batches.training(job.train, state.epoch), count):
            job.interruption.check()
            yield batch

    measure_norms(state.evaluated, images(), recipe.precision)


def _look(job: Job, state: State, since: int) -> None:
    """Fetch the losses of the steps from `since` on, show the last and stop if one is no number."""
    losses = floats(state.losses[since : state.position])
    job.progress.loss(losses[-1])
    for place, loss in enumerate(losses, since):
        if not math.isfinite(loss):
            step = state.epoch * len(state.losses) + place
            lr = learning_rate(job.recipe, len(state.losses), step)
            fp32 = ", or `precision = fp32`" if job.recipe.precision != "fp32" else ""
            raise DivergedError(
                f"the loss is {loss} at step {step + 1} (epoch {state.epoch + 1}), with learning "
                f"rate {lr:.4g}: try a smaller `lr`, a longer `warmup`, or `clip_norm = 1`{fp32}"
            )
