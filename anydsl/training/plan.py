"""What is to be trained, settled and checked before the first step."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from anydsl.blocks.measurement import measure
from anydsl.design.expansion import expand
from anydsl.design.recipe import Recipe
from anydsl.errors import UsageError
from anydsl.language.record import Record
from anydsl.lowering.compiler import compile_network
from anydsl.training.capturable import check_capturable, check_resident
from anydsl.training.classes import classes_of
from anydsl.training.devices import device_of, precision_of
from anydsl.training.feeding.batches import Batches
from anydsl.training.feeding.making import memory_format
from anydsl.training.feeding.placing import Reading
from anydsl.training.feeding.preparation import Data, prepare
from anydsl.training.feeding.source import Source, locate
from anydsl.training.ranks import Ranks, join
from anydsl.training.synced_norm import synced

if TYPE_CHECKING:
    from anydsl.design.network import Network


class Task(Record):
    """A net, how it is trained and on what: all that decides the result, before any file is read.

    Attributes:
        network: the net.
        recipe: with every override in it.
        source: which data set, and where it should be.
        text: net and recipe as `.anynet` text; two tasks are the same if it is.
        free: whether the recipe left the precision to the machine, which then chose it.
    """

    network: Network
    recipe: Recipe
    source: Source
    text: str
    free: bool = False

    def in_precision(self, precision: str) -> Task:
        """Return the same task with the precision that an earlier part of its run chose."""
        recipe = self.recipe.replace(precision=precision)
        return self.replace(recipe=recipe, text=expand(self.network, recipe))


class Plan(Record):
    """A task that can begin: the data read and fitting, the net compiled and initialised.

    Attributes:
        name: the net's.
        text: net and recipe as `.anynet` text.
        recipe: how to train.
        data: the pictures.
        module: the net on its device.
        device: where.
        compiled: whether the module is called through `torch.compile`.
        flops: multiply-adds of the net for one picture.
        deterministic: whether torch is held to ways that give the same bits every time.
        graphed: whether a step is one CUDA graph.
    """

    name: str
    text: str
    recipe: Recipe
    data: Data
    module: nn.Module
    device: torch.device
    compiled: bool = False
    flops: int = 0
    deterministic: bool = False
    graphed: bool = False

    @property
    def params(self) -> int:
        """How many parameters are trained."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    @property
    def ranks(self) -> Ranks:
        """The processes that carry it out together."""
        return join(self.device, self.recipe.precision)

    @property
    def batches(self) -> Batches:
        """How the pictures become batches."""
        return Batches(
            size=self.recipe.batch,
            mean=self.data.mean,
            std=self.data.std,
            device=self.device,
            augment=self.data.source.dataset.augment,
            classes=len(self.data.classes),
            seed=self.recipe.seed,
            workers=self.data.workers,
            rank=self.ranks.rank,
            ranks=self.ranks.count,
        )

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps an epoch."""
        return self.batches.steps(len(self.data.train))


def task_of(
    network: Network,
    recipe: Recipe | None,
    *,
    data: str | None = None,
    epochs: int | None = None,
    precision: str | None = None,
    seed: int | None = None,
    device: str = "auto",
) -> Task:
    """Settle the recipe: the default one for None, with the overrides that are not None.

    `precision = auto` becomes what suits the net on `device`.

    Raises:
        UsageError: an override is out of its bounds, `data` names nothing, or there is no such
            device.
        DataError: `data` is a folder or file without pictures.
    """
    settled = Recipe() if recipe is None else recipe
    for name, value in (("epochs", epochs), ("precision", precision), ("seed", seed)):
        if value is not None:
            settled = settled.replace(**{name: _allowed(name, value)})
    source = locate(settled.data, data)
    free = settled.precision == "auto"
    chosen = settled.precision
    if free:
        chosen = precision_of(device_of(device), measure(network).cost.flops)
    settled = settled.replace(data=source.dataset, precision=chosen)
    return Task(network, settled, source, expand(network, settled), free)


def plan_of(
    task: Task,
    *,
    device: str,
    compiled: bool = False,
    deterministic: bool = False,
    graphed: bool = False,
    download: bool = False,
    reading: Reading = Reading(),
) -> Plan:
    """Read the data, check that it fits the net, and compile the net.

    Raises:
        UsageError: there is no such device, a batch can't be split over all ranks, or a step can't
            be a CUDA graph.
        DataError: the data is missing or broken, or does not fit.
    """
    place, network, recipe = device_of(device), task.network, task.recipe
    ranks = join(place, recipe.precision)
    if graphed:
        check_capturable(recipe, place, processes=ranks.count, compiled=compiled)
    with ranks.first_alone() if download else nullcontext():
        data = prepare(
            task.source,
            recipe,
            network.input,
            classes_of(network),
            place,
            download=download,
            reading=reading,
        )
    if graphed:
        check_resident(data)
    batch = min(recipe.batch, len(data.train))
    if batch % ranks.count:
        raise UsageError(
            f"a batch of {batch:,} pictures can't be split evenly over {ranks.count} processes: "
            "set another `batch`; it is the batch of all of them together"
        )
    module: nn.Module = compile_network(network, device=str(place), seed=recipe.seed)
    module.to(memory_format=memory_format(place))
    if recipe.sync_batch_norm and ranks.count > 1:
        module = synced(module, place)
    flops = measure(network).cost.flops
    return Plan(
        network.name,
        task.text,
        recipe,
        data,
        module,
        place,
        compiled=compiled,
        flops=flops,
        deterministic=deterministic,
        graphed=graphed,
    )


def _allowed(name: str, value: Any) -> Any:
    setting = Recipe.__settings__[name]
    if setting.choices:
        if value not in setting.choices:
            raise UsageError(f"--{name} {value}: one of {', '.join(setting.choices)}")
    elif not setting.allows(value):
        raise UsageError(f"--{name} {value}: must be {setting.bounds()}")
    return value
