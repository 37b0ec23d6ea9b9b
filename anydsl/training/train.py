"""Training a net from start to end: the function behind `anydsl train`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from anydsl.errors import DivergedError, RunError
from anydsl.training.devices import tuned
from anydsl.training.evaluation import Scores, evaluate
from anydsl.training.failures import explained
from anydsl.training.feeding.placing import Reading
from anydsl.training.interruption import Interrupted, Interruption
from anydsl.training.loggers.together import Loggers, chosen, recorded
from anydsl.training.loop import Job, fit
from anydsl.training.plan import Plan, plan_of, task_of
from anydsl.training.progress import Progress, progress_for
from anydsl.training.runs.checkpoints import read
from anydsl.training.runs.environment import environment
from anydsl.training.runs.folder import RunFolder
from anydsl.training.runs.jsonable import jsonable
from anydsl.training.runs.keeping import Keeping
from anydsl.training.runs.result import DIVERGED, Result, finished, note_divergence, summarized
from anydsl.training.runs.resuming import (
    recorded_keeping,
    recorded_source,
    resumable,
    resume,
    run_to_resume,
)
from anydsl.training.runs.settings import flat
from anydsl.training.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from anydsl.design.network import Network
    from anydsl.design.recipe import Recipe
    from anydsl.training.loggers.logger import Logger


def train(
    network: Network,
    recipe: Recipe | None = None,
    *,
    data: str | None = None,
    download: bool = False,
    epochs: int | None = None,
    device: str = "auto",
    precision: str | None = None,
    compile: bool = False,  # noqa: A002 - torch's word
    out: str | Path | None = None,
    resume: str | Path | bool | None = None,
    keep: int | None = None,
    save_every: float | None = None,
    seed: int | None = None,
    loggers: Sequence[str] | None = None,
    workers: int | None = None,
    stream: bool = False,
    quiet: bool = False,
) -> Result:
    """Train `network` as `recipe` says, by default `Recipe()`, and test it.

    Args:
        network: what to train.
        recipe: how.
        data: overrides the recipe's: a data set's name, a folder with its files or with pictures
            in folders named after classes, or an .npz or .safetensors file.
        epochs: overrides the recipe's.
        precision: overrides the recipe's.
        seed: overrides the recipe's.
        download: whether missing data may be fetched.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        compile: call the net through `torch.compile`.
        out: the run's folder, by default `runs/NAME-YYYYmmdd-HHMMSS`.
        resume: a run's folder to go on with; True for the one at `out`, or without that for the
            newest unfinished one under `runs/`.
        keep: how many epochs' checkpoints stay, by default the latest one alone.
        save_every: minutes after which the run is saved within an epoch, too, by default 10.
        loggers: of `tensorboard`, `wandb` and `mlflow`; by default those that the run was started
            with, or for a new run TensorBoard where it is installed.
        workers: threads that read pictures which don't fit on the device; 0 reads in between.
        stream: read every batch anew, however much memory there is.
        quiet: say nothing on standard error.

    Raises:
        DataError: the data is missing or broken, or does not fit the net.
        RunError: the run can't be started, continued or saved, was interrupted, or its loss is no
            longer a number.
        UsageError: an option is wrong.
        WeightsError: the checkpoint to go on from is damaged.
    """
    task = task_of(network, recipe, data=data, epochs=epochs, precision=precision, seed=seed)
    compiled, folder = compile, run_to_resume(resume, out, task)
    if folder is not None:
        if folder.summary.exists():
            return finished(folder)
        if data is None:
            task = task.replace(source=recorded_source(folder, task.source))
        compiled = compiled or folder.read_json("environment.json").get("compile") is True
        loggers = recorded(folder) if loggers is None else loggers
    before = Keeping() if folder is None else recorded_keeping(folder)
    keeping = before.changed(keep=keep, save_every=save_every)
    told = chosen(loggers)
    plan = plan_of(
        task,
        device=device,
        compiled=compiled,
        download=download,
        reading=Reading(workers, stream),
    )
    return run(plan, folder or out, keeping=keeping, loggers=told, quiet=quiet)


def run(
    plan: Plan,
    where: RunFolder | str | Path | None,
    *,
    keeping: Keeping | None = None,
    loggers: Mapping[str, Logger] | None = None,
    quiet: bool = False,
) -> Result:
    """Carry out a plan in a new folder at `where`, or go on with the run that `where` is.

    Args:
        plan: what to do.
        where: the folder.
        keeping: how much is kept of it; by default `Keeping()`.
        loggers: by their names; by default TensorBoard where it is installed.
        quiet: say nothing on standard error.

    Raises:
        RunError: the run can't be started, continued or saved, was interrupted, or its loss is no
            longer a number.
        DataError: the test pictures are broken.
        WeightsError: the checkpoint to go on from is damaged.
    """
    state = State(plan.module, plan.recipe, plan.steps_per_epoch)
    cuda = [plan.device] if plan.device.type == "cuda" else []
    if isinstance(where, RunFolder):
        folder = where
        passed_over = resume(plan, folder, state)
    else:
        passed_over = ""
        folder = RunFolder.create(where, plan.name)
    folder.checkpoints.keeping = keeping or Keeping()
    with (
        Interruption() as interruption,
        progress_for(quiet=quiet) as progress,
        Loggers(chosen(None) if loggers is None else loggers, progress) as told,
        tuned(plan.device, plan.flops * plan.recipe.batch),
        torch.random.fork_rng(cuda),  # pyright: ignore[reportUnknownMemberType]
        explained(plan),
        resumable(folder),
    ):
        _describe(plan, folder)
        folder.rewrite_metrics(state.history)
        folder.checkpoints.clear(state.epoch)
        _greet(plan, folder, state, progress)
        if passed_over:
            progress.note(passed_over)
        told.begin(folder, _config(plan), state.history)
        try:
            fit(_job(plan, folder, told, progress, interruption), state)
            scores = _test(plan, folder, state, interruption)
        except DivergedError as error:
            note_divergence(folder, error)
            raise
        except Interrupted:
            place = "before the test"
            if state.epoch < plan.recipe.epochs:
                folder.checkpoints.save(state)
                place = f"in epoch {state.epoch + 1}, after step {state.position:,} of it"
            raise RunError(
                f"interrupted {place}; all is saved: `{folder.how_to_resume}` goes on from here"
            ) from None
        result = summarized(plan, folder, state, scores)
        told.end({name: getattr(result, name) for name in Result.__fields__})
    return result


def _describe(plan: Plan, folder: RunFolder) -> None:
    """Write down what is trained, on what, where; a run that goes on adds where it does."""
    kept = jsonable(folder.checkpoints.keeping)
    now = {**environment(plan.device, compiled=plan.compiled), **kept}
    if folder.spec.exists():
        before = folder.read_json("environment.json")
        now = {
            **before,
            **kept,
            "resumed": [*cast("list[object]", before.get("resumed") or []), now],
        }
    (folder.path / DIVERGED).unlink(missing_ok=True)
    folder.write_json("environment.json", now)
    folder.write_json("recipe.json", plan.recipe)
    folder.write_json("data.json", {"root": plan.data.source.root, **plan.data.identity()})
    # Last: a folder with a spec is a run, and a run has all of the above.
    folder.write_text(folder.spec.name, plan.text)


def _greet(plan: Plan, folder: RunFolder, state: State, progress: Progress) -> None:
    val = len(plan.data.val or ())
    progress.note(
        f"{plan.name}: {plan.params:,} parameters on {plan.device}; {plan.data.source.name}: "
        f"{len(plan.data.train):,} pictures to train on, {val:,} to validate; run {folder.path}"
    )
    if plan.data.note:
        progress.note(plan.data.note)
    progress.begin(plan.recipe.epochs, plan.steps_per_epoch, state.epoch)


def _config(plan: Plan) -> dict[str, Any]:
    """What loggers are told of a run: the net, where it is trained, and the recipe's settings."""
    net = {"net": plan.name, "params": plan.params, "flops": plan.flops}
    settings = flat(jsonable(plan.recipe))
    named = {"recipe": settings.pop("name"), "device": str(plan.device)}
    return net | named | {name: value for name, value in settings.items() if name != "doc"}


def _job(
    plan: Plan,
    folder: RunFolder,
    loggers: Loggers,
    progress: Progress,
    interruption: Interruption,
) -> Job:
    forward = torch.compile(plan.module) if plan.compiled else plan.module

    def saved(state: State) -> None:
        folder.keep(state)
        loggers.epoch(state.history[-1])

    return Job(
        recipe=plan.recipe,
        train=plan.data.train,
        val=plan.data.val,
        batches=plan.batches,
        forward=cast("Callable[[torch.Tensor], torch.Tensor]", forward),
        saved=saved,
        due=folder.checkpoints.due,
        save=folder.checkpoints.save,
        progress=progress,
        interruption=interruption,
    )


def _test(plan: Plan, folder: RunFolder, state: State, interruption: Interruption) -> Scores:
    """Read the test pictures, the only time in a run, and judge the best weights by them."""
    net = state.evaluated
    if state.best is not None:
        net.load_state_dict(read(folder.checkpoints.best)[0])
    return evaluate(net, plan.data.test(), plan.batches, plan.recipe.precision, interruption)
