"""What differs between runs: settings, nets, results; read without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anydsl.checker.comparing import compare
from anydsl.errors import RunError
from anydsl.language.record import Record
from anydsl.training.runs.records import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.training.runs.records import RunRecord

RESULTS = (
    "status",
    "epochs",
    "val_accuracy",
    "test_accuracy",
    "train_loss",
    "images_per_second",
    "seconds",
    "params",
    "flops",
)

_NAMES = ("name", "doc")


class Difference(Record):
    """Something that is not the same for all of several runs.

    Attributes:
        where: `recipe`, `environment`, or the part of the net.
        setting: its name there.
        values: for each run as it is written; None where a run does not have it.
    """

    where: str
    setting: str
    values: tuple[Any, ...]


def differences(runs: Sequence[RunRecord]) -> list[Difference]:
    """Return what differs between runs: of recipes, of machines, and of nets part by part.

    Raises:
        RunError: one is damaged.
    """
    for run in runs:
        if run.status == DAMAGED:
            raise RunError(f"{run.run} can't be compared: {run.problem}")
    return [*_settings(runs), *_nets(runs)]


def _settings(runs: Sequence[RunRecord]) -> list[Difference]:
    found: list[Difference] = []
    for name in dict.fromkeys(name for run in runs for name in run.settings):
        values = tuple(run.settings.get(name) for run in runs)
        if name in _NAMES or all(value == values[0] for value in values):
            continue
        within = name.startswith("environment.")
        setting = name.removeprefix("environment.")
        found.append(Difference("environment" if within else "recipe", setting, values))
    return sorted(found, key=lambda one: one.where, reverse=True)  # the recipe first


def _nets(runs: Sequence[RunRecord]) -> list[Difference]:
    """The settings in which nets differ from the first one, and how the others have them."""
    first, *others = (run.measured for run in runs)
    rows: dict[tuple[str, str], list[Any]] = {}
    for place, other in enumerate(others, 1):
        assert first is not None
        assert other is not None
        for change in compare(first, other).changes:
            row = rows.setdefault(
                (change.part, change.setting), [change.a or None] * (len(others) + 1)
            )
            row[place] = change.b or None
    return [Difference(part, setting, tuple(row)) for (part, setting), row in rows.items()]
