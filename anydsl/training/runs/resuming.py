"""Finding a run to go on with, and making sure that it is the same run."""

from __future__ import annotations

import difflib
import math
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anydsl.checker.loading import pick, recipes
from anydsl.design.network import Network
from anydsl.design.recipe import Recipe
from anydsl.errors import DataError, DeviceError, RunError, UnwritableError, UsageError
from anydsl.training.runs.checkpoints import remove_leftovers
from anydsl.training.runs.folder import RunFolder
from anydsl.training.runs.keeping import Keeping

if TYPE_CHECKING:
    from collections.abc import Generator

    import torch

    from anydsl.training.feeding.source import Source
    from anydsl.training.plan import Plan, Task


def run_to_resume(
    resume: str | Path | bool | None, out: str | Path | None, task: Task
) -> RunFolder | None:
    """Return the run at `resume`, None where that is None or False.

    True stands for the run at `out`, or without that for the newest unfinished one under `runs/`.

    Raises:
        UsageError: there is no such run, or `out` is another folder.
        RunError: it was started with another net or recipe.

    """
    if resume is None or resume is False:
        return None
    place = out if resume is True else resume
    if out is not None and Path(out) != Path(place or out):
        raise UsageError(f"--out {out}: a run that is resumed stays in its folder, {place}")
    folder = RunFolder.newest_unfinished(task.text) if place is None else RunFolder.of(place)
    if task.free:
        task = task.in_precision(recorded_precision(folder))
    old, new = folder.text().splitlines(), task.text.splitlines()
    changes = [
        f"  {line}"
        for line in difflib.unified_diff(old, new, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    if changes:
        raise RunError(
            f"the net or the recipe is not the one that {folder.path} was started with:\n"
            + "\n".join(changes)
            + f"\n`{folder.how_to_resume}` goes on with the one it was started with"
        )
    return folder


def recorded_design(folder: RunFolder) -> tuple[Network, Recipe]:
    """Return the net that the run in `folder` trains, and how.

    Raises:
        SpecError: the run's spec is damaged.
        RunError: it says nothing of a recipe.
    """
    module, checked = pick(str(folder.spec), "net")
    found = list(recipes(module).values())
    if len(found) != 1 or not isinstance(checked.value, Network):
        raise RunError(f"{folder.spec} is damaged: {len(found)} recipes")
    return checked.value, found[0]


def recorded_keeping(folder: RunFolder) -> Keeping:
    """Return what the run in `folder` keeps of itself, as it was told last.

    Raises:
        RunError: the run's notes are damaged.
    """
    recorded = folder.read_json("environment.json")
    if "keep" not in recorded:
        return Keeping()
    try:
        minutes = recorded["save_every"]
        keeping = Keeping(int(recorded["keep"]), math.inf if minutes is None else float(minutes))
        return keeping.changed(keep=keeping.keep, save_every=keeping.save_every)
    except (KeyError, TypeError, ValueError, OverflowError, UsageError) as error:
        raise RunError(f"{folder.path / 'environment.json'} is damaged: {error}") from error


def recorded_source(folder: RunFolder, source: Source) -> Source:
    """Return `source` at the place where the run in `folder` found it.

    Raises:
        RunError: the run's notes are damaged.
    """
    root = folder.read_json("data.json").get("root")
    if not isinstance(root, str):
        raise RunError(f"{folder.path / 'data.json'} is damaged: no root")
    return source.replace(root=Path(root))


def recorded_precision(folder: RunFolder) -> str:
    """Return the precision that the run in `folder` has, whatever suits this machine.

    Raises:
        RunError: the run's notes are damaged.
    """
    precision: Any = folder.read_json("recipe.json").get("precision")
    if precision not in Recipe.__settings__["precision"].choices:
        raise RunError(f"{folder.path / 'recipe.json'} is damaged: no precision")
    return precision


def saved_state(
    plan: Plan, folder: RunFolder
) -> tuple[dict[str, torch.Tensor], dict[str, Any], str] | None:
    """Read where the run in `folder` stands; None if nothing was saved yet.

    Returns:
        The tensors and values of a state, and what the reader should know: which damaged
        checkpoint was passed over; mostly nothing.

    Raises:
        RunError: the data is not what it was, or the checkpoint belongs to another run.
        WeightsError: all checkpoints are damaged.
    """
    remove_leftovers(folder.path)
    recorded = folder.read_json("data.json")
    for key, value in plan.data.identity().items():
        if key not in recorded:
            raise RunError(f"{folder.path / 'data.json'} is damaged: no {key}")
        if recorded[key] != value:
            raise RunError(
                f"the data in {plan.data.source.root} is not what {folder.path} was started with: "
                f"{key} was {recorded[key]} and is {value}"
            )
    return folder.checkpoints.newest()


@contextmanager
def resumable(folder: RunFolder) -> Generator[None]:
    """Add to what the reader can mend, as a full disk or lost pictures, how the run goes on then.

    Raises:
        DataError, DeviceError, UnwritableError: in the place of one that says less.
    """
    try:
        yield
    except (DataError, DeviceError, UnwritableError) as error:
        if not folder.spec.exists():
            raise
        message = f"{error}; when that is mended, `{folder.how_to_resume}` goes on"
        raise type(error)(message) from error
