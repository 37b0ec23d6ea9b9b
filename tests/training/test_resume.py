"""A run that was stopped, and goes on as if it never had been."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch

from anydsl.design.optimizers import SGD, AdamW, Lamb
from anydsl.design.recipe import Recipe
from anydsl.errors import RunError, WeightsError
from anydsl.training.plan import Plan
from anydsl.training.runs.checkpoints import read
from anydsl.training.runs.folder import RunFolder
from anydsl.training.train import run

PlanFor = Callable[[Recipe], Plan]


class Killed(BaseException):
    """The end of a process, without any."""


def rows(run: str | Path) -> list[dict[str, Any]]:
    lines = (Path(run) / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def exact(run: str | Path) -> list[dict[str, Any]]:
    """The epochs without what the clock says."""
    timed = ("seconds", "images_per_second")
    return [{k: v for k, v in row.items() if k not in timed} for row in rows(run)]


def same_end(one: str | Path, two: str | Path) -> bool:
    """Whether two runs ended alike to the last bit."""
    ours, theirs = (read(Path(r) / "checkpoints" / "last.safetensors")[0] for r in (one, two))
    tensors = ours.keys() == theirs.keys() and all(ours[n].equal(theirs[n]) for n in ours)
    return tensors and exact(one) == exact(two)


def stop_at(plan: Plan, call: int, number: int) -> None:
    """Send this process a signal in the middle of the training step `call`, from 1."""
    calls = 0

    def hook(module: torch.nn.Module, *_: object) -> None:
        nonlocal calls
        step = module.training and torch.is_grad_enabled()  # batch norms are measured without
        calls += step
        if calls == call and step:
            os.kill(os.getpid(), number)

    plan.module.register_forward_hook(hook)


SGD_RECIPE = {"optimizer": SGD(lr=Fraction(1, 10), momentum=Fraction(9, 10))}
ADAM_RECIPE = {"optimizer": AdamW(), "ema": Fraction(9, 10), "label_smoothing": Fraction(1, 10)}
LAMB_RECIPE = {
    "optimizer": Lamb(norm_weight_decay=0, bias_weight_decay=0),
    "ema": Fraction(9, 10),
    "clip_norm": 1,
    "precise_bn": 512,
}
RECIPES = pytest.mark.parametrize(
    "changes", [SGD_RECIPE, ADAM_RECIPE, LAMB_RECIPE], ids=["sgd", "adamw-ema", "lamb-all"]
)


@RECIPES
def test_killed_after_an_epoch_and_resumed_is_as_never_killed(
    recipe: Recipe,
    plan_for: PlanFor,
    tmp_path: Path,
    changes: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = recipe.replace(**changes)
    straight = run(plan_for(recipe), tmp_path / "straight", quiet=True)
    keep = RunFolder.keep

    def killed(self: RunFolder, state: Any) -> None:
        keep(self, state)
        if state.epoch == 2:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "keep", killed)
        with pytest.raises(Killed):
            run(plan_for(recipe), tmp_path / "resumed", quiet=True)
    # What was written after the last checkpoint is written again, not twice.
    with open(tmp_path / "resumed" / "metrics.jsonl", "a") as file:
        file.write('{"epoch": 3, "half a li')
    resumed = run(plan_for(recipe), RunFolder.of(tmp_path / "resumed"), quiet=True)
    assert same_end(tmp_path / "straight", tmp_path / "resumed")
    assert straight.test_accuracy == resumed.test_accuracy


@RECIPES
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_within_an_epoch_and_resumed_is_as_never_interrupted(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, changes: dict[str, Any], number: int
) -> None:
    recipe = recipe.replace(**changes)
    run(plan_for(recipe), tmp_path / "straight", quiet=True)
    plan = plan_for(recipe)
    stop_at(plan, 8, number)
    with pytest.raises(RunError) as caught:
        run(plan, tmp_path / "resumed", quiet=True)
    assert "interrupted in epoch 2, after step 3 of it" in str(caught.value)
    assert f"anydsl train --resume {tmp_path / 'resumed'}" in str(caught.value)
    assert len(rows(tmp_path / "resumed")) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    run(plan_for(recipe), RunFolder.of(tmp_path / "resumed"), quiet=True)
    assert same_end(tmp_path / "straight", tmp_path / "resumed")


def test_interrupted_in_the_last_step_the_epoch_is_validated_when_resumed(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    run(plan_for(recipe), tmp_path / "straight", quiet=True)
    plan = plan_for(recipe)
    stop_at(plan, 20, signal.SIGTERM)
    with pytest.raises(RunError, match="in epoch 4, after step 5 of it"):
        run(plan, tmp_path / "resumed", quiet=True)
    run(plan_for(recipe), RunFolder.of(tmp_path / "resumed"), quiet=True)
    assert same_end(tmp_path / "straight", tmp_path / "resumed")


def test_interrupted_while_batch_norms_are_measured_they_are_measured_when_resumed(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    recipe = recipe.replace(precise_bn=1024)
    run(plan_for(recipe), tmp_path / "straight", quiet=True)
    plan, calls = plan_for(recipe), 0

    def hook(module: torch.nn.Module, *_: object) -> None:
        nonlocal calls
        calls += module.training and not torch.is_grad_enabled()
        if calls == 6:  # the second batch of the second epoch's four
            os.kill(os.getpid(), signal.SIGTERM)

    plan.module.register_forward_hook(hook)
    with pytest.raises(RunError, match="in epoch 2, after step 5 of it"):
        run(plan, tmp_path / "resumed", quiet=True)
    run(plan_for(recipe), RunFolder.of(tmp_path / "resumed"), quiet=True)
    assert same_end(tmp_path / "straight", tmp_path / "resumed")


def test_no_room_on_the_disk_is_an_error_and_the_last_epoch_stays(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, calls = os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += len(list((tmp_path / "r" / "checkpoints").glob(".epoch-*")))
        if calls == 2:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RunError, match=r"epoch-0002\.safetensors can't be written: No space"):
            run(plan_for(recipe), tmp_path / "r", quiet=True)
    assert read(tmp_path / "r" / "checkpoints" / "last.safetensors")[1]["epoch"] == 1
    run(plan_for(recipe), tmp_path / "straight", quiet=True)
    run(plan_for(recipe), RunFolder.of(tmp_path / "r"), quiet=True)
    assert same_end(tmp_path / "r", tmp_path / "straight")


def test_a_damaged_checkpoint_is_an_error(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    run(plan_for(recipe), tmp_path / "r", quiet=True)
    last = tmp_path / "r" / "checkpoints" / "last.safetensors"
    whole = last.read_bytes()
    last.write_bytes(whole[:-100])
    with pytest.raises(WeightsError, match="damaged"):
        run(plan_for(recipe), RunFolder.of(tmp_path / "r"), quiet=True)
    last.write_bytes((tmp_path / "r" / "checkpoints" / "best.safetensors").read_bytes())
    with pytest.raises(RunError, match="does not belong to this run"):
        run(plan_for(recipe), RunFolder.of(tmp_path / "r"), quiet=True)


def test_changed_data_is_an_error(recipe: Recipe, plan_for: PlanFor, tmp_path: Path) -> None:
    plan = plan_for(recipe)
    run(plan, tmp_path / "r", quiet=True)
    changed = plan.replace(data=plan.data.replace(mean=(0.5,)))
    with pytest.raises(RunError, match=r"is not what .* was started with: mean was \[0\.3"):
        run(changed, RunFolder.of(tmp_path / "r"), quiet=True)


def test_a_run_without_a_checkpoint_begins_anew(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    run(plan_for(recipe), tmp_path / "straight", quiet=True)
    run(plan_for(recipe), tmp_path / "r", quiet=True)
    for file in (tmp_path / "r" / "checkpoints").iterdir():
        file.unlink()
    run(plan_for(recipe), RunFolder.of(tmp_path / "r"), quiet=True)
    assert same_end(tmp_path / "r", tmp_path / "straight")
