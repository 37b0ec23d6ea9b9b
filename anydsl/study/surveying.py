"""A look at the place where a study will be trained: its device, its pictures, its speed."""

from __future__ import annotations

from typing import Any

import torch

from anydsl.design.expansion import write_recipe
from anydsl.design.recipe import Recipe
from anydsl.language.record import Record
from anydsl.study.estimate import seconds_each
from anydsl.study.sharing import room_on
from anydsl.study.texts import network_of
from anydsl.study.trainer import Trainer
from anydsl.training.runs.environment import environment
from anydsl.training.runs.jsonable import jsonable


class Question(Record):
    """What is to be looked at; plain enough to be sent to another machine.

    Attributes:
        recipe: of the study.
        nets: one of each group as `.anynet` text, for groups may differ in the pictures they take.
        timed: the net that is trained for a few steps, and its seed; None for no net.
        device: where nets are trained, as `--device` names it.
        threads: of torch.
        data: another data set or folder than the recipe's.
        graphed: whether a step of training is one CUDA graph.
    """

    recipe: Recipe
    nets: tuple[str, ...]
    timed: tuple[str, int] | None
    device: str
    threads: int
    data: str | None
    graphed: bool = False


class Survey(Record):
    """What was found.

    Attributes:
        recipe: as it was settled there, as `.anynet` text.
        data: what tells the pictures from others, as JSON.
        device: the kind of the device: `cpu`, `cuda`, `mps`.
        environment: versions, device, command, as JSON.
        each: seconds that a trial takes, about; None if none was timed.
        room: how many workers the device has room for.
        pictures: how many one epoch trains on.
        notes: what the reader should know of the pictures.
    """

    recipe: str
    data: dict[str, Any]
    device: str
    environment: dict[str, Any]
    each: float | None
    room: int
    pictures: int
    notes: tuple[str, ...]


def survey(question: Question) -> Survey:
    """Find the device and the pictures, and train a net for a few steps.

    Raises:
        UsageError: there is no such device, no such data, or no graph there.
        DataError: the data is missing or broken, or does not fit the nets.
    """
    torch.set_num_threads(question.threads)
    trainer = Trainer(question.recipe, question.device, question.data, graphed=question.graphed)
    found = [trainer.data(network_of(net)) for net in question.nets]
    each = None if question.timed is None else seconds_each(trainer, *question.timed)
    return Survey(
        recipe=f"anynet 1\n\n{write_recipe(trainer.recipe)}",
        data=jsonable(found[0].identity()),
        device=trainer.device.type,
        environment=environment(trainer.device, graphed=question.graphed),
        each=each,
        room=room_on(trainer.device),
        pictures=len(found[0].train),
        notes=tuple(sorted({data.note for data in found if data.note})),
    )
