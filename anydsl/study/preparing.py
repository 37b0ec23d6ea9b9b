"""What is settled before the first trial: devices, pictures, and how long it will take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from anydsl.errors import UsageError
from anydsl.language.record import Record
from anydsl.study.runner import Work
from anydsl.study.store import FILE, Store
from anydsl.study.surveying import Question, survey
from anydsl.study.watching import duration
from anydsl.training.devices import device_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.study.cluster.joining import Cluster
    from anydsl.study.plan import Plan
    from anydsl.study.trial import Trial

STUDIES = Path("studies")


class Prepared(Record):
    """A study that can begin.

    Attributes:
        folder: where it is kept.
        text: of the file that the study stands in.
        facts: what must not change while it is in progress, as JSON.
        environment: what else is written down: versions, device, command.
        work: what the workers are told.
        devices: for each worker, the one that it trains on.
        room: how many workers may share a device, of this machine, if they prove to help.
        left: trials that are to be done.
        each: seconds that one takes, about; None if none is left.
        pictures: how many one epoch trains on.
        notes: what the reader should know of them.
    """

    folder: Path
    text: str
    facts: dict[str, Any]
    environment: dict[str, Any]
    work: Work
    devices: tuple[str, ...]
    room: int
    left: int
    each: float | None
    pictures: int
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long the trials that are left take, about."""
        return None if self.each is None else self.each * self.left / len(self.devices)


def prepare_study(
    plan: Plan,
    text: str,
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    threads: int = 1,
    device: str = "auto",
    data: str | None = None,
    cuda_graph: bool = False,
    resume: bool = False,
    cluster: Cluster | None = None,
) -> Prepared:
    """Find devices and data, and train the design of middle cost for a few steps.

    Args:
        plan: the study.
        text: of the file that it stands in, to be kept with the results.
        out: its folder, by default `studies/NAME`.
        workers: how many processes; by default one for each GPU, or for each core.
        threads: of each worker on the CPU. The last bits of a result depend on it, so it is one
            number for the whole study, whatever the number of workers.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        data: another data set, or a folder, than the recipe's.
        cuda_graph: whether each step of training is one CUDA graph; no fact of the study.
        resume: whether there has to be something to go on with.
        cluster: does the trials in place of this machine; its nodes are asked for device and data.

    Raises:
        UsageError: there is no such device, no such data, no graph there, or nothing to go on with.
        DataError: the data is missing or broken, or does not fit the designs.
        RunError: the folder's database is damaged, or the cluster can't be used.
    """
    folder = Path(out) if out is not None else STUDIES / plan.study
    if resume and not (folder / FILE).exists():
        raise UsageError(f"--resume: {folder} holds no study")
    if data is not None and (os.path.exists(data) or (cluster and os.sep in data)):
        data = os.path.abspath(data)  # a report may be made elsewhere, and so may the trials
    left = _left(plan, folder)
    question = Question(
        recipe=plan.recipe,
        nets=tuple(trial.net for trial in _first_of_each(plan)),
        timed=_median(left),
        device=device,
        threads=threads,
        data=data,
        graphed=cuda_graph,
    )
    found = survey(question) if cluster is None else cluster.survey(question)
    return Prepared(
        folder=folder,
        text=text,
        facts={
            "recipe": found.recipe,
            "data": found.data,
            "threads": threads if found.device == "cpu" else None,
        },
        environment={"environment": found.environment, "override": data},
        work=Work(folder, threads=threads, graphed=cuda_graph, data=data),
        devices=_devices(device, workers, threads) if cluster is None else cluster.devices(),
        room=found.room if workers is None and cluster is None else 1,
        left=len(left),
        each=found.each,
        pictures=found.pictures,
        notes=found.notes,
    )


def plan_values(plan: Plan, prepared: Prepared) -> dict[str, Any]:
    """Return what is to be done as JSON."""
    jobs = plan.jobs
    return {
        "study": plan.study,
        "out": str(prepared.folder),
        "groups": group_rows(plan),
        "trials": len(jobs),
        "left": prepared.left,
        "work": plan.work(jobs, prepared.pictures),
        "workers": len(prepared.devices),
        "device": prepared.devices[0],
        "seconds_each": prepared.each,
        "seconds": prepared.seconds,
    }


def plan_lines(plan: Plan, prepared: Prepared) -> list[str]:
    """Return what is to be done for people, without the groups."""
    trials, jobs = len(plan.trials), plan.jobs
    work = plan.work(jobs, prepared.pictures)
    kind = prepared.devices[0].partition(":")[0]
    shared = trials - len(jobs)
    lines = [
        f"study   {plan.study}: {trials:,} trials of {plan.recipe.epochs:,} "
        f"epoch{'s' * (plan.recipe.epochs != 1)}",
        *([f"        {shared:,} are the same as others and trained once"] if shared else []),
        *([f"        {len(jobs) - prepared.left:,} are over"] * (prepared.left < len(jobs))),
        *(f"        {note}" for note in prepared.notes),
    ]
    if plan.samples < plan.asked:
        lines.append(
            f"        the budget holds {plan.samples:,} of {plan.asked:,} designs of each group"
        )
    if work is not None:
        lines.append(f"work    {work:.2g} multiply-adds of training")
    workers = len(prepared.devices)
    more = f", up to {prepared.room} on each while that helps" if prepared.room > 1 else ""
    lines.append(f"where   {workers} worker{'s' * (workers != 1)} on {kind}{more}")
    if prepared.each is not None and prepared.seconds is not None:
        lines.append(f"time    about {duration(prepared.seconds)}: {prepared.each:.2g} s a trial")
    return [*lines, f"out     {prepared.folder}"]


def group_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return the groups as the rows of a table: designs, and the spread of their flops."""
    return [
        {
            "group": portion.group.name,
            "designs": portion.designs,
            "flops, least": portion.flops.low,
            "median": portion.flops.median,
            "most": portion.flops.high,
        }
        for portion in plan.portions()
    ]


def _first_of_each(plan: Plan) -> list[Trial]:
    """A trial of each group: they may differ in what they take."""
    return list({trial.group: trial for trial in reversed(plan.trials)}.values())


def _median(trials: Sequence[Trial]) -> tuple[str, int] | None:
    """The net of median flops, and its seed; None of no trials."""
    if not trials:
        return None
    median = sorted(trials, key=lambda trial: trial.flops)[len(trials) // 2]
    return median.net, median.seed


def _left(plan: Plan, folder: Path) -> Sequence[Trial]:
    """The trials that are not over yet."""
    trials = {trial.id: trial for trial in plan.jobs}
    if (folder / FILE).exists():
        store = Store(folder, readonly=True)
        for row in store.rows():
            if row.status in ("done", "failed"):
                trials.pop(row.id, None)
        store.close()
    return list(trials.values())


def _devices(device: str, workers: int | None, threads: int) -> tuple[str, ...]:
    """For each worker, the device that it trains on."""
    found = device_of(device)
    names = [str(found)]
    if names == ["cuda"]:
        names = [f"cuda:{place}" for place in range(torch.cuda.device_count())]
    usual = len(names) if found.type != "cpu" else max(1, _cores() // threads)
    count = usual if workers is None else workers
    return tuple(names[place % len(names)] for place in range(count))


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
