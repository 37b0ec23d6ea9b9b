from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch.optim import lr_scheduler

from anydsl.design.recipe import SGD, Constant, Cosine, Recipe, Step
from anydsl.training.optimization.schedules import learning_rate

EPOCHS, STEPS = 12, 5


def recipe(schedule: Constant | Cosine | Step) -> Recipe:
    return Recipe(epochs=EPOCHS, optimizer=SGD(lr=Fraction(1, 2)), schedule=schedule)


def torchs(make: object, warmup: int = 0) -> list[float]:
    """What torch's own schedulers give, step by step."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    scheduler = make(optimizer)  # type: ignore[operator]
    if warmup:
        rise = lr_scheduler.LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
        scheduler = lr_scheduler.SequentialLR(optimizer, [rise, scheduler], [warmup])
    values = []
    for _ in range(EPOCHS * STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


def ours(schedule: Constant | Cosine | Step) -> list[float]:
    return [learning_rate(recipe(schedule), STEPS, step) for step in range(EPOCHS * STEPS)]


def test_constant() -> None:
    assert ours(Constant()) == [0.5] * (EPOCHS * STEPS)


def test_cosine_is_torchs() -> None:
    expected = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, EPOCHS * STEPS, 0.01))
    assert ours(Cosine(lr_min=Fraction(1, 100))) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:The epoch parameter")  # torch's own, inside SequentialLR
def test_cosine_after_warmup_is_torchs() -> None:
    expected = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, EPOCHS * STEPS - 10), warmup=10)
    assert ours(Cosine(warmup=2)) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_constant_after_a_fraction_of_an_epoch_is_torchs() -> None:
    expected = torchs(lambda o: lr_scheduler.ConstantLR(o, 1), warmup=3)
    assert ours(Constant(warmup=Fraction(3, 5))) == pytest.approx(expected)


def test_step_is_torchs() -> None:
    expected = torchs(lambda o: lr_scheduler.StepLR(o, 4 * STEPS, 0.1))
    assert ours(Step(every=4)) == pytest.approx(expected)


def test_step_every_fraction_of_an_epoch_is_exact() -> None:
    # 12/5 epochs are 12 steps; 2.4 * 5 in floating point would do, 0.2 * 3 * 5 would not.
    values = ours(Step(every=Fraction(3, 5), gamma=Fraction(1, 2)))
    assert values[:7] == [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_warmup_longer_than_the_run_only_rises() -> None:
    values = ours(Cosine(warmup=100))
    assert values == sorted(values)
    assert values[-1] < 0.5
