"""Judging the net of a run once more: the function behind `anydsl eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from anydsl.errors import DataError, RunError
from anydsl.language.record import Record
from anydsl.lowering.compiler import compile_network
from anydsl.training.classes import classes_of
from anydsl.training.devices import device_of
from anydsl.training.failures import explained
from anydsl.training.feeding.batches import Batches
from anydsl.training.feeding.making import memory_format
from anydsl.training.feeding.preparation import Fit, check_classes, prepare, test_pictures
from anydsl.training.feeding.source import Source, locate
from anydsl.training.feeding.streaming import default_workers
from anydsl.training.judging.outputs import Outputs, outputs_of
from anydsl.training.judging.report import Report, report_on
from anydsl.training.runs.checkpoints import put_into, read
from anydsl.training.runs.folder import RunFolder
from anydsl.training.runs.resuming import recorded_design, recorded_source
from anydsl.training.state import named

if TYPE_CHECKING:
    import torch
    from torch import nn

    from anydsl.design.network import Network
    from anydsl.design.recipe import Recipe
    from anydsl.training.feeding.pictures import Pictures


class Judgement(Record):
    """How a run's net does on a split.

    Attributes:
        run: the run's folder.
        net: the net's name.
        data, split: what it was judged on.
        weights: the file that they came from.
        report: how it does.
        outputs: what it says of each picture.
    """

    run: str
    net: str
    data: str
    split: str
    weights: str
    report: Report
    outputs: Outputs


def eval_run(
    run: str | Path,
    *,
    weights: str | Path | None = None,
    data: str | None = None,
    split: str = "test",
    device: str = "auto",
) -> Judgement:
    """Judge the run in the folder `run`, finished or not.

    Args:
        run: the folder.
        weights: a safetensors file; by default the run's best weights, or its last ones.
        data: a data set's name, a folder or a file, by default what the run was trained on.
            Pictures are normalised as in the run.
        split: `test` or `val`.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        DataError: the data is missing or broken, does not fit the net, or has no such split.
        RunError: the run is damaged, or has no weights yet.
        SpecError: the run's spec is damaged.
        UsageError: an option is wrong.
        WeightsError: the weights are missing, damaged or another net's, or have diverged.
    """
    folder, place = RunFolder.of(run), device_of(device)
    network, recipe = recorded_design(folder)
    source = locate(recipe.data, data)
    if data is None:
        source = recorded_source(folder, source)
    pictures, classes = _pictures(source, recipe, network, split, place)
    file = Path(weights) if weights is not None else _newest(folder)
    module = compile_network(network, device=str(place), seed=recipe.seed)
    module.to(memory_format=memory_format(place))
    load_weights(module, file)
    batches = _batches(folder, recipe, network.input[0], place)
    with explained():
        outputs = outputs_of(module, pictures, batches, recipe.precision)
    return Judgement(
        run=str(folder.path),
        net=network.name,
        data=source.name,
        split=split,
        weights=str(file),
        report=report_on(outputs, classes),
        outputs=outputs,
    )


def load_weights(module: nn.Module, file: Path) -> None:
    """Load a safetensors file: a net's weights alone, or a checkpoint with its optimizer.

    Raises:
        WeightsError: it is missing, damaged or another net's.
    """
    tensors, _ = read(file)
    put_into(module, named(tensors, "ema.") or named(tensors, "model.") or tensors, file)


def _newest(folder: RunFolder) -> Path:
    file = folder.checkpoints.weights()
    if file is None:
        raise RunError(f"{folder.path} has no weights yet: its first epoch is not over")
    return file


def _pictures(
    source: Source, recipe: Recipe, network: Network, split: str, device: torch.device
) -> tuple[Pictures, tuple[str, ...]]:
    """Return the pictures of a split, and the names of the classes."""
    classes = classes_of(network)
    if split == "val":
        prepared = prepare(source, recipe, network.input, classes, device)
        if prepared.val is None:
            raise DataError("the run has no validation split: its recipe has `validation = 0`")
        return prepared.val, prepared.classes
    opened = source.open(network.input[0])
    check_classes(opened.classes, classes)
    test = test_pictures(opened, Fit(source, network.input, classes), device)
    return test, opened.classes


def _batches(folder: RunFolder, recipe: Recipe, channels: int, device: torch.device) -> Batches:
    recorded = folder.read_json("data.json")
    mean, std = (_numbers(recorded.get(key), channels) for key in ("mean", "std"))
    if mean is None or std is None or not all(std):
        raise RunError(f"{folder.path / 'data.json'} is damaged: no mean and std of each channel")
    return Batches(
        size=recipe.batch,
        mean=mean,
        std=std,
        device=device,
        workers=default_workers(),
    )


def _numbers(values: object, count: int) -> tuple[float, ...] | None:
    """So many numbers, in a list of JSON; None where it is none."""
    found = cast("list[Any]", values) if isinstance(values, list) else []
    if len(found) != count or not all(isinstance(value, int | float) for value in found):
        return None
    return tuple(map(float, found))
