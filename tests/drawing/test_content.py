"""What is drawn: which pictures a net needs, what stands in them, and what is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from anydsl.drawing.content.figure import Figure, Mark
from anydsl.drawing.content.flow import Flow, X
from anydsl.drawing.content.numbers import Numbers
from anydsl.drawing.content.repeats import repeats
from tests.drawing.nets import NETS, checked, own, picture, written


def lines(of: Figure, tag: str) -> list[tuple[str, ...]]:
    return [label.lines for v in of.variants if v.tag == tag for label in v.labels]


def test_resnet_50_needs_two_pictures() -> None:
    drawn = picture("specs/classic/resnet50.anynet::ResNet50")
    first, second = drawn.variants
    assert (first.uses, second.uses) == ("s1.1, s2.1, s3.1, s4.1", "s1.2–3, s2.2–4, s3.2–6, s4.2–3")
    assert lines(drawn, "A") == [
        ("1×1 conv, w/4", "BN · ReLU"),
        ("3×3 conv, w/4", "stride s", "BN · ReLU"),
        ("1×1 conv, w", "BN"),
        ("1×1 conv, w", "stride s", "BN"),
        ("+",),
        ("ReLU",),
    ]
    assert (second.x, second.out) == ("w×r×r", "w×r×r")
    assert first.legend[0] == ("block", "x", "out", "s")
    assert first.legend[1] == ("s1.1", "64×56×56", "256×56×56", "1")
    assert first.legend[2] == ("s2.1", "256×56×56", "512×28×28", "2")


def test_groups_and_squeeze_and_excitation() -> None:
    drawn = picture("specs/regnet/regnety.anynet::RegNetY_400MF")
    assert [v.tag for v in drawn.variants] == ["A", "B", ""]
    assert ("3×3 conv, w", "groups of 8", "stride 2", "BN · ReLU") in lines(drawn, "A")
    assert ("squeeze_excite",) in lines(drawn, "A")
    inner = drawn.variants[2]
    assert [label.title for label in inner.labels] == [
        "global avg pool",
        "1×1 conv, m",
        "1×1 conv, w",
        "×",
    ]
    assert inner.legend[1] == ("s1.1", "48×56×56", "8")


def test_one_block_is_written_with_its_numbers() -> None:
    drawn = picture(own("One"))
    assert lines(drawn, "A") == [("3×3 conv, 16", "stride 2", "BN · ReLU")]
    assert drawn.variants[0].legend == ()
    assert (drawn.stem, drawn.head) == (None, None)
    assert (drawn.input, drawn.stages[0].output) == ("1×28×28", "16×14×14")


def test_depthwise_and_kernels_that_differ() -> None:
    drawn = picture("specs/classic/mobilenet_v3_large.anynet::MobileNetV3Large")
    texts = {text for variant in drawn.variants for label in variant.labels for text in label.lines}
    assert {"k×k depthwise, 6w", "5×5 depthwise, 72", "BN · h-swish"} <= texts
    assert drawn.stages[3].lines[0] == "d = 6, w = 80, 112"


def test_concat_and_the_other_operations() -> None:
    titles = {
        label.title
        for name in ("Inception", "Dense", "Shuffle")
        for variant in picture(own(name)).variants
        for label in variant.labels
    }
    assert {"concat, w", "part 1 of 2", "channel shuffle", "3×3 max pool", "BN · ReLU"} <= titles


def test_what_is_used_twice_is_a_step_of_its_own(tmp_path: Path) -> None:
    text = """anynet 1
block f(w, s = 1) {
  y = x -> conv(w, k = 1, s = s)
  unused = x -> conv(w, k = 5)
  out = (y -> bn -> relu) + y
}
net A {
  input = 3x32x32
  body {
    block = f
    stage s1 { d = 1, w = 16 }
  }
}
"""
    drawn = written(text, tmp_path / "a.anynet")
    assert lines(drawn, "A") == [("1×1 conv, 16", "stride 2"), ("BN · ReLU",), ("+",)]
    assert [step.inputs for step in drawn.variants[0].flow.steps] == [(X,), (0,), (1, 0)]


def test_equal_blocks_are_taken_together() -> None:
    parts = repeats(picture("specs/regnet/regnety.anynet::RegNetY_400MF"))
    assert [r.name for r in parts["s3"]] == ["s3.b1", "s3.b2–b6"]
    assert [r.name for r in parts["stem"]] == ["stem"]


@pytest.mark.parametrize("net", NETS)
def test_every_block_is_drawn_with_the_shapes_that_are_measured(net: str) -> None:
    drawn, measured = picture(net), checked(net).measured
    assert measured is not None
    shapes = [block.output for part in measured.stages for block in part.blocks]
    assert [block.flow.output for block in drawn.blocks] == shapes
    for block in drawn.blocks:
        taken = {n for step in block.flow.steps for n in step.inputs} | {block.flow.out}
        assert taken >= set(range(len(block.flow.steps))), "no step ends nowhere"


def test_widths_are_factors_of_those_that_all_blocks_have() -> None:
    flows = [Flow("b", (a, 8, 8), (b, 8, 8), (), -1) for a, b in ((16, 64), (32, 256), (64, 128))]
    numbers = Numbers(flows)
    assert numbers.width([64, 256, 128]) == "w"
    assert numbers.width([16, 32, 64]) == "x.w"
    assert numbers.width([16, 64, 32]) == "w/4"
    assert numbers.width([96, 384, 192]) == "3w/2"
    assert numbers.width([48, 96, 192]) == "3·x.w"
    assert numbers.width([7, 7, 7]) == "7"
    assert numbers.width([5, 7, 9]) == numbers.width([5, 7, 9]) == "m"
    assert numbers.width([9, 7, 5]) == "n"
    assert numbers.symbols == {"m": (5, 7, 9), "n": (9, 7, 5)}


@pytest.mark.parametrize("net", NETS)
def test_marked_is_what_the_checker_warns_of(net: str) -> None:
    warned = sorted(
        d.message.replace("`", "") for d in checked(net).diagnostics if d.level == "warning"
    )
    drawn = picture(net)
    marks = [mark for stage in drawn.stages for mark in stage.marks] + list(drawn.marks)
    assert sorted(mark.text for mark in marks if not mark.waived) == warned


def test_marks_stand_at_the_stages_that_are_to_blame() -> None:
    marks = {stage.name: [m.text for m in stage.marks] for stage in picture(own("Broken")).stages}
    assert marks == {
        "s1": [],
        "s2": [
            "b is 2 in s2 but 1 in s1",
            "g is 8 in s2 but 16 in s1",
            "w falls from 64 in s1 to 48 in s2",
            "d falls from 3 in s1 to 2 in s2",
        ],
        "s3": ["d falls from 2 in s2 to 1 in s3"],
        "s4": ["w falls from 96 in s3 to 64 in s4"],
    }


def test_a_waiver_is_told_with_its_reason(tmp_path: Path) -> None:
    because = "the narrow middle is what we study"
    marks = {stage.name: stage.marks for stage in picture(own("Waived")).stages}
    assert marks["s2"] == (Mark("w falls from 64 in s1 to 48 in s2", because, waived=True),)
    text = """anynet 1
net A {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 1, w = 16 }
  }
  prefer params <= 10 because "small"
  prefer first(w) >= 100
  waive params <= 10 because "not today"
}
"""
    drawn = written(text, tmp_path / "a.anynet")
    found = [*drawn.marks, *drawn.stages[0].marks]
    assert {(mark.waived, mark.because) for mark in found} == {(True, "not today"), (False, "")}
