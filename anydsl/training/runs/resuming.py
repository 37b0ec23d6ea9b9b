"""Finding a run to go on with, and making sure that it is the same run."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from anydsl.checker.loading import pick, recipes
from anydsl.design.network import Network
from anydsl.errors import RunError, UsageError
from anydsl.training.runs.checkpoints import read
from anydsl.training.runs.folder import RunFolder

if TYPE_CHECKING:
    from anydsl.design.recipe import Recipe
    from anydsl.training.feeding.source import Source
    from anydsl.training.plan import Plan, Task
    from anydsl.training.state import State


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


def recorded_source(folder: RunFolder, source: Source) -> Source:
    """Return `source` at the place where the run in `folder` found it.

    Raises:
        RunError: the run's notes are damaged.
    """
    root = folder.read_json("data.json").get("root")
    if not isinstance(root, str):
        raise RunError(f"{folder.path / 'data.json'} is damaged: no root")
    return source.replace(root=Path(root))


def resume(plan: Plan, folder: RunFolder, state: State) -> None:
    """Bring `state` to where the run in `folder` stands; to the start if nothing was saved yet.

    Raises:
        RunError: the data is not what it was, or the checkpoint belongs to another run.
        WeightsError: the checkpoint is damaged.
    """
    recorded = folder.read_json("data.json")
    for key, value in plan.data.identity().items():
        if recorded.get(key) != value:
            raise RunError(
                f"the data in {plan.data.source.root} is not what {folder.path} was started with: "
                f"{key} was {recorded.get(key)} and is {value}"
            )
    if folder.last.exists():
        state.restore(*read(folder.last))
