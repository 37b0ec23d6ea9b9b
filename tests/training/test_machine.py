"""What a run takes from the machine it is on: precision, deterministic ways, fused updates."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from anydsl.checker.loading import pick
from anydsl.design.network import Network
from anydsl.design.optimizers import AdamW
from anydsl.design.recipe import Recipe
from anydsl.training.loop import fit
from anydsl.training.plan import Plan, plan_of, task_of
from anydsl.training.state import State
from anydsl.training.step import Step
from anydsl.training.train import run, train
from tests.training.test_curve import SPEC

PlanFor = Callable[[Recipe], Plan]


@pytest.fixture
def network(tmp_path: Path) -> Network:
    (tmp_path / "tiny.anynet").write_text(SPEC)
    found = pick(str(tmp_path / "tiny.anynet"), "net")[1].value
    assert isinstance(found, Network)
    return found


def written(run: Path, name: str) -> dict[str, Any]:
    return json.loads((run / name).read_text())


def test_a_run_keeps_the_precision_that_a_machine_chose_for_it(
    network: Network, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe.replace(precision="auto", epochs=1)
    monkeypatch.setattr("anydsl.training.plan.precision_of", lambda *_: "bf16")
    train(network, recipe, device="cpu", out=tmp_path / "r", quiet=True)
    assert "precision = bf16" in (tmp_path / "r" / "spec.anynet").read_text()
    (tmp_path / "r" / "summary.json").unlink()
    monkeypatch.setattr("anydsl.training.plan.precision_of", lambda *_: "fp32")
    train(network, recipe, device="cpu", resume=tmp_path / "r", quiet=True)
    assert written(tmp_path / "r", "recipe.json")["precision"] == "bf16"


def test_deterministic_ways_are_taken_for_all_of_a_run_and_no_longer(
    network: Network, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[bool] = []
    do = Step.__call__

    def step(self: Step, *batch: torch.Tensor) -> None:
        known.append(torch.are_deterministic_algorithms_enabled())
        do(self, *batch)

    monkeypatch.setattr(Step, "__call__", step)
    recipe, out = recipe.replace(epochs=1), tmp_path / "r"
    train(network, recipe, device="cpu", deterministic=True, out=out, quiet=True)
    assert known == [True] * len(known)
    assert known
    assert not torch.are_deterministic_algorithms_enabled()
    assert written(out, "environment.json")["deterministic"] is True
    (out / "summary.json").unlink()
    (out / "checkpoints" / "last.safetensors").unlink()
    (out / "checkpoints" / "epoch-0001.safetensors").unlink()
    train(network, recipe, device="cpu", resume=out, quiet=True)
    assert known == [True] * len(known)
    assert written(out, "environment.json")["resumed"][0]["deterministic"] is True


def test_a_net_is_trained_without_a_folder(
    recipe: Recipe, plan_for: PlanFor, tmp_path: Path
) -> None:
    plan = plan_for(recipe)
    state = State(plan.module, plan.recipe, plan.steps_per_epoch)
    fit(plan, state)
    assert list(tmp_path.iterdir()) == []
    result = run(plan_for(recipe), tmp_path / "r", quiet=True)
    assert state.history[-1].train_loss == result.train_loss
    assert len(state.history) == recipe.epochs


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_gradients_and_what_is_remembered_lie_in_memory_as_the_weights_do(
    network: Network, recipe: Recipe, precision: str
) -> None:
    """torch's fused updates on a CPU look at no strides."""
    recipe = recipe.replace(optimizer=AdamW(), precision=precision)
    plan = plan_of(task_of(network, recipe), device="cpu")
    state = State(plan.module, plan.recipe, plan.steps_per_epoch)
    assert state.optimizer.param_groups[0]["fused"] is True
    images, labels = next(iter(plan.batches.training(plan.data.train, 0)))
    with plan.ranks.autocast():
        functional.cross_entropy(plan.module(images), labels).backward()
    state.optimizer.step()
    folded = False
    for weight in plan.module.parameters():
        assert weight.grad is not None
        assert weight.grad.stride() == weight.stride()
        folded |= not weight.is_contiguous()
        for value in state.optimizer.state[weight].values():
            assert value.ndim == 0 or value.stride() == weight.stride()
    assert folded, "a net that is all contiguous would show nothing"
