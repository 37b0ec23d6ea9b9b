"""What single rules see and don't see, beyond their own examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from anydsl.checker.engine import check_module
from anydsl.checker.fixing import fix
from anydsl.checker.selection import select
from anydsl.design.modules import Library, Module
from anydsl.language.diagnostics import Diagnostic

NET = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 1, w = 32 }
  }
  head { classes = 10 }
}
"""


def found(text: str, *more: str) -> list[str]:
    module = Library().text(text, "spec.anynet")
    return [d.kind.name for d in check_module(module, select(None, more=more))]


def fixed(text: str, *more: str, unsafe: bool = False) -> str:
    def check(module: Module) -> list[Diagnostic]:
        return check_module(module, select(None, more=more))

    return fix(text, check, path="spec.anynet", unsafe=unsafe).text


def test_a_waiver_in_a_recipe_and_a_study() -> None:
    text = "anynet 1\n\nrecipe a {\n  batch = 16\n  optimizer = sgd(lr = 0.2)\n}\n"
    assert found(text) == ["learning_rate"]
    waived = text.replace("}", '  waive learning_rate because "it is a try"\n}')
    assert found(waived) == []
    assert found(waived + "\nrecipe b extends a { epochs = 3 }\n") == []
    assert found(waived.replace("0.2", "0.01")) == ["unused_waiver"]
    misspelt = waived.replace("waive learning_rate", "waive learning_rat")
    assert sorted(found(misspelt)) == ["learning_rate", "unknown_name"]
    assert "missing" in found(waived.replace(' because "it is a try"', ""))
    assert "wrong_value" in found(text.replace("}", "  require params < 3\n}"))


def test_an_idle_waiver_is_taken_out() -> None:
    waived = NET.replace("  head", '  waive nondecreasing(w) because "so"\n  head')
    assert found(waived) == ["unused_waiver"]
    assert fixed(waived) == NET
    inline = NET.replace("10 }\n}", '10 }\n  waive shared(b) because "x", require params < 1M\n}')
    assert fixed(inline) == NET.replace("10 }\n}", "10 }\n  require params < 1M\n}")


def test_settings_of_a_parent() -> None:
    child = "\nnet B extends A {\n  body {\n    g = 8\n    stage s2 { w = 48 }\n  }\n}\n"
    assert found(NET + child) == ["repeated_setting"]
    assert fixed(NET + child) == NET + child.replace("    g = 8\n", "")
    over = NET.replace("w = 16 }\n    stage s2", "w = 16, g = 16 }\n    stage s2")
    over = over.replace("  head", '  waive shared(g) because "a try"\n  head')
    assert found(over + child) == [], "the child's body counts for all stages of its parent"


def test_settings_of_a_parents_stage() -> None:
    child = "\nnet B extends A {\n  body { stage s1 { w = 16 }, stage s2 { w = 48 } }\n}\n"
    assert found(NET + child) == ["repeated_setting"]
    kept = "\nnet B extends A {\n  body { stage s1 { w = 24 }, stage s2 { w = 48 } }\n}\n"
    assert found(NET + kept) == []


def test_a_free_setting_is_not_repeated() -> None:
    space = NET.replace("net A", "space A").replace("w = 32", "w ~ choice(32, 64)")
    child = "\nnet B extends A {\n  body { stage s2 { w = 32 } }\n}\n"
    assert found(space + child) == []


def test_a_name_of_another_file_is_another_value(tmp_path: Path) -> None:
    (tmp_path / "base.anynet").write_text(
        "anynet 1\nwidth = 8\n" + NET[9:].replace("8\n", "width\n")
    )
    text = 'anynet 1\n\nfrom "base.anynet" import A\n\nwidth = 16\n\n'
    text += "net B extends A {\n  body { g = width, stage s2 { w = 48 } }\n}\n"
    (tmp_path / "main.anynet").write_text(text)
    module = Library().module(str(tmp_path / "main.anynet"))
    assert [d.kind.name for d in check_module(module) if d.level != "note"] == []


def test_shared_settings_are_not_those_of_one_stage() -> None:
    one = NET.replace("    stage s2 { d = 1, w = 32 }\n", "").replace(
        "w = 16 }\n  }", "w = 16, se = 1/4 }\n  }"
    )
    assert "common_setting" not in found(one)
    depth = NET.replace("d = 1", "d = 2")
    assert found(depth) == [], "d and w are a stage's own"


def test_a_waiver_of_a_whole_keeps_it_whole() -> None:
    space = NET.replace("net A", "space A").replace(
        "  head", "  require params < 1K and flops < 1K\n  head"
    )
    child = '\nnet B extends A {\n  waive params < 1K and flops < 1K because "larger"\n}\n'
    assert "joined_requirements" in found(space + child)
    assert fixed(space + child) == space + child


@pytest.mark.parametrize(
    ("said", "split"),
    [
        ("a and b and c", ["a", "b", "c"]),
        ("(a or b) and c", ["a or b", "c"]),
        ("a and (b and c)", ["a", "b", "c"]),
        ("a and not b", ["a", "not b"]),
    ],
)
def test_splitting(said: str, split: list[str]) -> None:
    names = {"a": "params < 1M", "b": "flops < 1G", "c": "acts < 1M"}

    def rule(text: str) -> str:
        return "".join(names.get(c, c) if c in "abc" else c for c in text.replace("and", "&"))

    said = rule(said).replace("&", "and")
    expected = [rule(part).replace("&", "and") for part in split]
    if "not flops < 1G" in said:
        said, expected = said.replace("1G", "1"), [e.replace("1G", "1") for e in expected]
    text = NET.replace("  head", f"  require {said}\n  head")
    lines = [line.strip() for line in fixed(text).splitlines() if "require" in line]
    assert lines == [f"require {part}" for part in expected]


def test_stages_at_one_place_get_no_fix_for_one() -> None:
    text = NET.replace("stage s1 { d = 1, w = 16 }", "stage s[1..2] { d = 1, w = 64 }")
    text = text.replace("stage s2", "stage s3")
    assert found(text) == ["nondecreasing_width"]
    assert fixed(text, unsafe=True).count("w = 64") == 2, "the stage that falls gets the width"
    generated = NET.replace("    stage s1 { d = 1, w = 16 }\n", "").replace(
        "stage s2 { d = 1, w = 32 }", "stages quantized_linear { d = 4, w0 = 8, wa = 8, wm = 2 }"
    )
    assert found(generated) == ["first_stage_width"]
    assert "stem { w = 8 }" in fixed(generated, unsafe=True)


def test_hardware_with_numbers() -> None:
    text = NET.replace("w = 16 }\n    stage", "w = 24 }\n    stage").replace("g = 8", "g = 12")
    text = text.replace("w = 32", "w = 36")
    module = Library().text(text, "spec.anynet")
    messages = {d.kind.name: d.message for d in check_module(module, select(["H"]))}
    assert "a width of 36 is computed as one of 40: 10 %" in messages["padded_width"]
    assert "groups of 12 channels are computed as groups of 16: 25 %" in messages["padded_groups"]
    thin = check_module(Library().text(NET.replace("g = 8", "g = 1"), "s"), select(["H003"]))
    assert (
        "9 multiply-adds for each value read, a full convolution of 16 channels 144"
        in thin[0].message
    )


def test_studies_compare_nets_as_well() -> None:
    other = NET.replace("anynet 1\n", "").replace("net A", "net B").replace("3x32x32", "3x64x64")
    rest = "\nrecipe r { epochs = 2 }\n\nstudy s { spaces = [A, B], recipe = r }\n"
    assert found(NET + other + rest) == ["study_inputs"]
    assert found(NET + other.replace("3x64x64", "3x32x32") + rest) == []


def test_data_that_fits_one_of_several_nets() -> None:
    other = NET.replace("anynet 1\n", "").replace("net A", "net B").replace("3x32x32", "1x32x32")
    recipe = "\nrecipe r { data = digits(resize = 32x32) }\n"
    assert found(NET + recipe) == ["data_mismatch"]
    assert found(NET + other + recipe) == []


def test_no_doubt_is_cast_on_what_can_t_be_read() -> None:
    """An unused name may be the one that is misspelt elsewhere."""
    text = NET.replace("anynet 1\n", "anynet 1\n\nwidth = 16\n").replace("w = 32", "w = widht")
    assert found(text) == ["unknown_name"]


def test_redundancy_in_a_file_that_breaks_a_requirement() -> None:
    text = NET.replace("anynet 1\n", "anynet 1\n\nwidth = 16\n").replace(
        "  head", "  require params < 1\n  head"
    )
    assert found(text) == ["unused_name", "requirement"]


def test_the_default_of_a_stages_stride_is_not_its_blocks() -> None:
    text = NET.replace("w = 16 }\n    stage", "w = 16, s = 1 }\n    stage")
    text = text.replace("w = 32 }", "w = 32, s = 1 }")
    kept = NET.replace("g = 8\n", "g = 8\n    s = 1\n")
    assert fixed(text, "R002") == kept
    assert "default_setting" not in found(kept, "R002")
    assert fixed(NET.replace("w = 32 }", "w = 32, s = 2 }"), "R002") == NET
