"""Training a net from start to end: the function behind `anydsl train`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

import torch

from anydsl.errors import DivergedError, RunError
from anydsl.training.devices import tuned
from anydsl.training.evaluation import Scores, evaluate
from anydsl.training.failures import explained
from anydsl.training.feeding.placing import Reading
from anydsl.training.interruption import Interrupted, Interruption
from anydsl.training.loggers.together import FILE, Loggers, chosen, recorded
from anydsl.training.loop import Callbacks, fit
from anydsl.training.plan import Plan, plan_of, task_of
from anydsl.training.progress import Progress, progress_for
from anydsl.training.runs.checkpoints import put_into, read
from anydsl.training.runs.environment import environment
from anydsl.training.runs.folder import RunFolder
from anydsl.training.runs.holding import held
from anydsl.training.runs.jsonable import jsonable
from anydsl.training.runs.keeping import Keeping
from anydsl.training.runs.result import DIVERGED, Result, finished, note_divergence, summarized
from anydsl.training.runs.resuming import (
    recorded_keeping,
    recorded_precision,
    recorded_source,
    resumable,
    run_to_resume,
    saved_state,
)
from anydsl.training.runs.settings import flat
from anydsl.training.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
    cuda_graph: bool = False,
    deterministic: bool = False,
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
        cuda_graph: do each step as one CUDA graph, which saves small nets most of their time; it
            is asked for anew where a run is resumed.
        deterministic: hold torch to ways that give the same bits every time, at the cost of speed.
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
    task = task_of(
        network,
        recipe,
        data=data,
        epochs=epochs,
        precision=precision,
        seed=seed,
        device=device,
    )
    compiled, source, folder = compile, "--logger", run_to_resume(resume, out, task)
    if folder is not None:
        if task.free:
            task = task.in_precision(recorded_precision(folder))
        if folder.summary.exists():
            return finished(folder)
        if data is None:
            task = task.replace(source=recorded_source(folder, task.source))
        before = folder.read_json("environment.json")
        compiled = compiled or before.get("compile") is True
        deterministic = deterministic or before.get("deterministic") is True
        if loggers is None:
            loggers, source = recorded(folder), f"{folder.path / FILE} has --logger"
    kept = Keeping() if folder is None else recorded_keeping(folder)
    keeping = kept.changed(keep=keep, save_every=save_every)
    told = chosen(loggers, source)
    plan = plan_of(
        task,
        device=device,
        compiled=compiled,
        deterministic=deterministic,
        graphed=cuda_graph,
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
    state, ranks = State(plan.module, plan.recipe, plan.steps_per_epoch), plan.ranks
    cuda = [plan.device] if plan.device.type == "cuda" else []
    per_step = plan.flops * plan.recipe.batch // ranks.count
    told, first = chosen(None) if loggers is None else loggers, ranks.rank == 0
    with ExitStack() as holding:
        folder, passed_over = _folder(plan, where, state, holding)
        folder.checkpoints.keeping = keeping or Keeping()
        with (
            Interruption(ranks.any, patient=ranks.count > 1) as interruption,
            progress_for(quiet=quiet or not first) as progress,
            Loggers(told if first else {}, progress) as curves,
            tuned(plan.device, per_step, deterministic=plan.deterministic),
            torch.random.fork_rng(cuda),  # pyright: ignore[reportUnknownMemberType]
            resumable(folder),
            explained(plan),
        ):
            if first:
                _describe(plan, folder)
                folder.rewrite_metrics(state.history)
                folder.checkpoints.clear(state.epoch)
            _greet(plan, folder, state, progress)
            if passed_over:
                progress.note(passed_over)
            curves.begin(folder, _config(plan), state.history)
            try:
                fit(plan, state, _callbacks(plan, folder, curves, progress, interruption))
                scores = _test(plan, folder, state, interruption)
            except DivergedError as error:
                if first:
                    note_divergence(folder, error)
                raise
            except Interrupted:
                place = "before the test"
                if state.epoch < plan.recipe.epochs:
                    if first:
                        folder.checkpoints.save(state)
                    place = f"in epoch {state.epoch + 1}, after step {state.position:,} of it"
                raise RunError(
                    f"interrupted {place}; all is saved: `{folder.how_to_resume}` goes on from here"
                ) from None
            result = summarized(plan, folder, state, scores)
            curves.end({name: getattr(result, name) for name in Result.__fields__})
    return result


def _folder(
    plan: Plan, where: RunFolder | str | Path | None, state: State, holding: ExitStack
) -> tuple[RunFolder, str]:
    """Make the run's folder, or bring `state` to where its run stands; rank 0 does so for all.

    It holds the folder from here on, until `holding` ends.

    Returns:
        The folder, and what the reader should know of its checkpoints.
    """
    ranks = plan.ranks
    found: RunFolder | None = None
    saved: tuple[dict[str, torch.Tensor], dict[str, Any], str] | None = None
    if ranks.rank == 0:
        new = not isinstance(where, RunFolder)
        found = RunFolder.create(where, plan.name) if new else where
        holding.enter_context(held(found.path))
        saved = None if new else saved_state(plan, found)
    path, saved = ranks.told((found.path if found else None, saved))
    assert path is not None
    tensors, values, note = saved or ({}, {}, "")
    if saved is not None:
        state.restore(tensors, values, f"the checkpoint in {path}")
    return found or RunFolder(path), note


def _callbacks(
    plan: Plan,
    folder: RunFolder,
    curves: Loggers,
    progress: Progress,
    interruption: Interruption,
) -> Callbacks:
    """What the loop calls: on rank 0 the state is kept, and the curves go on."""
    first = plan.ranks.rank == 0

    def saved(state: State) -> None:
        if first:
            folder.keep(state)
            curves.epoch(state.history[-1])

    def due() -> bool:
        return plan.ranks.told(folder.checkpoints.due())

    def save(state: State) -> None:
        if first:
            folder.checkpoints.save(state)

    return Callbacks(saved, due, save, progress, interruption)


def _describe(plan: Plan, folder: RunFolder) -> None:
    """Write down what is trained, on what, where; a run that goes on adds where it does."""
    kept = jsonable(folder.checkpoints.keeping)
    now = {
        **environment(
            plan.device,
            compiled=plan.compiled,
            graphed=plan.graphed,
            deterministic=plan.deterministic,
            ranks=plan.ranks.count,
        ),
        **kept,
    }
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
        f"{plan.name}: {plan.params:,} parameters on {_where(plan)}; {plan.data.source.name}: "
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


def _where(plan: Plan) -> str:
    count = plan.ranks.count
    place = f"{count} x {plan.device.type}" if count > 1 else str(plan.device)
    return f"{place} in {plan.recipe.precision}"


def _test(plan: Plan, folder: RunFolder, state: State, interruption: Interruption) -> Scores:
    """Read the test pictures, the only time in a run, and judge the best weights by them."""
    net, ranks = state.evaluated, plan.ranks
    if state.best is not None:
        best = folder.checkpoints.best
        put_into(net, ranks.told(read(best)[0] if ranks.rank == 0 else {}), best)
    else:
        ranks.same_buffers(net)
    return evaluate(net, plan.data.test(), plan.batches, plan.recipe.precision, interruption)
