"""Models of torchvision and timm become text that computes what they compute."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
from timm.models.regnet import RegNet, RegNetCfg
from torch import fx, nn
from torchvision import models
from torchvision.models import resnet

import anydsl
from anydsl.checker.engine import check_declaration, check_module
from anydsl.design.modules import Library
from anydsl.errors import DesignError, UsageError
from anydsl.importing.flow import flow_of
from anydsl.importing.models import compare
from anydsl.importing.sources import import_design
from anydsl.language.printer import format_text
from tests.lowering.torchvision_order import PARAMETRIC, ordered
from tests.weights.nets import shake


def network(text: str) -> anydsl.Network:
    """The net of a text that lints clean but for notes and formats to itself."""
    assert format_text(text) == text
    module = Library().text(text, "imported.anynet")
    found = [d.concise() for d in check_module(module) if d.level != "note"]
    assert not found
    value = check_declaration(module, module.declared("net")[0]).value
    assert isinstance(value, anydsl.Network)
    return value


class Whole(fx.Tracer):
    """Keeps timm's batch norms, which are subclasses of torch's, in one piece."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, PARAMETRIC) or super().is_leaf_module(m, module_qualified_name)


def traced(model: nn.Module) -> fx.GraphModule:
    return fx.GraphModule(model, Whole().trace(model))


def same_function(theirs: nn.Module, text: str, side: int = 48) -> None:
    """With the same weights, moved layer by layer in the order of the dataflow."""
    torch.manual_seed(0)
    shake(theirs.eval())
    ours = anydsl.compile(network(text), seed=1).eval()
    x = torch.randn(2, 3, side, side)
    with torch.no_grad():
        expected = theirs(x)
        assert not torch.allclose(ours(x), expected, atol=1e-3), "the weights are still others"
        for left, right in zip(ordered(traced(theirs)), ordered(ours), strict=True):
            right.load_state_dict(left.state_dict())
        torch.testing.assert_close(ours(x), expected, rtol=1e-5, atol=1e-5)
    assert expected.std() > 1e-3


@pytest.mark.parametrize(
    "name", ["resnet18", "resnet50", "resnext50_32x4d", "regnet_x_400mf", "regnet_y_800mf"]
)
def test_torchvision_computes_the_same(name: str) -> None:
    theirs = models.get_model(name, weights=None)
    same_function(theirs, import_design(f"torchvision:{name}"))


@pytest.mark.parametrize("name", ["resnet26", "regnetx_002", "regnety_004", "regnety_008_tv"])
def test_timm_computes_the_same(name: str) -> None:
    theirs = timm.create_model(name, pretrained=False)
    same_function(theirs, import_design(f"timm:{name}"))


def layers(model: nn.Module) -> list[tuple[Any, ...]]:
    """Shapes, strides and groups of the layers with parameters, in the order of the dataflow."""
    return [
        (
            *(tuple(t.shape) for t in m.state_dict().values()),
            *(getattr(m, name, None) for name in ("stride", "padding", "groups")),
        )
        for m in ordered(model)
    ]


PLAIN = [n for n in models.list_models(module=models) if "resn" in n or "regnet" in n]


@pytest.mark.parametrize("name", PLAIN)
def test_every_plain_model_of_torchvision(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = import_design(f"torchvision:{name}")
    for cls in (models.RegNet, models.ResNet):
        build = cls.__init__

        def on_meta(*args: Any, build: Callable[..., None] = build, **kwargs: Any) -> None:
            with torch.device("meta"):
                build(*args, **kwargs)

        monkeypatch.setattr(cls, "__init__", on_meta)
    theirs = models.get_model(name, weights=None)
    assert layers(anydsl.compile(network(text), device="meta")) == layers(theirs)
    assert ("quantized_linear" in text) == name.startswith("regnet")
    assert ("rounding" in text) == (name in ("regnet_x_400mf", "regnet_y_800mf", "regnet_y_8gf"))


def test_there_are_25_of_them() -> None:
    assert len(PLAIN) == 25


@pytest.mark.parametrize(
    "name",
    [
        "regnetx_004_tv",
        "regnetx_080",
        "regnety_080_tv",
        "regnety_2560",
        "resnet152",
        "resnext101_32x32d",
        "wide_resnet101_2",
    ],
)
def test_models_of_timm(name: str) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(name, pretrained=False)
    text = import_design(f"timm:{name}")
    assert layers(anydsl.compile(network(text), device="meta")) == layers(traced(theirs))
    assert ("quantized_linear" in text) == name.startswith("regnet")


def test_a_text_reads_well() -> None:
    version = torch.__version__  # the text names the library's own
    text = import_design("torchvision:regnet_y_8gf")
    first, doc, *rest = [line for line in text.splitlines() if line]
    assert first == "anynet 1"
    assert doc.startswith("## The regnet_y_8gf of torchvision ")
    assert version not in text
    assert "\n".join(rest) == (
        """net RegNetY_8GF {
  input = 3x224x224
  stem { w = 32 }
  body {
    block = resnext
    b = 1
    g = 56
    se = 1/4
    stages quantized_linear { d = 17, w0 = 192, wa = 76.82, wm = 2.19, rounding = torchvision }
  }
  head { classes = 1000 }
  require params == 39381472
}"""
    )


def test_a_tag_of_timm_is_passed_over() -> None:
    assert import_design("timm:resnet18.a1_in1k") == import_design("timm:resnet18")


# --------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("torchvision:vgg16", "plain RegNetX, RegNetY"),
        ("torchvision:vit_b_16", "plain RegNetX, RegNetY"),
        ("timm:vit_small_resnet26d_224", "plain RegNetX, RegNetY"),
        ("timm:resnet50d", "AvgPool2d"),
        ("timm:resnet50c", "stem"),
        ("timm:resnetv2_50", "stem"),
        ("timm:resnetblur50", "`pad`"),
        ("timm:resnet50_gn", "GroupNorm"),
        ("timm:seresnet50", "squeeze-and-excitation"),
        ("timm:ecaresnet26t", "computes"),
        ("timm:skresnet18", "`split`"),
        ("timm:nf_regnet_b0", "outside of a layer"),
        ("timm:regnety_040_sgn", "GroupNormAct"),
        ("timm:regnetv_040", "stem"),
        ("timm:regnetz_005", "stem"),
        ("timm:resnet50_clip", "can't be followed"),
    ],
)
def test_others_are_refused_by_name(source: str, why: str) -> None:
    with pytest.raises(DesignError) as caught:
        import_design(source)
    message = str(caught.value)
    assert message.startswith(f"{source} is not imported: ")
    assert why in message
    assert "ResNeXt models" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("torchvision:resnet5", "did you mean `resnet50`?"),
        ("torchvision:regnet_y_400m", "did you mean `regnet_y_400mf`?"),
        ("timm:wide_resnet50", "did you mean `wide_resnet50_2`?"),
        ("timm:", "anydsl imports the plain"),
        ("torchvison:resnet50", "did you mean `torchvision:resnet50`?"),
        ("resnet50", "name torchvision:NAME, timm:NAME or a YAML file of pycls"),
    ],
)
def test_unknown_names(source: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        import_design(source)
    assert hint in str(caught.value)


def resnet18(**changes: Any) -> nn.Module:
    with torch.device("meta"):
        return resnet.ResNet(resnet.BasicBlock, [2, 2, 2, 2], **changes)


DETAILS: dict[str, Callable[[Any], None]] = {
    "a padding": lambda m: setattr(m.layer1[0].conv1, "padding", (0, 0)),
    "a stride": lambda m: setattr(m.layer2[0].conv2, "stride", (2, 2)),
    "an epsilon": lambda m: setattr(m.layer1[0].bn1, "eps", 1e-3),
    "a dilation": lambda m: setattr(m.layer3[1].conv2, "dilation", (2, 2)),
    "a pool": lambda m: setattr(m.maxpool, "ceil_mode", True),
    "a shortcut": lambda m: setattr(
        m.layer1[0],
        "downsample",
        nn.Sequential(nn.Conv2d(64, 64, 1, bias=False), nn.BatchNorm2d(64)),
    ),
}


@pytest.mark.parametrize("detail", DETAILS)
def test_what_differs_in_a_detail_is_not_imported(detail: str) -> None:
    """Whatever the reader overlooks, the comparison with the model finds."""
    module = Library().text(import_design("torchvision:resnet18"), "imported.anynet")
    checked = check_declaration(module, module.declared("net")[0])
    model = resnet18()
    compare(checked, flow_of(model), "torchvision", "resnet18")
    DETAILS[detail](model)
    with pytest.raises(DesignError, match="in a detail"):
        compare(checked, flow_of(model), "torchvision", "resnet18")


def test_regnets_with_other_details_differ() -> None:
    module = Library().text(import_design("timm:regnety_002"), "imported.anynet")
    checked = check_declaration(module, module.declared("net")[0])
    given: dict[str, Any] = {"w0": 24, "wa": 36.44, "wm": 2.49, "group_size": 8, "depth": 13}
    given["se_ratio"] = 0.25
    with torch.device("meta"):
        compare(checked, flow_of(RegNet(RegNetCfg(**given))), "timm", "regnety_002")
        for change in ({"act_layer": "silu"}, {"linear_out": True}, {"se_ratio": 0.5}):
            other = RegNet(RegNetCfg(**{**given, **change}))
            with pytest.raises(DesignError, match="in a detail"):
                compare(checked, flow_of(other), "timm", "regnety_002")


def test_nothing_is_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        import_design("timm:regnetx_002")
