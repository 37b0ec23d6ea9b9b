"""Where trials are done: nets are trained on the study's pictures without a run folder.

What the pictures are, and which of them are held out, is one thing for the whole study: they are
read once in a process, split under the recipe's seed, and stay on the device. A trial's own seed
is that of its weights and of the order and the changes of the pictures.
"""

from __future__ import annotations

import math
import time
from functools import partial
from statistics import harmonic_mean
from typing import TYPE_CHECKING, Any, Final, final

import torch

from anydsl.blocks.measurement import measure
from anydsl.errors import DataError, DivergedError
from anydsl.lowering.compiler import compile_network
from anydsl.study.rows import Outcome
from anydsl.study.runner import Done
from anydsl.study.texts import network_of, recipe_of
from anydsl.training.capturable import check_capturable, check_resident
from anydsl.training.classes import classes_of
from anydsl.training.devices import WORTH, device_name, device_of, precision_of, tuned
from anydsl.training.evaluation import evaluate
from anydsl.training.failures import explained
from anydsl.training.feeding.making import memory_format
from anydsl.training.feeding.preparation import Data, prepare
from anydsl.training.feeding.source import locate
from anydsl.training.loop import fit
from anydsl.training.plan import Plan
from anydsl.training.runs.checkpoints import read, write
from anydsl.training.runs.jsonable import jsonable
from anydsl.training.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from anydsl.design.network import Network
    from anydsl.design.recipe import Recipe
    from anydsl.study.rows import Claim
    from anydsl.study.runner import Work
    from anydsl.training.feeding.pictures import Pictures


@final
class Trainer:
    """What a process needs to train the nets of a study: one device, and the pictures on it.

    Attributes:
        recipe: of the study; its seed decides which pictures are held out.
        device: where nets are trained.

    Raises:
        UsageError: there is no such device, `data` names nothing, or `graphed` can't be.
        DataError: `data` is a folder without pictures.
    """

    def __init__(
        self, recipe: Recipe, device: str, data: str | None = None, *, graphed: bool = False
    ) -> None:
        """`graphed` is whether a step of training is one CUDA graph."""
        self.device: Final = device_of(device)
        self._source: Final = locate(recipe.data, data)
        # One precision for every design, or they could not be compared.
        precision = recipe.precision
        if precision == "auto":
            precision = precision_of(self.device, WORTH)
        self.recipe: Final = recipe.replace(data=self._source.dataset, precision=precision)
        if graphed:
            check_capturable(self.recipe, self.device)
        self._graphed: Final = graphed
        self._data: Final[dict[tuple[tuple[int, int, int], int], Data]] = {}
        self._tests: Final[dict[int, Pictures]] = {}

    def data(self, network: Network) -> Data:
        """The pictures as `network` takes them.

        Raises:
            DataError: the data is missing or broken, does not fit the net, or leaves no picture to
                validate on.
        """
        key = (network.input, classes_of(network))
        if key not in self._data:
            data = prepare(self._source, self.recipe, *key, self.device)
            if not data.val:
                raise DataError(
                    "a study judges by pictures held out: set `validation` in its recipe"
                )
            if self._graphed:
                check_resident(data)
            self._data[key] = data
        return self._data[key]

    def plan(self, network: Network, seed: int) -> Plan:
        """What training `network` under a trial's seed takes.

        Raises:
            DataError: the data is missing or broken, or does not fit the net.
        """
        module = compile_network(network, device=str(self.device), seed=seed)
        module.to(memory_format=memory_format(self.device))
        flops = measure(network).cost.flops
        recipe = self.recipe.replace(seed=seed)
        return Plan(
            network.name,
            "",
            recipe,
            self.data(network),
            module,
            self.device,
            flops=flops,
            graphed=self._graphed,
        )

    def train(self, network: Network, seed: int) -> Done:
        """Train a net and judge it by the pictures held out.

        Raises:
            DataError: the data does not fit the net.
            RunError: torch ran out of memory.
        """
        started = time.perf_counter()
        plan = self.plan(network, seed)
        state = State(plan.module, plan.recipe, plan.steps_per_epoch)
        finite = self._fit(plan, state)
        seconds = time.perf_counter() - started
        outcome = _outcome(plan, state, finite=finite).replace(seconds=seconds)
        if outcome.diverged:
            return Done(outcome)
        weights = state.evaluated.state_dict()
        return Done(outcome, partial(_save, tensors=weights, error=outcome.error))

    def time(self, plan: Plan, steps: int) -> float:
        """How long so many steps of a plan take, in seconds, without validation."""
        few = plan.data.train.part(torch.arange(steps * plan.recipe.batch) % len(plan.data.train))
        short = plan.replace(
            data=plan.data.replace(train=few, val=None), recipe=plan.recipe.replace(epochs=1)
        )
        started = time.perf_counter()
        self._fit(short, State(short.module, short.recipe, short.steps_per_epoch))
        return time.perf_counter() - started

    def test_error(self, network: Network, seed: int, weights: Path) -> float:
        """1 - top-1 accuracy on the test split of a net with the weights in that file.

        Raises:
            DataError: the test pictures are broken.
            WeightsError: the weights are damaged.
        """
        plan = self.plan(network, seed)
        state = State(plan.module, plan.recipe, plan.steps_per_epoch)
        state.evaluated.load_state_dict(read(weights)[0])
        key = id(plan.data)
        if key not in self._tests:
            self._tests[key] = plan.data.test()
        with tuned(self.device, plan.flops * plan.recipe.batch):
            scores = evaluate(
                state.evaluated, self._tests[key], plan.batches, plan.recipe.precision
            )
        return 1 - scores.top1

    def _fit(self, plan: Plan, state: State) -> bool:
        """Train; whether all losses were numbers."""
        with tuned(self.device, plan.flops * plan.recipe.batch), explained(plan):
            try:
                fit(plan, state)
            except DivergedError:
                return False
        return True


def training(work: Work, facts: Mapping[str, Any]) -> Callable[[Claim], Done]:
    """The function that trains a trial's net, for a worker."""
    torch.set_num_threads(work.threads)
    trainer = Trainer(recipe_of(facts["recipe"]), work.device, work.data, graphed=work.graphed)
    known = facts.get("data")

    def train(claim: Claim) -> Done:
        network = network_of(claim.net)
        if known not in (None, jsonable(trainer.data(network).identity())):
            raise DataError("the pictures are not those that the study began with")
        return trainer.train(network, claim.seed)

    return train


def _outcome(plan: Plan, state: State, *, finite: bool) -> Outcome:
    """What came of training: the error of guessing where a loss was no number."""
    history = state.history
    last = history[-1] if history else None
    sound = finite and last is not None and last.val_loss is not None
    accuracy = last.val_accuracy if sound and last is not None else None
    return Outcome(
        error=1 - (1 / len(plan.data.classes) if accuracy is None else accuracy),
        train_loss=last.train_loss if sound and last is not None else None,
        curve=tuple(
            {
                "train_loss": row.train_loss if math.isfinite(row.train_loss) else None,
                "train_acc": row.train_accuracy,
                "val_loss": row.val_loss,
                "val_acc": row.val_accuracy,
            }
            for row in history
        ),
        diverged=not sound,
        images_per_second=(
            harmonic_mean([row.images_per_second for row in history]) if history else None
        ),
        device=device_name(plan.device),
    )


def _save(path: Path, *, tensors: Mapping[str, torch.Tensor], error: float) -> None:
    path.parent.mkdir(exist_ok=True)
    write(path, tensors, {"error": error})
