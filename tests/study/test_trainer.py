"""Trials that train: their outcome, their weights, what diverges, and the test split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from anydsl.design.network import Network
from anydsl.design.recipe import SGD, Digits, Recipe
from anydsl.errors import DataError, RunError, UsageError
from anydsl.study.texts import network_of, recipe_of
from anydsl.study.trainer import Trainer
from anydsl.training.evaluation import evaluate
from anydsl.training.runs.checkpoints import read
from anydsl.training.train import train

NET = """anynet 1

net Small {
  input = 1x8x8
  stem { w = 8, s = 1 }
  body { block = resnext, b = 1, g = 8, stage s1 { d = 1, w = 8 } }
  head { classes = 10 }
}
"""
RECIPE = Recipe(epochs=2, batch=256, optimizer=SGD(lr=Fraction(1, 5)))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def net() -> Network:
    return network_of(NET)


def test_the_outcome_is_that_of_train(net: Network, tmp_path: Path) -> None:
    """Under the recipe's own seed a trial is what `anydsl train` does, to the last bit."""
    outcome = Trainer(RECIPE, "cpu").train(net, RECIPE.seed).outcome
    assert 0 < outcome.error < 0.9
    result = train(net, RECIPE, device="cpu", out=tmp_path / "run", quiet=True)
    assert outcome.train_loss == result.train_loss
    assert outcome.error == 1 - (outcome.curve[-1]["val_acc"] or 0)
    assert len(outcome.curve) == 2
    assert not outcome.diverged
    assert outcome.device == "cpu"


def test_seeds_matter_and_nothing_else_does(net: Network) -> None:
    trainer = Trainer(RECIPE, "cpu")
    first, other, again = (trainer.train(net, seed).outcome for seed in (1, 2, 1))
    assert first.curve == again.curve
    assert first.curve != other.curve


def test_what_is_held_out_is_one_thing_for_all(net: Network) -> None:
    trainer = Trainer(RECIPE, "cpu")
    one, two = (trainer.plan(net, seed).data.val for seed in (1, 2))
    assert one is not None
    assert one is two
    other = Trainer(RECIPE.replace(seed=1), "cpu").plan(net, 1).data.val
    assert other is not None
    assert not one.images.equal(other.images)


def test_divergence_is_chance(net: Network) -> None:
    steep = RECIPE.replace(optimizer=SGD(lr=10**30))
    done = Trainer(steep, "cpu").train(net, 0)
    assert done.outcome.diverged
    assert done.outcome.error == 0.9
    assert done.outcome.train_loss is None
    assert done.save is None


@pytest.mark.parametrize("ema", [0, Fraction(9, 10)])
def test_weights_are_those_that_were_judged(net: Network, tmp_path: Path, ema) -> None:
    trainer = Trainer(RECIPE.replace(ema=ema), "cpu")
    done = trainer.train(net, 1)
    assert done.save is not None
    file = tmp_path / "weights" / "x.safetensors"
    done.save(file)
    plan = trainer.plan(net, 2)  # another seed: nothing but the file can bring the weights
    assert plan.data.val is not None
    plan.module.load_state_dict(read(file)[0])
    for pictures, error in (
        (plan.data.val, done.outcome.error),
        (plan.data.test(), trainer.test_error(net, 2, file)),
    ):
        scores = evaluate(plan.module, pictures, plan.batches, plan.recipe.precision)
        assert 1 - scores.top1 == pytest.approx(error)


def test_pictures_must_be_held_out(net: Network) -> None:
    with pytest.raises(DataError, match="set `validation` in its recipe"):
        Trainer(RECIPE.replace(validation=0), "cpu").train(net, 0)


def test_the_pictures_must_fit(net: Network) -> None:
    with pytest.raises(DataError, match="16x16"):
        Trainer(RECIPE.replace(data=Digits(resize=(16, 16))), "cpu").train(net, 0)


def test_damaged_texts() -> None:
    with pytest.raises(RunError, match="holds no net"):
        network_of("anynet 1\n")
    with pytest.raises(RunError, match="recipe of the study is damaged"):
        recipe_of("anynet 1\nrecipe r { epochs = 0 }\n")


def test_a_study_is_trained_by_graphs_where_it_can_be(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"--cuda-graph: .*the device is cpu"):
        Trainer(RECIPE, "cpu", graphed=True)
    for module in ("anydsl.study.trainer.check_capturable", "anydsl.study.trainer.check_resident"):
        monkeypatch.setattr(module, lambda *_: None)
    calls: list[torch.device] = []

    def captured(function: Callable[[], None], device: torch.device) -> Callable[[], None]:
        calls.append(device)
        return function

    monkeypatch.setattr("anydsl.training.replaying.captured", captured)
    usual, graphed = (
        Trainer(RECIPE, "cpu", graphed=g).train(net, 1).outcome for g in (False, True)
    )
    assert calls == [torch.device("cpu")]
    assert graphed.curve == usual.curve
