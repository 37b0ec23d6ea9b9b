"""What changes while a net is trained, and must be saved for the run to go on exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

import torch

from anydsl.errors import RunError
from anydsl.training.optimization.averaging import Average
from anydsl.training.optimization.memory import recall, remembered
from anydsl.training.optimization.optimizers import optimizer_of
from anydsl.training.runs.epoch import Epoch
from anydsl.training.runs.noted import filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from anydsl.design.recipe import Recipe

Tensors = dict[str, torch.Tensor]


@final
class State:
    """A net in training.

    Attributes:
        module: the net; its parameters are trained in place.
        optimizer: over its parameters.
        average: its slow copy where the recipe has `ema`.
        epoch: epochs done.
        position: steps done of the epoch after them.
        losses: the loss of each of those steps, on the device, steps_per_epoch long.
        correct: pictures that those steps classed rightly, on the device.
        seconds: how long those steps took.
        history: the epochs done.
    """

    def __init__(self, module: nn.Module, recipe: Recipe, steps_per_epoch: int) -> None:
        device = next(module.parameters()).device
        self.module: Final = module
        self.optimizer: Final = optimizer_of(recipe, module)
        self.average: Final = Average(module, float(recipe.ema)) if recipe.ema else None
        self.epoch = 0
        self.position = 0
        self.losses: Final = torch.zeros(steps_per_epoch, device=device)
        self.correct: Final = torch.zeros(steps_per_epoch, dtype=torch.int64, device=device)
        self.seconds = 0.0
        self.history: list[Epoch] = []

    @property
    def evaluated(self) -> nn.Module:
        """The net that is validated and tested: the average where there is one."""
        return self.average.module if self.average else self.module

    @property
    def best(self) -> Epoch | None:
        """The epoch of the best validation accuracy, the latest of equals."""
        best = None
        for row in self.history:
            if row.val_accuracy is not None and (
                best is None or row.val_accuracy >= (best.val_accuracy or 0)
            ):
                best = row
        return best

    def finish_epoch(self, row: Epoch) -> None:
        """Take `row` into the history and begin the next epoch."""
        self.history.append(row)
        self.epoch, self.position, self.seconds = row.epoch, 0, 0.0
        self.losses.zero_()
        self.correct.zero_()

    def tensors(self) -> Tensors:
        """Every tensor of the state by name."""
        tensors = {f"model.{name}": value for name, value in self.module.state_dict().items()}
        if self.average:
            averaged = self.average.module.state_dict()
            tensors |= {f"ema.{name}": value for name, value in averaged.items()}
        tensors |= {"losses": self.losses, "correct": self.correct}
        memory = remembered(self.optimizer, self.module)
        return tensors | {f"optimizer.{name}": value for name, value in memory.items()}

    def values(self) -> dict[str, Any]:
        """The rest of the state, as JSON."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "seconds": self.seconds,
            "history": [{f: getattr(row, f) for f in row.__fields__} for row in self.history],
        }

    def restore(
        self,
        tensors: Mapping[str, torch.Tensor],
        values: Mapping[str, Any],
        origin: str = "the checkpoint",
    ) -> None:
        """Take on a saved state; `origin` is what it was read from, for the message.

        Raises:
            RunError: it is not the state of this net and this recipe.
        """
        try:
            self.epoch, self.position = int(values["epoch"]), int(values["position"])
            self.seconds = float(values["seconds"])
            self.history = [filled(Epoch, row) for row in values["history"]]
            if len(self.history) != self.epoch:
                raise ValueError(f"{len(self.history)} epochs of {self.epoch} are recorded")
            if not 0 <= self.position <= len(self.losses):
                raise ValueError(f"{self.position} steps of {len(self.losses)} are recorded")
            self.module.load_state_dict(named(tensors, "model."))
            if self.average:
                self.average.module.load_state_dict(named(tensors, "ema."))
            self.losses.copy_(tensors["losses"])
            self.correct.copy_(tensors["correct"])
            recall(self.optimizer, self.module, named(tensors, "optimizer."))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise RunError(f"{origin} does not belong to this run: {error}") from error


def named(tensors: Mapping[str, torch.Tensor], prefix: str) -> Tensors:
    """Those of `tensors` whose names begin with `prefix`, without it."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
