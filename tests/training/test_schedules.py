from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from torch.optim import lr_scheduler

from anydsl.design.optimizers import SGD
from anydsl.design.recipe import Recipe
from anydsl.design.schedules import (
    Constant,
    Cosine,
    Linear,
    MultiStep,
    OneCycle,
    Schedule,
    Step,
)
from anydsl.training.optimization.schedules import learning_rate

EPOCHS, STEPS = 12, 5


def recipe(schedule: Schedule) -> Recipe:
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


def ours(schedule: Schedule) -> list[float]:
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


def test_linear_is_torchs() -> None:
    expected = torchs(lambda o: lr_scheduler.LinearLR(o, 1, 0.02, EPOCHS * STEPS))
    assert ours(Linear(lr_min=Fraction(1, 100))) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_linear_after_warmup_is_torchs() -> None:
    expected = torchs(lambda o: lr_scheduler.LinearLR(o, 1, 1e-9, EPOCHS * STEPS - 15), warmup=15)
    assert ours(Linear(warmup=3)) == pytest.approx(expected, abs=1e-8)


def test_multi_step_is_torchs() -> None:
    expected = torchs(lambda o: lr_scheduler.MultiStepLR(o, [3 * STEPS, 7 * STEPS, 54], 0.2))
    milestones = (3, 7, Fraction(54, STEPS))
    assert ours(MultiStep(milestones, Fraction(1, 5))) == pytest.approx(expected)


def test_multi_step_with_warmup_is_the_product_of_torchs() -> None:
    steps = torchs(lambda o: lr_scheduler.MultiStepLR(o, [2 * STEPS, 7 * STEPS], 0.1))
    rise = torchs(lambda o: lr_scheduler.LinearLR(o, 1 / 16, total_iters=15))
    expected = [one * other / 0.5 for one, other in zip(steps, rise, strict=True)]
    assert ours(MultiStep((2, 7), warmup=3)) == pytest.approx(expected)


@pytest.mark.parametrize("anneal", ["cos", "linear"])
@pytest.mark.parametrize("pct_start", [0.3, 0.0, 0.05, 0.5, 0.95])
def test_one_cycle_is_torchs(anneal: str, pct_start: float) -> None:
    expected = torchs(
        lambda o: lr_scheduler.OneCycleLR(
            o,
            0.5,
            epochs=EPOCHS,
            steps_per_epoch=STEPS,
            pct_start=pct_start,
            anneal_strategy=anneal,
            cycle_momentum=False,
            div_factor=10,
            final_div_factor=100,
        )
    )
    schedule = OneCycle(Fraction(str(pct_start)), 10, 100, anneal)
    assert ours(schedule) == pytest.approx(expected)


def test_one_cycle_whose_rise_is_one_step() -> None:
    """Where torch divides by zero."""
    values = ours(OneCycle(pct_start=Fraction(1, EPOCHS * STEPS)))
    assert values == sorted(values, reverse=True)
    assert values[0] == 0.5


@pytest.mark.parametrize(
    ("schedule", "policy"),
    [
        (
            Cosine(lr_min=Fraction(1, 20)),
            lambda e: 0.9 * (1 + math.cos(math.pi * e / 12)) / 2 + 0.1,
        ),
        (Linear(lr_min=Fraction(1, 20)), lambda e: 0.9 * (1 - e / 12) + 0.1),
        (
            MultiStep((3, 8)),
            lambda e: 0.1 ** ([0, 3, 8].index(max(s for s in (0, 3, 8) if s <= e))),
        ),
    ],
    ids=["cos", "lin", "steps"],
)
def test_at_whole_epochs_they_are_those_of_pycls(
    schedule: Schedule, policy: Callable[[int], float]
) -> None:
    """`lr_fun_cos`, `lr_fun_lin` and `lr_fun_steps` of its core/optimizer.py, once an epoch."""
    assert ours(schedule)[::STEPS] == pytest.approx([0.5 * policy(e) for e in range(EPOCHS)])


def test_step_every_fraction_of_an_epoch_is_exact() -> None:
    # 12/5 epochs are 12 steps; 2.4 * 5 in floating point would do, 0.2 * 3 * 5 would not.
    values = ours(Step(every=Fraction(3, 5), gamma=Fraction(1, 2)))
    assert values[:7] == [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_warmup_longer_than_the_run_only_rises() -> None:
    values = ours(Cosine(warmup=100))
    assert values == sorted(values)
    assert values[-1] < 0.5
