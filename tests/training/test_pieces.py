"""The pieces of the loop, each against torch or a few lines of plain arithmetic."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
import torch
from torch import nn

from anydsl.design.augmentation import Crop, Flip, MixUp
from anydsl.design.recipe import SGD, AdamW, Digits, Recipe
from anydsl.errors import UsageError
from anydsl.training.devices import device_of
from anydsl.training.evaluation import evaluate
from anydsl.training.feeding.batches import Batches
from anydsl.training.feeding.pictures import Pictures
from anydsl.training.optimization.averaging import Average
from anydsl.training.optimization.optimizers import optimizer_of
from anydsl.training.ranks import join
from anydsl.training.runs.environment import environment
from anydsl.training.runs.jsonable import jsonable
from anydsl.training.runs.settings import flat
from anydsl.training.seeds import derive

CPU = torch.device("cpu")


def test_the_average_follows_by_its_formula_and_copies_counts() -> None:
    module = nn.BatchNorm1d(1)
    average = Average(module, decay=0.5)
    expected = 1.0
    for step, value in enumerate((2.0, -3.0, 5.0, 7.0, 1.0, 0.0, 4.0, 9.0, 2.0, 8.0)):
        module.weight.data.fill_(value)
        module.running_mean.fill_(value)
        module.num_batches_tracked.fill_(step)
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
        assert average.module.weight.item() == pytest.approx(expected)
        assert average.module.num_batches_tracked.item() == step
    assert not average.module.weight.requires_grad
    assert module.weight.item() == 8.0


def test_scores_are_those_of_all_pictures() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (10, 1, 2, 4), dtype=torch.uint8, generator=generator)
    labels = torch.randint(8, (10,), generator=generator)
    batches = Batches(size=4, mean=(0.5,), std=(0.25,), device=CPU)
    scores = evaluate(nn.Flatten(), Pictures(images, labels), batches, "fp32")
    outputs = ((images / 255 - 0.5) / 0.25).flatten(1)
    ranks = outputs.argsort(1, descending=True)
    assert scores.loss == pytest.approx(nn.functional.cross_entropy(outputs, labels).item())
    assert scores.top1 == (ranks[:, 0] == labels).float().mean().item()
    assert scores.top5 == pytest.approx(
        (ranks[:, :5] == labels[:, None]).any(1).float().mean().item()
    )
    assert scores.pictures == 10
    few = evaluate(nn.Flatten(), Pictures(images[:, :, :, :2], labels % 4), batches, "fp32")
    assert few.top5 is None


def test_optimizers_are_torchs_with_the_recipes_values() -> None:
    module = nn.Linear(2, 2)
    sgd = SGD(
        lr=Fraction(1, 20), momentum=Fraction(9, 10), weight_decay=Fraction(1, 2000), nesterov=True
    )
    made = optimizer_of(Recipe(optimizer=sgd), module)
    assert isinstance(made, torch.optim.SGD)
    (group,) = made.param_groups
    assert group["lr"] == 0.05
    assert group["momentum"] == 0.9
    assert group["weight_decay"] == 0.0005
    assert group["nesterov"] is True
    assert group["params"] == list(module.parameters())
    adamw = AdamW(beta1=Fraction(4, 5), beta2=Fraction(99, 100), eps=Fraction(1, 1000))
    made = optimizer_of(Recipe(optimizer=adamw), module)
    assert isinstance(made, torch.optim.AdamW)
    (group,) = made.param_groups
    values = (group["lr"], group["betas"], group["eps"], group["weight_decay"])
    assert values == (0.001, (0.8, 0.99), 0.001, 0.01)


def test_devices() -> None:
    assert device_of("cpu") == CPU
    assert device_of("auto").type in ("cuda", "mps", "cpu")
    for name in ("gpu", "cuda:99", "cpu:1", "meta", ""):
        with pytest.raises(UsageError, match=r"not on this machine \(auto, .*cpu\)"):
            device_of(name)


def test_bf16_is_autocast_and_fp32_is_not() -> None:
    layer, x = nn.Linear(2, 2), torch.zeros(1, 2)
    for precision, expected in (("bf16", torch.bfloat16), ("fp32", torch.float32)):
        with join(CPU, precision).autocast():
            assert layer(x).dtype == expected


def test_seeds_differ_in_the_bits_that_count() -> None:
    low = {
        derive(seed, "step", epoch, i) % 2**32
        for seed in (0, 1)
        for epoch in (0, 1)
        for i in (0, 1)
    }
    assert len(low) == 8
    assert derive(0, "step", 1) == derive(0, "step", 1)


def test_recipes_as_json() -> None:
    values = jsonable(Recipe())
    assert values["data"] == {"kind": "digits", "resize": None, "augment": []}
    assert values["schedule"]["kind"] == "cosine"
    assert values["validation"] == 0.1
    assert jsonable([float("nan"), float("inf"), 1.0]) == [None, None, 1.0]


def test_lists_of_calls_as_json_and_as_one_name_for_loggers() -> None:
    values = jsonable(Digits(augment=(Crop(padding=4), Flip(), MixUp())))
    assert values["augment"] == [
        {"kind": "crop", "padding": 4},
        {"kind": "flip"},
        {"kind": "mixup", "alpha": 0.2},
    ]
    assert flat({"data": values})["data.augment"] == [
        "crop(padding = 4)",
        "flip",
        "mixup(alpha = 0.2)",
    ]
    assert flat({"epochs": [1, 2]}) == {"epochs": [1, 2]}


def test_runs_of_one_second_are_told_apart_by_when_they_began() -> None:
    began = [str(environment(CPU)["started"])]
    time.sleep(0.002)
    began.append(str(environment(CPU)["started"]))
    assert began[0] < began[1]
