"""The steps of a net whose pictures are on its GPU, as one CUDA graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import torch

from anydsl.training.capturing import captured
from anydsl.training.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anydsl.training.plan import Plan
    from anydsl.training.state import State


@final
class Replay:
    """Updates a state's weights as `Step` does, with one command to the GPU for most of a step.

    In the graph are: taking the pictures by their places, changing and normalising them, forward
    and backward pass, clipping, the update, and noting loss and hits. Outside remain the numbers
    that it reads, and the moving average of the weights, whose decay changes.
    """

    def __init__(self, plan: Plan, state: State) -> None:
        """`plan` must be one that `check_capturable` lets through."""
        self._state = state
        self._batches = plan.batches
        self._pictures = len(plan.data.train)
        self._step = Step(plan, state)
        self._whole = _Whole(plan, state, self._step)
        self._do = captured(self._whole, plan.device)

    def left(self) -> Iterator[None]:
        """Do the steps that are left of the epoch that the state is in, one at a time."""
        state = self._state
        self._whole.order.copy_(self._batches.order(self._pictures, state.epoch))
        for place in range(state.position, len(state.losses)):
            self._batches.reseed(state.epoch, place)
            self._step.set_rate()
            self._whole.prepare(place)
            self._do()
            self._step.finish()
            yield


@final
class _Whole:
    """A step, from the places of its pictures to the noted loss; a call reads nothing but tensors.

    Attributes:
        order: which pictures are in each batch of the epoch, steps x batch.
    """

    def __init__(self, plan: Plan, state: State, step: Step) -> None:
        pictures = plan.data.train
        assert isinstance(pictures.images, torch.Tensor)
        order = plan.batches.order(len(pictures), 0)
        self.order = order.to(plan.device)
        self._images = pictures.images
        self._labels = pictures.labels.to(plan.device)
        self._place = torch.zeros(1, dtype=torch.int64, device=plan.device)
        self._count = order.shape[1]
        self._making = plan.batches.making(pictures)
        # The beta distribution is drawn outside: nobody promises that it can be recorded. With it
        # all that comes before, so that each number is what it is without a graph.
        self._drawn = self._making.draw(self._count) if self._making.mixes else None
        self._state = state
        self._step = step

    def prepare(self, place: int) -> None:
        """Set what the step at `place` of the epoch reads."""
        self._place.fill_(place)
        if self._drawn is not None:
            for held, new in zip(self._drawn, self._making.draw(self._count), strict=True):
                for tensor, value in zip(held, new, strict=True):
                    tensor.copy_(value)

    def __call__(self) -> None:
        """Do the step."""
        index = self.order.index_select(0, self._place)[0]
        drawn = self._making.draw(self._count) if self._drawn is None else self._drawn
        batch = self._making.made(self._images[index], self._labels[index], drawn)
        loss, hits = self._step.update(*batch)
        self._state.losses.index_copy_(0, self._place, loss.view(1))
        self._state.correct.index_copy_(0, self._place, hits.view(1))
