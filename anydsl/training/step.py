"""One update of the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, final

import torch
from torch import nn
from torch.nn import functional

from anydsl.training.feeding.augmentation.mixing import foremost
from anydsl.training.optimization.schedules import learning_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anydsl.training.plan import Plan
    from anydsl.training.state import State


@final
class Step:
    """One update of a state's weights by one batch; nothing in it waits for the device.

    `update` alone takes the same way every time over the same tensors, so that it can be captured
    as one CUDA graph (see `Replay`): what changes from step to step stands in `images`, `labels`
    and, on CUDA with a fused optimizer, in the tensor that is the optimizer's learning rate.
    """

    def __init__(self, plan: Plan, state: State) -> None:
        self._plan = plan
        self._state = state
        self._ranks = plan.ranks
        self._smoothing = float(plan.recipe.label_smoothing)
        self._clip = float(plan.recipe.clip_norm)
        module = self._ranks.wrapped(state.module)
        forward = torch.compile(module) if plan.compiled else module
        self._forward = cast("Callable[[torch.Tensor], torch.Tensor]", forward)
        for group in state.optimizer.param_groups:
            if plan.graphed or (plan.device.type == "cuda" and group.get("fused")):
                group["lr"] = torch.tensor(float(group["lr"]), device=plan.device)

    def left(self) -> Iterator[None]:
        """Do the steps that are left of the epoch that the state is in, one at a time."""
        plan, state = self._plan, self._state
        for batch in plan.batches.training(plan.data.train, state.epoch, state.position):
            self(*batch)
            yield

    def __call__(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        """Do the step that the state stands before, and note its loss and its hits."""
        state = self._state
        self.set_rate()
        loss, hits = self.update(images, labels)
        state.losses[state.position] = loss
        state.correct[state.position] = hits
        self.finish()

    def set_rate(self) -> None:
        """Give the optimizer the learning rate of the step that the state stands before."""
        rate = learning_rate(self._plan.recipe, len(self._state.losses), self._number)
        for group in self._state.optimizer.param_groups:
            held: Any = group["lr"]
            if isinstance(held, torch.Tensor):
                held.fill_(rate)
            else:
                group["lr"] = rate

    def update(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Change the weights; return the mean loss and how many pictures were told right.

        Args:
            images: N x C x H x W floats, this rank's share of the batch.
            labels: N int64, or N x K shares of mixed pictures.
        """
        with self._ranks.autocast():
            outputs = self._forward(images)
            loss = functional.cross_entropy(outputs, labels, label_smoothing=self._smoothing)
        loss.backward()  # pyright: ignore[reportUnknownMemberType] - torch leaves it open
        if self._clip:
            nn.utils.clip_grad_norm_(self._state.module.parameters(), self._clip)
        self._state.optimizer.step()
        self._state.optimizer.zero_grad()
        return loss.detach(), (outputs.argmax(1) == foremost(labels)).sum()

    def finish(self) -> None:
        """Take the new weights into the average, and go to the next step."""
        if self._state.average:
            self._state.average.update(self._number)
        self._state.position += 1

    @property
    def _number(self) -> int:
        """The step that the state stands before, counted from 0 over the whole run."""
        return self._state.epoch * len(self._state.losses) + self._state.position
