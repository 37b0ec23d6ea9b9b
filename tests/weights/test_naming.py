"""Names by structure: what a block computes counts, not what its author calls it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from anydsl.blocks.graphing import build_graph
from anydsl.errors import UsageError, WeightsError
from anydsl.lowering.compiler import lower
from anydsl.weights.loading import load_tensors
from anydsl.weights.naming import LIBRARIES, all_names, renamed
from tests.design.texts import net, network
from tests.specs.test_shipped import NETS
from tests.weights.nets import SPECS, compiled, load, same, shake

UNNAMED = {
    "torchvision": {"NiN", "SEResNet50", "V56", "RegNetZ_500MF", "RegNetZ_4GF", "RegNetZ_4GF_wide"},
    "timm": {"AlexNet", "VGG16", "NiN", "GoogLeNet", "ShuffleNetV2", "V56"},
    "pycls": {
        *("AlexNet", "VGG16", "NiN", "GoogLeNet", "ShuffleNetV2", "DenseNet121", "SEResNet50"),
        *("MobileNetV2", "MobileNetV3Large", "ConvNeXtTiny", "RegNetZ_4GF"),
    },
}
"""The networks of the literature that a library does not have; each has all the others."""

SMALL = 6_000_000

USERS_OWN = """
block unit(w, k = 1, s = 1, g = 8) {
  out = x -> conv(w, k = k, s = s, g = g) -> bn
}

block weigh(w) {
  weight = x -> gap
    -> conv(w, k = 1, bias = true) -> silu -> conv(x.w, k = 1, bias = true) -> sigmoid
  out = weight * x
}

block mine(w, s = 1) {
  skip = x -> conv(w, k = 1, s = s) -> bn if x.w != w or s > 1 else x
  first = x -> unit(w, g = x.w) -> silu -> unit(w, k = 3, s = s) -> silu
  body = first -> weigh(4) -> unit(w, g = w) -> dropout(0.1)
  total = skip + body
  out = total -> silu
}

net User {
  input = 3x32x32
  stem { w = 16 }
  body { block = mine, stage early { d = 1, w = 16 }, stage late { d = 2, w = 24 } }
  head { classes = 10 }
}
"""


def small(block: str, *stages: str) -> str:
    """A net with a stem of 16 channels; the block may go on with settings."""
    body = "\n".join([f"block = {block}", *stages])
    return net(body, "stem { w = 16 }", head="head { classes = 10 }")


RESNET = small("basic", "stage a { d = 1, w = 16, s = 1 }")


def names_of(text: str, library: str) -> list[str]:
    made = compiled(network(text), device="meta")
    return [all_names(made.graph, library).tensor(name) for name in made.module.state_dict()]


@pytest.mark.parametrize("library", LIBRARIES)
def test_shipped_nets(library: str) -> None:
    """Which have names, each tensor one of its own; small ones come back as they were."""
    unnamed: set[str] = set()
    for spec, of in NETS.items():
        if not spec.startswith(("classic/", "regnet/")):
            continue
        graph = build_graph(of)
        small = graph.cost().params < SMALL
        module = lower(graph, device="cpu" if small else "meta")
        state = module.state_dict()
        try:
            names = all_names(graph, library)
        except WeightsError:
            unnamed.add(of.name)
            continue
        assert len({names.tensor(name) for name in state}) == len(state)
        if small:
            for number, tensor in enumerate(state.values()):
                tensor.copy_(torch.arange(tensor.numel()).reshape(tensor.shape) + number)
            other = lower(graph)
            assert load_tensors(other, graph, renamed(graph, state, library), "other") == ()
            assert same(other.state_dict(), state)
    assert unnamed == UNNAMED[library]


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        (
            "torchvision",
            [
                "stem.0.weight",
                "trunk_output.block1.block1-0.f.a.0.weight",
                "trunk_output.block1.block1-0.f.se.fc2.bias",
                "trunk_output.block2.block2-1.f.c.1.running_var",
                "trunk_output.block2.block2-0.proj.1.bias",
                "fc.weight",
            ],
        ),
        (
            "timm",
            [
                "stem.conv.weight",
                "s1.b1.conv1.conv.weight",
                "s1.b1.se.fc2.bias",
                "s2.b2.conv3.bn.running_var",
                "s2.b1.downsample.bn.bias",
                "head.fc.weight",
            ],
        ),
        (
            "pycls",
            [
                "stem.conv.weight",
                "s1.b1.f.a.weight",
                "s1.b1.f.se.f_ex.2.bias",
                "s2.b2.f.c_bn.running_var",
                "s2.b1.proj.weight",
                "head.fc.weight",
            ],
        ),
    ],
)
def test_blocks_of_ones_own(library: str, expected: list[str]) -> None:
    """A RegNetY whose block is written in other lines, other blocks and another order."""
    names = names_of(USERS_OWN, library)
    assert set(expected) <= set(names)
    assert len(set(names)) == len(names)
    first = all_names(compiled(network(USERS_OWN), device="meta").graph, library)
    assert first.tensor("early.b1.first.unit1.conv1.weight") == expected[1]
    assert first.tensor("early.b1.body.weigh1.weight.conv2.bias") == expected[2]


def test_of_equal_branches_the_first_is_main() -> None:
    text = (
        RESNET.replace("basic", "twin")
        + """
block twin(w, s = 1) {
  a = x -> conv(w, k = 3, s = s) -> bn -> relu -> conv(w, k = 3) -> bn
  b = x -> conv(w, k = 1, s = s) -> bn
  out = b + a -> relu
}"""
    )
    names = all_names(compiled(network(text), device="meta").graph, "torchvision")
    assert names.tensor("a.b1.a.conv2.weight") == "layer1.0.conv2.weight"
    assert names.tensor("a.b1.b.conv1.weight") == "layer1.0.downsample.0.weight"


class PyclsBlock(nn.Module):
    """A block in the words of pycls (pycls/models/anynet.py), written anew."""

    def __init__(self, w_in: int, w: int, s: int, g: int, se: int) -> None:
        super().__init__()
        if w_in != w or s > 1:
            self.proj, self.bn = nn.Conv2d(w_in, w, 1, s, bias=False), nn.BatchNorm2d(w)
        self.f = nn.Module()
        self.f.a, self.f.a_bn = nn.Conv2d(w_in, w, 1, bias=False), nn.BatchNorm2d(w)
        self.f.b, self.f.b_bn = (
            nn.Conv2d(w, w, 3, s, 1, groups=w // g, bias=False),
            nn.BatchNorm2d(w),
        )
        self.f.se = nn.Module()
        self.f.se.f_ex = nn.Sequential(
            nn.Conv2d(w, se, 1), nn.ReLU(), nn.Conv2d(se, w, 1), nn.Sigmoid()
        )
        self.f.c, self.f.c_bn = nn.Conv2d(w, w, 1, bias=False), nn.BatchNorm2d(w)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        f = self.f
        y = f.b_bn(f.b(f.a_bn(f.a(x)).relu())).relu()
        y = f.c_bn(f.c(y * f.se.f_ex(y.mean((2, 3), keepdim=True))))
        return ((self.bn(self.proj(x)) if hasattr(self, "proj") else x) + y).relu()


class Pycls(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.s1, self.s2, self.head = (nn.Module() for _ in range(4))
        self.stem.conv, self.stem.bn = nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16)
        self.s1.b1 = PyclsBlock(16, 24, 2, 8, 4)
        self.s2.b1, self.s2.b2 = PyclsBlock(24, 32, 2, 8, 6), PyclsBlock(32, 32, 1, 8, 8)
        self.head.fc = nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem.bn(self.stem.conv(x)).relu()
        return self.head.fc(self.s2.b2(self.s2.b1(self.s1.b1(x))).mean((2, 3)))


def test_pycls() -> None:
    torch.manual_seed(0)
    theirs = Pycls().eval()
    shake(theirs)
    stages = ("stage s1 { d = 1, w = 24 }", "stage s2 { d = 2, w = 32 }")
    made = compiled(network(small("resnext\ng = 8\nse = 1/4", *stages)))
    load_tensors(made.module, made.graph, theirs.state_dict(), "pycls")
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(made.module(x), theirs(x), rtol=1e-5, atol=1e-5)
    assert same(renamed(made.graph, made.module.state_dict(), "pycls"), dict(theirs.state_dict()))


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ("classic/resnet18", ["s1.b1.f.a.weight", "s1.b1.f.b_bn.bias", "s2.b1.proj.weight"]),
        ("classic/resnet_cifar::V56", ["s1.b1.a.weight", "s3.b1.b_bn.running_mean"]),
        (
            "classic/efficientnet_b0",
            [
                *("s1.b1.dwise.weight", "s1.b1.se.f_ex.0.bias", "s2.b1.exp_bn.weight"),
                *("s7.b1.lin_proj.weight", "s7.b1.lin_proj_bn.bias", "head.conv_bn.weight"),
            ],
        ),
        (
            "regnet/regnetz::RegNetZ_500MF",
            ["s1.b1.f.c_bn.bias", "head.conv.weight", "head.bn.bias"],
        ),
    ],
)
def test_pycls_names(spec: str, names: list[str]) -> None:
    made = load(spec, device="meta")
    assert set(names) <= renamed(made.graph, made.module.state_dict(), "pycls").keys()


LINEAR = """
block odd(w, s = 1) {
  main = x -> conv(w, k = 3, s = s) -> bn -> relu -> conv(w, k = 3) -> bn -> layer_scale(1)
  out = main + (x -> conv(w, k = 1, s = s) -> bn) -> relu
}"""
CROSSED = """
block odd(w, s = 1) {
  a = x -> conv(w, k = 3, s = s)
  b = x -> conv(w, k = 1, s = s)
  c = a + b
  d = a * b
  out = c + d
}"""
UNUSED = """
block odd(w, s = 1) {
  spare = x -> conv(w, k = 3)
  main = x -> conv(w, k = 3, s = s) -> bn -> relu -> conv(w, k = 3) -> bn
  out = main + (x -> conv(w, k = 1, s = s) -> bn) -> relu
}"""
NESTED = "\n".join(
    [
        "\nblock odd(w, s = 1) {",
        "  y0 = x -> conv(w, k = 3)",
        *(f"  y{n + 1} = (y{n} -> relu) + x" for n in range(99)),
        "  out = y99\n}",
    ]
)
PREACTIVATED = """
block odd(w, s = 1) {
  main = x -> bn -> relu -> conv(w, k = 3, s = s) -> bn -> relu -> conv(w, k = 3)
  out = main + (x -> conv(w, k = 1, s = s))
}"""


@pytest.mark.parametrize(
    ("library", "block", "says"),
    [
        (
            "torchvision",
            LINEAR,
            "nearest family is RegNet, but a.b1.main.layer_scale1 has no place in it",
        ),
        ("timm", CROSSED, "the branches cross before a.b1."),
        ("timm", NESTED, "the branches cross before a.b1."),
        ("pycls", UNUSED, "a.b1.spare.conv1 has no place in it"),
        ("torchvision", PREACTIVATED, "a.b1.main.bn1 has no place in it"),
    ],
)
def test_nets_without_names(library: str, block: str, says: str) -> None:
    with pytest.raises(WeightsError, match=f"{library} has no names for a net like this") as raised:
        names_of(RESNET.replace("basic", "odd") + block, library)
    assert says in str(raised.value)


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_a_kernel_that_a_library_has_no_room_for(library: str) -> None:
    """ConvNeXt's 1x1 convolutions are linear layers in torchvision and timm."""
    text = (SPECS / "classic/convnext_tiny.anynet").read_text().removeprefix("anynet 1\n")
    wide = "\n".join(line for line in text.splitlines() if "require" not in line)
    assert names_of(wide, library)
    wide = wide.replace("conv(w / b, k = 1", "conv(w / b, k = 3")
    with pytest.raises(WeightsError, match=r"s1\.b1\.main\.conv2 has no place in it"):
        names_of(wide, library)


def test_what_a_net_lacks() -> None:
    linear = small("resnext_linear\ng = 8\nb = 1", "stage a { d = 1, w = 16, s = 1 }")
    with pytest.raises(WeightsError, match=r"that has `act` after a\.b1\.main\.bn3"):
        names_of(linear, "torchvision")
    with pytest.raises(WeightsError, match=r"that has `conv` after a\.b1\.main\.relu2"):
        names_of(RESNET.replace("basic", "vanilla"), "torchvision")
    bare = net("block = vanilla\nstage a { d = 1, w = 8 }")
    with pytest.raises(WeightsError, match="that has `conv` after the input"):
        names_of(bare, "timm")


@pytest.mark.parametrize(("name", "hint"), [("tim", "did you mean `timm`?"), ("keras", "pycls")])
def test_unknown_libraries(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        names_of(RESNET, name)
    assert hint in str(raised.value)
