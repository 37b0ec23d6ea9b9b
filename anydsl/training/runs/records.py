"""Runs as their folders tell of them, read without torch and without weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from anydsl.checker.loading import pick
from anydsl.errors import AnydslError, SpecError, UsageError
from anydsl.language.record import Record
from anydsl.training.runs.epoch import Epoch
from anydsl.training.runs.noted import filled, parsed
from anydsl.training.runs.settings import flat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anydsl.blocks.measurement import Measurement

FINISHED, UNFINISHED, DIVERGED, DAMAGED = "finished", "unfinished", "diverged", "damaged"

_SPEC = "spec.anynet"


class RunRecord(Record):
    """A run; what its folder does not say is None.

    Attributes:
        run: the folder.
        status: one of the four above. A run that is being trained is unfinished.
        problem: what is wrong with the folder, or with the loss; else empty.
        started: when, as ISO 8601.
        net: the name of the net.
        epochs, planned: done, and asked for.
        train_loss: of the last epoch.
        val_accuracy, best_epoch: the best, and the last epoch that had it.
        test_accuracy: once the run is finished.
        images_per_second: training pictures over the time of training alone.
        seconds: of all epochs.
        params, flops: of the net, for one picture.
        settings: of the recipe and, below `environment`, of the machine, by dotted names.
        curve: the validation accuracy after each epoch that had one, as (epoch, share).
        measured: the net and what its parts cost.
    """

    run: str
    status: str = UNFINISHED
    problem: str = ""
    started: str | None = None
    net: str | None = None
    epochs: int = 0
    planned: int | None = None
    train_loss: float | None = None
    val_accuracy: float | None = None
    best_epoch: int | None = None
    test_accuracy: float | None = None
    images_per_second: float | None = None
    seconds: float | None = None
    params: int | None = None
    flops: int | None = None
    settings: dict[str, Any] = {}  # noqa: RUF012 - a record is frozen
    curve: tuple[tuple[int, float], ...] = ()
    measured: Measurement | None = None


class _Damage(Exception):
    """A file of a run is missing or not what it should be."""


def runs_in(places: Iterable[str]) -> list[RunRecord]:
    """Return the runs at `places`, each a run's folder or a folder of such, by their paths.

    Raises:
        UsageError: there is no such folder.
    """
    found: dict[str, RunRecord] = {}
    for place in places:
        if not os.path.isdir(place):
            raise UsageError(f"there is no folder {place}")
        paths = [Path(place), *sorted(Path(place).iterdir())]
        if (paths[0] / _SPEC).is_file():
            paths = paths[:1]
        for path in paths:
            if (path / _SPEC).is_file():
                found.setdefault(str(path), record_of(path))
    return list(found.values())


def record_of(path: Path) -> RunRecord:
    """Return what the run's folder tells; that it is damaged, where it is."""
    record = RunRecord(str(path))
    try:
        environment, recipe = (_object(path / f"{name}.json") for name in ("environment", "recipe"))
        started, planned = environment.get("started"), recipe.get("epochs")
        if not isinstance(started, str | None):
            raise _Damage(f"{path / 'environment.json'} is damaged: no date")
        if not isinstance(planned, int | None):
            raise _Damage(f"{path / 'recipe.json'} is damaged: no number of epochs")
        record = record.replace(
            started=started,
            planned=planned,
            settings=flat(recipe) | flat(_machine(environment), "environment."),
        )
        _, checked = pick(str(path / _SPEC), "net")
        measured = checked.measured
        assert measured is not None
        cost = measured.cost
        record = record.replace(
            net=measured.network.name, params=cost.params, flops=cost.flops, measured=measured
        )
        record = _trained(record, path)
        return _ended(record, path)
    except SpecError as error:
        return record.replace(status=DAMAGED, problem=str(error).splitlines()[0])
    except (_Damage, AnydslError) as error:
        return record.replace(status=DAMAGED, problem=str(error))


def _trained(record: RunRecord, path: Path) -> RunRecord:
    """Add what the epochs tell that are done."""
    rows = _lines(path / "metrics.jsonl")
    if not rows:
        return record
    try:
        curve = tuple((r.epoch, r.val_accuracy) for r in rows if r.val_accuracy is not None)
        pictures = [row.images_per_second for row in rows]
        best = max(reversed(curve), key=lambda point: point[1], default=(None, None))
        return record.replace(
            epochs=rows[-1].epoch,
            train_loss=rows[-1].train_loss,
            best_epoch=best[0],
            val_accuracy=best[1],
            # Epochs are equally long in pictures, so that the mean speed is the harmonic mean.
            images_per_second=len(pictures) / sum(1 / speed for speed in pictures),
            seconds=sum(row.seconds for row in rows),
            curve=curve,
        )
    except ZeroDivisionError as error:
        raise _Damage(f"{path / 'metrics.jsonl'} is damaged: no pictures per second") from error


def _ended(record: RunRecord, path: Path) -> RunRecord:
    """Add how the run ended, if it did."""
    summary = path / "summary.json"
    if summary.exists():
        accuracy = _object(summary).get("test_accuracy")
        if not isinstance(accuracy, int | float):
            raise _Damage(f"{summary} is damaged: no test_accuracy")
        return record.replace(status=FINISHED, test_accuracy=float(accuracy))
    diverged = path / "diverged.json"
    if diverged.exists():
        said = str(_object(diverged).get("message"))
        return record.replace(status=DIVERGED, problem=said)
    return record


def _machine(environment: dict[str, Any]) -> dict[str, Any]:
    """What of the machine may be why two runs differ."""
    once = ("started", "command", "resumed")
    return {name: value for name, value in environment.items() if name not in once}


def _object(path: Path) -> dict[str, Any]:
    try:
        value = parsed(path.read_bytes())
    except OSError as error:
        raise _Damage(f"{path} can't be read: {error.strerror or error}") from error
    except ValueError as error:
        raise _Damage(f"{path} is damaged ({error})") from error
    if not isinstance(value, dict):
        raise _Damage(f"{path} is damaged: no object")
    return cast("dict[str, Any]", value)


def _lines(path: Path) -> list[Epoch]:
    """The rows of a file of JSON lines; a last one that is being written is left out."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise _Damage(f"{path} can't be read: {error.strerror or error}") from error
    *lines, _ = text.split(b"\n")
    try:
        return [filled(Epoch, parsed(line)) for line in lines]
    except ValueError as error:
        raise _Damage(f"{path} is damaged ({error})") from error
