"""Configurations of pycls become text with the published costs and the same function."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from timm.models.regnet import RegNet, RegNetCfg
from torchvision.models import resnet

import anydsl
from anydsl.errors import DesignError, SpecError, UsageError
from anydsl.importing.flow import flow_of
from anydsl.importing.sources import import_design
from tests.importing.test_models import layers, network, same_function

REGNETX_200MF = """MODEL:
  TYPE: regnet
  NUM_CLASSES: 1000
REGNET:
  DEPTH: 13
  W0: 24
  WA: 36.44
  WM: 2.49
  GROUP_W: 8
OPTIM:
  LR_POLICY: cos
  BASE_LR: 0.8
TRAIN:
  DATASET: imagenet
  IM_SIZE: 224
TEST:
  DATASET: imagenet
  IM_SIZE: 256
NUM_GPUS: 8
OUT_DIR: .
"""
REGNETY_400MF = (
    "MODEL: {TYPE: regnet, NUM_CLASSES: 1000}\n"
    "REGNET: {SE_ON: true, DEPTH: 16, W0: 48, WA: 27.89, WM: 2.09, GROUP_W: 8, BOT_MUL: 1.0}\n"
)
REGNETX_8GF = (
    "MODEL: {TYPE: regnet, NUM_CLASSES: 1000}\n"
    "REGNET: {DEPTH: 23, W0: 80, WA: 49.56, WM: 2.88, GROUP_W: 120}\n"
)
RESNET_50 = """MODEL: {TYPE: anynet, NUM_CLASSES: 1000}
ANYNET:
  STEM_TYPE: res_stem_in
  STEM_W: 64
  BLOCK_TYPE: res_bottleneck_block
  STRIDES: [1, 2, 2, 2]
  DEPTHS: [3, 4, 6, 3]
  WIDTHS: [256, 512, 1024, 2048]
  BOT_MULS: [0.25, 0.25, 0.25, 0.25]
  GROUP_WS: [64, 128, 256, 512]
"""
RESNEXT_50 = RESNET_50.replace("0.25", "0.5").replace("[64, 128, 256, 512]", "[4, 8, 16, 32]")
R_50 = (
    "MODEL: {TYPE: resnet, NUM_CLASSES: 1000, DEPTH: 50}\n"
    "RESNET: {TRANS_FUN: bottleneck_transform, STRIDE_1X1: False}\n"
    "TRAIN: {DATASET: imagenet}\n"
)
X_50 = R_50.replace("STRIDE", "NUM_GROUPS: 32, WIDTH_PER_GROUP: 4, STRIDE")
R_56 = "MODEL: {TYPE: resnet, DEPTH: 56}\nTRAIN: {DATASET: cifar10}\n"
V_56 = """MODEL: {TYPE: anynet}
ANYNET:
  STEM_TYPE: res_stem_cifar
  STEM_W: 16
  BLOCK_TYPE: vanilla_block
  DEPTHS: [9, 9, 9]
  WIDTHS: [16, 32, 64]
  STRIDES: [1, 2, 2]
TRAIN: {DATASET: cifar10}
"""
REGNETZ_500MF = (
    "MODEL: {TYPE: regnet, NUM_CLASSES: 1000, ACTIVATION_FUN: silu}\n"
    "REGNET: {BLOCK_TYPE: res_bottleneck_linear_block, SE_ON: True, DEPTH: 21, W0: 16, WA: 10.7,\n"
    "  WM: 2.51, GROUP_W: 4, BOT_MUL: 4.0, HEAD_W: 1024}\n"
)


@pytest.fixture
def imported(tmp_path: Path):
    def imported(text: str, name: str = "design.yaml") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return import_design(str(path))

    return imported


@pytest.mark.parametrize(
    ("text", "spec", "params", "flops", "acts"),
    [  # published, and of the same architecture as a shipped spec
        (REGNETX_200MF, "regnet/regnetx::RegNetX_200MF", 2684792, 199040872, 2164056),
        (REGNETX_8GF, "regnet/regnetx::RegNetX_8GF", 39572648, 7995133416, 14059688),
        (REGNETY_400MF, "regnet/regnety::RegNetY_400MF", 4344144, 401849056, 3892496),
        (RESNET_50, "classic/resnet50", 25557032, 4089185256, None),
        (R_50, "classic/resnet50", 25557032, 4089185256, None),
        (RESNEXT_50, "classic/resnext50", 25028904, 4230480872, None),
        (X_50, "classic/resnext50", 25028904, 4230480872, None),
        (R_56, "classic/resnet_cifar::R56", 855770, 125747850, None),
        (V_56, "classic/resnet_cifar::V56", 853018, 125485706, None),
    ],
)
def test_published_designs(
    imported, text: str, spec: str, params: int, flops: int, acts: int | None
) -> None:
    written = imported(text)
    net = network(written)
    cost = anydsl.measure(net).cost
    assert (cost.params, cost.flops) == (params, flops)
    assert acts in (None, cost.acts)
    assert f"require params == {params}" in written
    shipped = anydsl.load(f"std:{spec}")
    assert isinstance(shipped, anydsl.Network)
    ours, theirs = (flow_of(anydsl.compile(n, device="meta")).key() for n in (net, shipped))
    assert ours == theirs


def test_a_text_reads_well(imported) -> None:
    assert imported(REGNETX_200MF, "RegNetX-200MF_dds_8gpu.yaml") == (
        """anynet 1

## The configuration RegNetX-200MF_dds_8gpu.yaml of pycls.
net RegNetX_200MF_dds_8gpu {
  input = 3x224x224
  stem { w = 32 }
  body {
    block = resnext
    b = 1
    g = 8
    stages quantized_linear { d = 13, w0 = 24, wa = 36.44, wm = 2.49 }
  }
  head { classes = 1000 }

  waive first_stage_width because "so it is in pycls' RegNetX-200MF_dds_8gpu.yaml"
  require params == 2684792
}
"""
    )


def test_an_anynet_that_breaks_principles_waives_them(imported) -> None:
    text = RESNEXT_50.replace("[3, 4, 6, 3]", "[3, 6, 4, 3]").replace("0.5, 0.5]", "0.5, 0.25]")
    text = text.replace("512, 1024", "512, 256").replace("8, 16,", "8, 4,")
    written = imported(text)
    for rule in ("shared(b)", "shared(g)", "nondecreasing(w)", "nondecreasing(d)"):
        assert f'waive {rule} because "so it is in pycls\' design.yaml"' in written
    assert "stage s1 { d = 3, w = 256, b = 2, g = 4, s = 1 }" in written
    network(written)


def test_the_stride_in_the_first_convolution(imported) -> None:
    """As He et al. have it, and pycls where STRIDE_1X1 is not given."""
    with torch.device("meta"):
        theirs = resnet.resnet50(weights=None)
    for stage in (theirs.layer2, theirs.layer3, theirs.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    written = imported(R_50.replace(", STRIDE_1X1: False", ""))
    assert "block bottleneck_1x1(w, s = 1, b, act = relu) {" in written
    assert layers(anydsl.compile(network(written), device="meta")) == layers(theirs)


def test_the_stride_in_the_first_convolution_of_groups(imported) -> None:
    theirs = resnet.resnext50_32x4d(weights=None)
    for stage in (theirs.layer2, theirs.layer3, theirs.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    same_function(theirs, imported(X_50.replace("False", "True")))


def test_silu_within_squeeze_and_excitation(imported) -> None:
    given = RegNetCfg(
        depth=13, w0=24, wa=36.44, wm=2.49, group_size=8, se_ratio=0.25, act_layer="silu"
    )
    text = REGNETX_200MF.replace("TYPE: regnet", "TYPE: regnet\n  ACTIVATION_FUN: swish")
    text = text.replace("DEPTH: 13", "DEPTH: 13\n  SE_ON: True")
    same_function(RegNet(given), imported(text))


def test_the_linear_block_and_a_wide_head(imported) -> None:
    theirs = timm.create_model("regnetz_005", pretrained=False)
    same_function(theirs, imported(REGNETZ_500MF), 32)


def test_defaults_are_those_of_pycls(imported) -> None:
    written = imported("MODEL:\n  TYPE: regnet\n")
    assert "quantized_linear { d = 10, w0 = 32, wa = 5, wm = 2.5 }" in written
    assert "g = 16" in written
    assert "classes = 10 " in written
    assert "input = 3x224x224" in written


def test_regnets_of_other_blocks_keep_the_widths_that_pycls_fits_to_groups(imported) -> None:
    text = REGNETX_200MF.replace("GROUP_W: 8", "GROUP_W: 48\n  BLOCK_TYPE: vanilla_block")
    assert [s.get("w") for s in network(imported(text)).stages] == [24, 48, 144, 384]
    text = text.replace("48\n", "8\n")
    assert "quantized_linear" in imported(text)


def test_numbers_as_yaml_has_them(imported) -> None:
    text = REGNETX_200MF.replace("36.44", "3.644e1").replace("W0: 24", "W0: 0x18")
    assert "w0 = 24, wa = 36.44" in imported(text)
    anchored = RESNET_50.replace("[0.25, 0.25, 0.25, 0.25]", "[&b 0.25, *b, *b, *b]")
    assert "b = 4" in imported(anchored)


def test_a_name_that_could_end_a_text(imported) -> None:
    text = RESNET_50.replace("[3, 4, 6, 3]", "[9, 4, 6, 3]")
    written = imported(text, 'a" require params <= 1\n.yaml')
    network(written)
    assert "params <= 1\n" not in written


# ----------------------------------------------------------------------------------- errors


def refused(imported, text: str) -> list[tuple[int, str]]:
    with pytest.raises(SpecError) as caught:
        imported(text)
    found = caught.value.diagnostics
    return [(d.at.source.position(d.at.start)[0], f"{d.message} {d.help}".strip()) for d in found]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("TYPE: regnet", "TYPE: effnet", 2, "no type `effnet`"),
        ("TYPE: regnet", "TYPE: regnt", 2, "did you mean `regnet`?"),
        ("TYPE: regnet", "DEPTH: 3", 1, "MODEL needs `TYPE` one of anynet, regnet, resnet"),
        ("DEPTH: 13", "DEPHT: 13", 5, "no key `DEPHT` did you mean `DEPTH`?"),
        ("NUM_GPUS", "NUM_GPU", 19, "no section `NUM_GPU` did you mean `NUM_GPUS`?"),
        ("DEPTH: 13", "BLOCK_TYPE: mbconv", 5, "anydsl imports no block `mbconv`"),
        ("DEPTH: 13", "STEM_TYPE: res_stem_im", 5, "did you mean `res_stem_in`?"),
        ("TYPE: regnet", "TYPE: regnet\n  ACTIVATION_FUN: gelu", 3, "no activation `gelu`"),
        ("TYPE: regnet", "TYPE: regnet\n  SCALING_TYPE: d1_w1", 3, "SCALING_TYPE"),
        ("NUM_GPUS: 8", "BN: {EPS: 1e-3}", 19, "anydsl imports no BN.EPS but 1e-05"),
        ("DEPTH: 13", "DEPTH: 0", 5, "`DEPTH` has to be a whole number between 1 and 10,000"),
        ("DEPTH: 13", "DEPTH: 1e9", 5, "`DEPTH` has to be"),
        ("DEPTH: 13", "DEPTH: [1]", 5, "`DEPTH` has to be"),
        ("DEPTH: 13", "DEPTH: {a: 1}", 5, "single value"),
        ("DEPTH: 13", "DEPTH: true", 5, "`DEPTH` has to be"),
        ("W0: 24", "W0: 20", 6, "`W0` has to be a multiple of 8"),
        ("WA: 36.44", "WA: -1", 7, "`WA` has to be"),
        ("WA: 36.44", "WA: .nan", 7, "`.nan` can't be read"),
        ("WA: 36.44", "WA: 1e999999999", 7, "`WA` has to be"),
        ("WM: 2.49", "WM: 1", 8, "`WM` has to be a number above 1"),
        ("WM: 2.49", "WM: 64\n  WA: 1000000", 8, "beyond any limit"),
        ("WM: 2.49", "WM: 2.49\n  WM: 2", 9, "`WM` is given twice"),
        ("GROUP_W: 8", "BOT_MUL: 0", 9, "`BOT_MUL` has to be a number above 0"),
        ("GROUP_W: 8", "SE_ON: 1", 9, "`SE_ON` has to be True or False"),
        ("GROUP_W: 8", "GROUP_W: !!python/object/apply:os.system [ls]", 9, "`GROUP_W` has to be"),
        ("NUM_CLASSES: 1000", "NUM_CLASSES: some", 3, "`NUM_CLASSES` has to be"),
    ],
)
def test_what_can_not_be_said(imported, old: str, new: str, line: int, said: str) -> None:
    text = REGNETX_200MF.replace(old, new, 1)
    if "WA: 1000000" in new:
        text = text.replace("  WA: 36.44\n", "")
        line -= 1
    assert text != REGNETX_200MF
    found = refused(imported, text)
    assert any(at == line and said in message for at, message in found), found


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("  DEPTHS: [3, 4, 6, 3]\n", "", 2, "ANYNET needs `DEPTHS`"),
        ("[3, 4, 6, 3]", "[]", 7, "a net needs stages"),
        ("[3, 4, 6, 3]", "[3, 4, 6, a]", 7, "`DEPTHS` has to be a whole number"),
        ("[3, 4, 6, 3]", "3", 7, "`DEPTHS` has to be a list"),
        ("[1, 2, 2, 2]", "[1, 2]", 6, "`STRIDES` has 2 values for 4 stages"),
        ("[64, 128,", "[64, 96,", 10, "128 channels don't divide into groups of 96"),
        ("  GROUP_WS: [64, 128, 256, 512]\n", "", 2, "ANYNET needs `GROUP_WS`"),
        ("[3, 4, 6, 3]", "[[3], 4, 6, 3]", 7, "single value"),
    ],
)
def test_lists_of_stages(imported, old: str, new: str, line: int, said: str) -> None:
    text = RESNET_50.replace(old, new)
    if said.startswith("128"):
        text = text.replace("[64, 96,", "[64, 256,")
        said = said.replace("96", "256")
    found = refused(imported, text)
    assert any(at == line and said in message for at, message in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (R_50.replace("imagenet", "cifar10"), "needs basic_transform on cifar10"),
        (R_50.replace("bottleneck_t", "basic_t"), "needs bottleneck_transform on imagenet"),
        (R_50.replace("50", "34"), "the depth is 50, 101 or 152"),
        (R_56.replace("56", "57"), "the depth is 6n + 2"),
        (R_56.replace("cifar10", "coco"), "no data set `coco`"),
        (R_56.replace("TRAIN: {DATASET: cifar10}\n", ""), "TRAIN needs `DATASET`"),
        (R_56 + "RESNET: {TRANS_FUN: dense}", "no transformation `dense`"),
    ],
)
def test_resnets(imported, text: str, said: str) -> None:
    assert any(said in message for _, message in refused(imported, text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "42",
        "{[[1]: 2}",
        "a: [\n",
        "a: b: c",
        "--- {}\n--- {}\n",
        "[" * 100_000,
        "{a: " * 30_000,
        "a: *b",
        "\x00",
        "? [a, b]\n: c\n",
        "MODEL: {TYPE: regnet}\n<<: {a: 1}",
        "MODEL: &m {TYPE: *m}",
        "MODEL: {TYPE: anynet}\nANYNET: {DEPTHS: &d [*d]}",
        "MODEL: {TYPE: regnet}\nREGNET: {W0: " + "9" * 100_000 + "}",
        "MODEL: {TYPE: regnet}\nREGNET: {W0: 0x" + "f" * 100_000 + "}",
        "MODEL: {TYPE: !!timestamp x}",
        "%YAML 9.9\n--- {}",
    ],
    ids=range(19),
)
def test_hostile_yaml_is_an_ordinary_error(imported, text: str) -> None:
    assert refused(imported, text)


def test_a_file_of_nothing_but_mistakes_is_not_answered_with_as_many(imported) -> None:
    text = "".join(f"k{number}: 1\n" for number in range(1000))
    assert len(refused(imported, text)) == 50


def test_an_alias_bomb_is_nothing_to_be_afraid_of(imported) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    found = refused(imported, "\n".join([*lines, "MODEL: {TYPE: *a29}", ""]))
    assert any("single value" not in message for _, message in found)


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "design.yaml"
    with pytest.raises(UsageError, match="No such file"):
        import_design(str(path))
    path.write_bytes(b"MODEL: \xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        import_design(str(path))
    path.write_text("# " + "x" * 2**17)
    with pytest.raises(UsageError, match="limit"):
        import_design(str(path))
    with pytest.raises(UsageError, match="Is a directory"):
        import_design(str(tmp_path))


def test_a_design_that_does_not_work(imported) -> None:
    text = RESNET_50 + "TRAIN: {IM_SIZE: 1}\n"
    assert network(imported(text)).input == (3, 1, 1)
    huge = RESNET_50.replace("2048]", "1048576]").replace("1024,", "1048576,")
    huge = huge.replace("256, 512]", "262144, 262144]").replace(
        "[3, 4, 6, 3]", "[3, 4, 5000, 4000]"
    )
    with pytest.raises(DesignError, match="does not work as a network"):
        imported(huge + "TRAIN: {IM_SIZE: 65536}\n")


def test_what_the_text_has_to_start_with(imported) -> None:
    """A byte order mark and Windows line ends are no part of a value."""
    text = "\ufeff" + REGNETX_200MF.replace("\n", "\r\n")
    assert imported(text) == imported(REGNETX_200MF)
