"""The compiled specs compute what torchvision's models compute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import fx, nn
from torchvision.models import regnet, resnet

import anydsl
from tests.lowering.torchvision_order import copy_weights, ordered, shake, shapes

SPECS = Path(__file__).parents[2] / "specs"

SAME: dict[Callable[..., nn.Module], str] = {
    regnet.regnet_y_400mf: "regnet/regnety.anynet::RegNetY_400MF",
    regnet.regnet_x_800mf: "regnet/regnetx.anynet::RegNetX_800MF",
    resnet.resnet18: "classic/resnet18.anynet",
    resnet.resnet50: "classic/resnet50.anynet",
    resnet.resnext50_32x4d: "classic/resnext50.anynet",
}
SIZES = ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
WIDER = ("x_400mf", "y_800mf", "y_8gf")  # where torchvision departs from what was published


def network(spec: str) -> anydsl.Network:
    found = anydsl.load(str(SPECS / spec))
    assert isinstance(found, anydsl.Network)
    return found


def regnet_spec(model: str) -> str:
    family, size = model.split("_", 1)
    return f"regnet/regnet{family}.anynet::RegNet{family.upper()}_{size.upper()}"


@pytest.mark.parametrize("build", SAME, ids=lambda build: build.__name__)
def test_same_outputs_with_the_same_weights(build: Callable[..., nn.Module]) -> None:
    torch.manual_seed(0)
    theirs = build(weights=None).eval()
    shake(theirs)
    ours = anydsl.compile(network(SAME[build]), seed=1).eval()
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = theirs(x)
        assert not torch.allclose(ours(x), expected, atol=1e-3), "the weights are still others"
        copy_weights(theirs, ours)
        torch.testing.assert_close(ours(x), expected, rtol=1e-5, atol=1e-5)
    assert expected.std() > 1e-3


def test_same_gradients_with_the_same_weights() -> None:
    """In training, too, where batch norms use the batch and activations write into their input."""
    torch.manual_seed(0)
    theirs = resnet.resnet18(weights=None)
    shake(theirs)
    ours = anydsl.compile(network("classic/resnet18.anynet"))
    copy_weights(theirs, ours)
    x = torch.randn(4, 3, 64, 64)
    expected = theirs(x)
    torch.testing.assert_close(ours(x), expected, rtol=1e-5, atol=1e-5)
    for model in (theirs, ours):
        model(x).square().mean().backward()
    for left, right in zip(ordered(theirs), ordered(ours), strict=True):
        for a, b in zip(left.parameters(), right.parameters(), strict=True):
            assert a.grad is not None and b.grad is not None
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", [f"{family}_{size}" for family in "xy" for size in SIZES])
def test_same_layers(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of torchvision's RegNets are ours; three only with torchvision's own rounding."""
    build = regnet.RegNet

    def build_on_meta(*args: Any, **kwargs: Any) -> nn.Module:
        with torch.device("meta"):
            return build(*args, **kwargs)

    monkeypatch.setattr(regnet, "RegNet", build_on_meta)
    theirs = shapes(getattr(regnet, f"regnet_{model}")(weights=None))
    published = regnet_spec(model)
    if model in WIDER:
        assert shapes(anydsl.compile(network(published), device="meta")) != theirs
        published += "_torchvision"
    assert shapes(anydsl.compile(network(published), device="meta")) == theirs


@pytest.mark.parametrize("name", ["resnet34", "resnet101", "wide_resnet50_2"])
def test_same_layers_of_classics(name: str) -> None:
    with torch.device("meta"):
        theirs = shapes(getattr(resnet, name)(weights=None))
    assert shapes(anydsl.compile(network(f"classic/{name}.anynet"), device="meta")) == theirs


def test_the_order_is_that_of_the_dataflow() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.short = nn.Linear(5, 6), nn.Conv2d(1, 5, 1)
            self.first, self.second = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 5, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.short(x) + self.second(self.first(x).relu())
            return self.last(y.flatten(1))

    model = Model()
    assert ordered(model) == [model.first, model.second, model.short, model.last]
    assert ordered(fx.symbolic_trace(model))[0].weight.shape == (4, 1, 1, 1)
