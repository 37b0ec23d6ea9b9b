"""Plans and results in words and as JSON, for the commands."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from anydsl.training.runs.jsonable import jsonable

if TYPE_CHECKING:
    from anydsl.training.judging.report import Report
    from anydsl.training.plan import Plan
    from anydsl.training.runs.eval_run import Judgement
    from anydsl.training.runs.result import Result

_MISTAKES = 3


def plan_values(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON."""
    data = plan.data
    return {
        "name": plan.name,
        "params": plan.params,
        "input": list(data.train.shape),
        "device": str(plan.device),
        "recipe": jsonable(plan.recipe),
        "data": {
            "name": data.source.name,
            "root": str(data.source.root),
            "train": len(data.train),
            "val": len(data.val or ()),
            "classes": len(data.classes),
            "note": data.note,
        },
        "steps_per_epoch": plan.steps_per_epoch,
        "steps": plan.recipe.epochs * plan.steps_per_epoch,
    }


def plan_lines(plan: Plan) -> list[str]:
    """Return a plan for people."""
    data, recipe = plan.data, plan.recipe
    lines = [
        f"net     {plan.name}: input {'x'.join(str(n) for n in data.train.shape)}, "
        f"{plan.params:,} parameters, on {plan.device}",
        f"data    {data.source.name}: {len(data.train):,} pictures to train on, "
        f"{len(data.val or ()):,} to validate, {len(data.classes)} classes",
        *([f"        {data.note}"] if data.note else []),
        f"steps   {recipe.epochs * plan.steps_per_epoch:,}: "
        f"{recipe.epochs} epochs of {plan.steps_per_epoch:,}, {recipe.batch} pictures each",
        f"recipe  {recipe.name}",
    ]
    return [*lines, *(f"        {line}" for line in recipe_lines(plan.text))]


def recipe_lines(text: str) -> list[str]:
    """Return the settings of the recipe that ends a resolved spec, one a line."""
    inside = text.rpartition("\nrecipe ")[2].splitlines()[1:]
    return [line.strip() for line in inside if line.strip() not in ("", "}")]


def result_lines(result: Result) -> list[str]:
    """Return how a run ended, and what to type next."""
    run = shlex.quote(result.run)
    accuracy = f"test accuracy {result.test_accuracy:.2%}"
    if result.val_accuracy is not None:
        accuracy += f", validation {result.val_accuracy:.2%}"
    return [
        accuracy,
        f"{result.params:,} parameters, {result.epochs} epoch{'s' * (result.epochs != 1)}, "
        f"{result.steps:,} steps "
        f"in {result.seconds:,.1f} s ({result.images_per_second:,.0f} pictures/s)",
        f"run     {result.run}",
        f"next    anydsl eval {run}",
        f"        tensorboard --logdir {run}",
    ]


def judgement_values(judgement: Judgement) -> dict[str, Any]:
    """Return how a run's net did, as JSON."""
    names = ("run", "data", "split", "weights")
    return {name: getattr(judgement, name) for name in names} | jsonable(judgement.report)


def judgement_lines(judgement: Judgement) -> list[str]:
    """Return how a run's net did on a split."""
    report = judgement.report
    top5 = "" if report.top5 is None else f", among the first five {report.top5:.2%}"
    return [
        f"{judgement.split} accuracy {report.top1:.2%}{top5}, loss {report.loss:.4f}",
        f"calibration error {report.ece:.2%} at a mean confidence of {report.confidence:.2%}, "
        f"Brier score {report.brier:.4f}",
        *_mistakes(report),
        f"{report.pictures:,} pictures of {judgement.data}, weights {judgement.weights}",
    ]


def _mistakes(report: Report) -> list[str]:
    """The mistakes that are made most often."""
    names = [score.name for score in report.classes]
    found = [
        (count, i, j)
        for i, row in enumerate(report.confusion)
        for j, count in enumerate(row)
        if count and i != j
    ]
    found.sort(key=lambda mistake: (-mistake[0], mistake[1:]))
    said = [f"{names[i]} for {names[j]} ({count:,})" for count, i, j in found[:_MISTAKES]]
    return [f"most often taken: {', '.join(said)}"] if said else []
