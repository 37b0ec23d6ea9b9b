"""With the weights of torchvision's and timm's models our nets compute what these compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
from torch import nn
from torchvision import models
from torchvision.models import regnet

from anydsl.weights.loading import load_tensors
from anydsl.weights.naming import all_names, renamed
from tests.weights.nets import load, same, shake, shapes

TORCHVISION = {
    "alexnet": "classic/alexnet",
    "vgg16_bn": "classic/vgg16",
    "googlenet": "classic/googlenet",
    "resnet18": "classic/resnet18",
    "resnet34": "classic/resnet34",
    "resnet50": "classic/resnet50",
    "resnet101": "classic/resnet101",
    "resnext50_32x4d": "classic/resnext50",
    "wide_resnet50_2": "classic/wide_resnet50_2",
    "densenet121": "classic/densenet121",
    "mobilenet_v2": "classic/mobilenet_v2",
    "mobilenet_v3_large": "classic/mobilenet_v3_large",
    "efficientnet_b0": "classic/efficientnet_b0",
    "convnext_tiny": "classic/convnext_tiny",
    "shufflenet_v2_x1_0": "classic/shufflenet_v2",
    "regnet_x_400mf": "regnet/regnetx::RegNetX_400MF_torchvision",
    "regnet_x_800mf": "regnet/regnetx::RegNetX_800MF",
    "regnet_y_400mf": "regnet/regnety::RegNetY_400MF",
    "regnet_y_800mf": "regnet/regnety::RegNetY_800MF_torchvision",
}
TIMM = {
    "regnetx_002": "regnet/regnetx::RegNetX_200MF",
    "regnety_004": "regnet/regnety::RegNetY_400MF",
    "regnetz_005": "regnet/regnetz::RegNetZ_500MF",
    "regnetz_040": "regnet/regnetz::RegNetZ_4GF",
    "regnetz_040_h": "regnet/regnetz::RegNetZ_4GF_wide",
    "seresnet50": "classic/seresnet50",
    "resnet18": "classic/resnet18",
    "resnext50_32x4d": "classic/resnext50",
    "densenet121": "classic/densenet121",
    "mobilenetv2_100": "classic/mobilenet_v2",
    "mobilenetv3_large_100": "classic/mobilenet_v3_large",
    "efficientnet_b0": "classic/efficientnet_b0",
    "convnext_tiny": "classic/convnext_tiny",
}
SIZES = ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
WIDER = ("x_400mf", "y_800mf", "y_8gf")  # where torchvision departs from what was published


def build_torchvision(name: str, **options: Any) -> nn.Module:
    if name in ("googlenet", "vgg16_bn"):
        options["init_weights"] = False  # which takes seconds
    return getattr(models, name)(weights=None, **options)


def build_timm(name: str) -> nn.Module:
    model = timm.create_model(name)
    for module in model.modules():
        if name == "mobilenetv3_large_100" and isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-3  # of the paper and of torchvision; timm takes torch's
    return model


CASES = [
    *(("torchvision", build_torchvision, name, spec) for name, spec in TORCHVISION.items()),
    *(("timm", build_timm, name, spec) for name, spec in TIMM.items()),
]


@pytest.mark.parametrize(
    ("library", "build", "name", "spec"), CASES, ids=[f"{case[0]}:{case[2]}" for case in CASES]
)
def test_same_outputs_and_back(
    library: str, build: Callable[[str], nn.Module], name: str, spec: str
) -> None:
    """The oracle's weights give its outputs, and get its names back."""
    torch.manual_seed(0)
    theirs = build(name).eval()
    shake(theirs)
    net = load(spec, seed=1)
    x = torch.randn(2, 3, 64, 64)
    state = theirs.state_dict()
    with torch.no_grad():
        expected = theirs(x)
        assert not torch.allclose(net.module(x), expected, atol=1e-3), "the weights are others"
        notes = load_tensors(net.module, net.graph, state, name)
        torch.testing.assert_close(net.module(x), expected, rtol=1e-5, atol=1e-5)
    assert expected.std() > 1e-3
    heads = {name for name in state if name.startswith("aux")}  # GoogLeNet's, for training
    assert len(notes) == bool(heads)
    back = renamed(net.graph, net.module.state_dict(), library)
    assert same(back, {name: state[name] for name in state if name not in heads})


def test_same_gradients() -> None:
    """In training, too, where batch norms use the batch and activations write into their input."""
    torch.manual_seed(0)
    theirs = models.resnet18(weights=None)
    shake(theirs)
    net = load("classic/resnet18")
    load_tensors(net.module.train(), net.graph, theirs.state_dict(), "resnet18")
    x = torch.randn(4, 3, 64, 64)
    expected = theirs(x)
    torch.testing.assert_close(net.module(x), expected, rtol=1e-5, atol=1e-5)
    names = all_names(net.graph, "torchvision")
    for model in (theirs, net.module):
        model(x).square().mean().backward()
    gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for name, parameter in net.module.named_parameters():
        torch.testing.assert_close(
            parameter.grad, gradients[names.tensor(name)], rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("model", [f"{family}_{size}" for family in "xy" for size in SIZES])
def test_same_tensors(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of torchvision's RegNets are ours; three only with torchvision's own rounding."""
    build = regnet.RegNet

    def build_on_meta(*args: Any, **kwargs: Any) -> nn.Module:
        with torch.device("meta"):
            return build(*args, **kwargs)

    def ours(spec: str) -> dict[str, tuple[int, ...]]:
        net = load(spec, device="meta")
        return shapes(renamed(net.graph, net.module.state_dict(), "torchvision"))

    monkeypatch.setattr(regnet, "RegNet", build_on_meta)
    theirs = shapes(getattr(regnet, f"regnet_{model}")(weights=None).state_dict())
    family, size = model.split("_", 1)
    published = f"regnet/regnet{family}::RegNet{family.upper()}_{size.upper()}"
    if model in WIDER:
        assert ours(published) != theirs
        published += "_torchvision"
    assert ours(published) == theirs
