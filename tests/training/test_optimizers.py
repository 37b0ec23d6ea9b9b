"""The recipe's optimizers against the libraries' own, group by group."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from timm.optim import Lamb as TimmLamb
from timm.optim._param_groups import param_groups_weight_decay
from torch import nn

from anydsl.design.optimizers import SGD, Adam, AdamW, Lamb, Optimizer, RMSprop
from anydsl.design.recipe import Recipe
from anydsl.lowering.modules import LayerNorm2d, LayerScale
from anydsl.training.optimization.memory import recall, remembered
from anydsl.training.optimization.optimizers import optimizer_of

Make = Callable[[list[dict[str, object]]], torch.optim.Optimizer]


def net() -> nn.Module:
    """A net with everything that learns."""
    torch.manual_seed(0)
    made = nn.Sequential()
    made.add_module("conv", nn.Conv2d(2, 4, 3, padding=1))
    made.add_module("bn", nn.BatchNorm2d(4))
    made.add_module("deep", nn.Sequential(nn.Conv2d(4, 4, 1, bias=False), LayerNorm2d(4, 1e-6)))
    made.add_module("scale", LayerScale(4, 0.5))
    made.add_module("flat", nn.Flatten())
    made.add_module("fc", nn.Linear(64, 3))
    for layer in made.modules():
        if isinstance(layer, (LayerNorm2d, LayerScale)):
            layer.reset_parameters()
    return made


NORMS = {"bn.weight", "bn.bias", "deep.1.weight", "deep.1.bias", "scale.weight"}
BIASES = {"conv.bias", "fc.bias"}
WEIGHTS = {"conv.weight", "deep.0.weight", "fc.weight"}


def decays(settings: Optimizer) -> dict[str, float]:
    module = net()
    names = {parameter: name for name, parameter in module.named_parameters()}
    made = optimizer_of(Recipe(optimizer=settings), module)
    found = [(names[p], g["weight_decay"]) for g in made.param_groups for p in g["params"]]
    assert len(found) == len(names)
    return dict(found)


def step(module: nn.Module, optimizer: torch.optim.Optimizer, times: int = 3, at: int = 0) -> None:
    for number in range(at, at + times):
        generator = torch.Generator().manual_seed(number)
        optimizer.zero_grad()
        module(torch.randn(5, 2, 4, 4, generator=generator)).square().mean().backward()
        optimizer.step()


def test_weight_decay_is_on_all_where_nothing_else_is_said() -> None:
    found = decays(SGD(weight_decay=Fraction(1, 20)))
    assert set(found) == NORMS | BIASES | WEIGHTS
    assert set(found.values()) == {0.05}
    assert set(decays(AdamW()).values()) == {0.01}


def test_norms_and_biases_have_their_own() -> None:
    found = decays(
        SGD(
            weight_decay=Fraction(1, 20),
            norm_weight_decay=Fraction(1, 100),
            bias_weight_decay=Fraction(1, 50),
        )
    )
    assert {n for n, d in found.items() if d == 0.05} == WEIGHTS
    assert {n for n, d in found.items() if d == 0.01} == NORMS
    assert {n for n, d in found.items() if d == 0.02} == BIASES
    alone = decays(AdamW(norm_weight_decay=0))
    assert {n for n, d in alone.items() if d == 0} == NORMS


def test_none_on_norms_and_biases_is_timms_filter() -> None:
    module = net()
    timms = {
        names[id(p)]: group["weight_decay"]
        for names in [{id(p): n for n, p in module.named_parameters()}]
        for group in param_groups_weight_decay(module, 0.05)
        for p in group["params"]
    }
    timms["scale.weight"] = 0.0  # which is 4x1x1 here, and 1-d in timm's nets
    ours = decays(AdamW(weight_decay=Fraction(1, 20), norm_weight_decay=0, bias_weight_decay=0))
    assert ours == timms


OPTIMIZERS: list[tuple[Optimizer, Make]] = [
    (
        SGD(lr=Fraction(1, 10), momentum=Fraction(9, 10), weight_decay=Fraction(1, 20)),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    ),
    (
        SGD(lr=Fraction(1, 10), momentum=Fraction(1, 2), nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.5, nesterov=True),
    ),
    (
        Adam(beta1=Fraction(4, 5), weight_decay=Fraction(1, 20)),
        lambda p: torch.optim.Adam(p, betas=(0.8, 0.999)),
    ),
    (AdamW(lr=Fraction(1, 100)), lambda p: torch.optim.AdamW(p, lr=0.01)),
    (
        RMSprop(momentum=Fraction(9, 10), alpha=Fraction(9, 10), centered=True),
        lambda p: torch.optim.RMSprop(p, momentum=0.9, alpha=0.9, centered=True),
    ),
    (Lamb(lr=Fraction(1, 50)), lambda p: TimmLamb(p, lr=0.02, max_grad_norm=None)),
]
each_optimizer = pytest.mark.parametrize(
    ("settings", "make"), OPTIMIZERS, ids=[type(s).__name__ for s, _ in OPTIMIZERS]
)


@each_optimizer
def test_steps_are_those_of_the_library(settings: Optimizer, make: Make) -> None:
    settings = settings.replace(norm_weight_decay=0, bias_weight_decay=0)
    ours, theirs = net(), net()
    plain = {n: p for n, p in theirs.named_parameters() if n not in WEIGHTS}
    heavy = {n: p for n, p in theirs.named_parameters() if n in WEIGHTS}
    groups = [
        {"params": list(heavy.values()), "weight_decay": float(settings.weight_decay)},
        {"params": list(plain.values()), "weight_decay": 0.0},
    ]
    step(ours, optimizer_of(Recipe(optimizer=settings), ours))
    step(theirs, make(groups))
    for (name, mine), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        # Ours updates all weights at once, in another order of sums.
        torch.testing.assert_close(mine, other, rtol=1e-6, atol=1e-6, msg=name)
    assert not torch.equal(net().get_parameter("fc.weight"), ours.get_parameter("fc.weight"))


@each_optimizer
@pytest.mark.parametrize("grouped", [False, True], ids=["one group", "groups"])
def test_one_that_recalls_goes_on_as_if_it_had_never_stopped(
    settings: Optimizer, make: Make, grouped: bool
) -> None:
    if grouped:
        settings = settings.replace(norm_weight_decay=0, bias_weight_decay=Fraction(1, 7))
    recipe = Recipe(optimizer=settings)
    straight = net()
    optimizer = optimizer_of(recipe, straight)
    step(straight, optimizer)
    stopped = copy.deepcopy(straight)
    memory = {n: v.clone() for n, v in remembered(optimizer, straight).items()}
    step(straight, optimizer, at=3)
    again = optimizer_of(recipe, stopped)
    recall(again, stopped, memory)
    step(stopped, again, at=3)
    for (name, one), other in zip(straight.named_parameters(), stopped.parameters(), strict=True):
        assert torch.equal(one, other), name


def test_memory_is_called_by_names() -> None:
    module = net()
    optimizer = optimizer_of(Recipe(optimizer=SGD(momentum=1, norm_weight_decay=3)), module)
    assert remembered(optimizer, module) == {}
    step(module, optimizer, times=1)
    named = remembered(optimizer, module)
    assert set(named) == {f"momentum_buffer.{name}" for name, _ in module.named_parameters()}
    assert (
        named["momentum_buffer.fc.bias"]
        is optimizer.state[module.get_parameter("fc.bias")]["momentum_buffer"]
    )
    with pytest.raises(KeyError, match=r"fc\.other"):
        recall(optimizer, module, {"momentum_buffer.fc.other": torch.zeros(1)})
