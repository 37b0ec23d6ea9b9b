"""Networks compared in meaning."""

from __future__ import annotations

import pytest

from anydsl.blocks.measurement import Measurement
from anydsl.checker.comparing import Change, Comparison, as_json, compare
from anydsl.checker.engine import check_declaration, check_module
from anydsl.checker.loading import pick
from anydsl.design.expansion import expand
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.graph.operations import Cost

BLOCK = """
block mine(w, s = 1, k = 3, act = relu) {
  main = x -> conv(w, k = k, s = s) -> bn -> act
  out = main
}
"""
NET = """
net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 2, w = 48 }
    stage s3 { d = 3, w = 96 }
  }
  head { classes = 10 }
}
"""


def measured(text: str) -> Measurement:
    module = Library().text(f"anynet 1\n{text}", "spec.anynet")
    assert not [d.concise() for d in check_module(module) if d.level == "error"]
    found = check_declaration(module, module.declared("net")[-1]).measured
    assert found is not None
    return found


def compared(a: str, b: str) -> Comparison:
    return compare(measured(a), measured(b))


def changes(a: str, b: str) -> list[tuple[str, str, str, str]]:
    return [(c.part, c.setting, c.a, c.b) for c in compared(a, b).changes]


def shipped(spec: str) -> Measurement:
    _, checked = pick(f"std:{spec}", "net")
    assert checked.measured is not None
    return checked.measured


# --------------------------------------------------------------------------- the same meaning


def by(old: str, new: str, text: str = NET) -> str:
    assert old in text
    return text.replace(old, new)


EXTENDED = NET + "net B extends A { input = 3x32x32 }"
MINE = by("block = resnext\n    g = 8", "block = mine")
CUT = by("g = 8", "g = 24")
ON_STAGES = (
    by("g = 8\n", "\n")
    .replace("w = 24 }", "w = 24, g = 8 }")
    .replace("w = 48 }", "w = 48, g = 8 }")
    .replace("w = 96 }", "w = 96, g = 8 }")
)
SPACED = BLOCK.replace("k = 3", "k   = three").replace("-> bn", "\n  # note\n  -> bn")
SAME = {
    "spaces and comments": (NET, by("stage s1", "# one\n\n    stage   s1")),
    "a name": (NET, by("net A", "## Another.\nnet B")),
    "inheritance": (NET, EXTENDED),
    "constants": (NET, "width = 4\n" + by("w = 24", "w = 6 * width")),
    "a setting on the stages": (NET, ON_STAGES),
    "a default": (NET, by("w = 24 }", "w = 24, b = 1, s = 2, act = relu }")),
    "groups": (NET, by("w = 48 }", "w = 48, groups = 6 }")),
    "a group width that is cut": (CUT, CUT.replace("w = 24 }", "w = 24, g = 64 }")),
    "a list": (NET, by("d = 2, w = 48", "d = 2, w = [48, 48]")),
    "a block's place": (BLOCK + MINE, MINE + BLOCK),
    "a block's name": (
        BLOCK + MINE,
        BLOCK.replace("mine", "yours") + MINE.replace("mine", "yours"),
    ),
    "a block's spaces and constants": (BLOCK + MINE, "three = 3\n" + SPACED + MINE),
}


@pytest.mark.parametrize("way", SAME)
def test_what_makes_no_difference(way: str) -> None:
    found = compared(*SAME[way])
    assert found.same
    assert found.alike
    assert (found.changes, found.blocks, found.parts) == ((), (), ())


@pytest.mark.parametrize(
    "spec", ["regnet/regnetx::RegNetX_8GF", "regnet/regnety::RegNetY_400MF", "classic/resnext50"]
)
def test_a_generator_and_its_stages_mean_the_same(spec: str) -> None:
    first = shipped(spec)
    assert compare(first, measured(expand(first.network).removeprefix("anynet 1\n"))).same


# -------------------------------------------------------------------------------- differences


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("3x32x32", "3x64x64", [("input", "input", "3x32x32", "3x64x64")]),
        ("w = 16 }", "w = 24 }", [("stem", "w", "16", "24")]),
        ("w = 16 }", "w = 16, s = 1 }", [("stem", "s", "2", "1")]),
        ("classes = 10", "classes = 7", [("head", "classes", "10", "7")]),
        ("w = 48", "w = 64", [("s2", "w", "48", "64")]),
        ("d = 2, w = 48", "d = 2, w = [40, 48]", [("s2", "w", "48", "[40, 48]")]),
        ("d = 3", "d = 4", [("s3", "d", "3", "4")]),
        ("w = 48 }", "w = 48, s = 1 }", [("s2", "s", "2", "1")]),
        ("w = 48 }", "w = 48, groups = 3 }", [("s2", "g", "8", ""), ("s2", "groups", "", "3")]),
        ("w = 48 }", "w = 48, act = silu }", [("s2", "act", "relu", "silu")]),
        ("g = 8\n", "g = 8, se = 1/4\n", [("body", "se", "0", "0.25")]),
        ("g = 8\n", "g = 4\n", [("body", "g", "8", "4")]),
        (
            "block = resnext\n    g = 8",
            "block = basic",
            [("body", "block", "resnext", "basic"), ("body", "g", "8", "")],
        ),
        (
            "stem { w = 16 }\n",
            "",
            [("stem", "stem", "block = simple_stem, w = 16", "")],
        ),
        (
            "head { classes = 10 }\n",
            "",
            [("head", "head", "block = linear_head, classes = 10", "")],
        ),
        ("stage s2", "stage two", [("two", "name", "s2", "two")]),
    ],
)
def test_settings(old: str, new: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert changes(NET, by(old, new)) == expected


def test_a_stage_in_front_is_an_added_stage() -> None:
    later = by("stage s1 {", "stage s1 { d = 1, w = 16, s = 1 }\n    stage s2 {")
    later = later.replace("stage s2 { d = 2", "stage s3 { d = 2").replace(
        "s3 { d = 3", "s4 { d = 3"
    )
    assert changes(NET, later) == [
        ("s1", "stage", "", "block = resnext, d = 1, w = 16, s = 1, g = 8"),
        ("s2", "name", "s1", "s2"),
        ("s3", "name", "s2", "s3"),
        ("s4", "name", "s3", "s4"),
    ]
    assert changes(later, NET)[0] == (
        "s1", "stage", "block = resnext, d = 1, w = 16, s = 1, g = 8", ""
    )  # fmt: skip


def test_a_stage_in_the_middle_and_at_the_end() -> None:
    middle = by("    stage s2", "    stage extra { d = 9, w = 40 }\n    stage s2")
    assert [c[:2] for c in changes(NET, middle)] == [("extra", "stage")]
    end = by("w = 96 }", "w = 96 }\n    stage s4 { d = 1, w = 192 }")
    assert [c[:2] for c in changes(NET, end)] == [("s4", "stage")]


def test_names_that_were_chosen_go_before_likeness() -> None:
    a = NET.replace("stage s1", "stage low").replace("s2", "mid").replace("s3", "high")
    b = a.replace("stage low { d = 1, w = 24 }", "").replace(
        "w = 96 }", "w = 96 }\n    stage top { d = 3, w = 96 }"
    )
    assert [c[:2] for c in changes(a, b)] == [("low", "stage"), ("top", "stage")]


def test_a_block_that_is_defined_differently() -> None:
    a = BLOCK + by("block = resnext\n    g = 8", "block = mine")
    b = a.replace("-> bn -> act", "-> act -> bn  # the other way\n").replace("k = 3", "k = 5")
    found = compared(a, b)
    assert not found.alike
    (block,) = found.blocks
    assert block.name == "mine"
    assert block.a == ("k = 3", "main = x -> conv(w, k = k, s = s) -> bn -> act")
    assert block.b == ("k = 5", "main = x -> conv(w, k = k, s = s) -> act -> bn")


def test_a_block_within_a_block() -> None:
    outer = "block outer(w, s = 1) { out = x -> mine(w, s = s) }\n"
    a = BLOCK + outer + by("block = resnext\n    g = 8", "block = outer")
    found = compared(a, a.replace("-> bn -> act", "-> act"))
    assert [block.name for block in found.blocks] == ["mine"]
    assert not found.alike


def test_an_operation_of_ones_own() -> None:
    own = "block act2(a = 1) { out = x -> relu -> silu }\n"
    a = own + by("g = 8", "g = 8\n    act = act2")
    found = compared(a, a.replace("-> silu", "-> sigmoid"))
    assert [block.name for block in found.blocks] == ["act2"]
    assert not found.alike
    assert changes(NET, a) == [("body", "act", "relu", "act2")]


def test_what_a_part_puts_out_is_a_difference() -> None:
    """Two blocks of the same operations, of which one lets something fall."""
    a = "block f(w, s = 1) {\n y = x -> conv(w, k = 1, s = s)\n z = y -> relu\n out = z\n}\n"
    a += by("block = resnext\n    g = 8", "block = f").replace("d = 2", "d = 1")
    a = a.replace("d = 3", "d = 1")
    found = compared(a, a.replace("out = z", "out = y"))
    assert not found.alike
    assert [block.name for block in found.blocks] == ["f"]


def test_rules() -> None:
    a = by("}\n}\n", "}\n}\n").replace(
        "\n}\n", "\n  require params <= 1M\n  prefer flops <= 1G\n}\n"
    )
    b = a.replace("1M", '1000K because "so"').replace("prefer flops <= 1G", "require stages == 3")
    found = compared(a, b)
    assert found.alike
    assert not found.same
    assert (found.dropped, found.added) == (("prefer flops <= 1G",), ("require stages == 3",))


def test_waivers() -> None:
    falling = by("w = 96", "w = 32")
    waived = falling.replace("\n}\n", '\n  waive nondecreasing(w) because "so"\n}\n')
    found = compared(falling, waived)
    assert found.alike
    assert (found.dropped, found.added) == ((), ("waive nondecreasing(w)",))
    preferring = falling.replace("\n}\n", "\n  prefer nondecreasing(w)\n}\n")
    found = compared(preferring, waived)
    assert (found.dropped, found.added) == ((), ("waive nondecreasing(w)",))
    found = compared(waived, preferring)
    assert (found.dropped, found.added) == (("waive nondecreasing(w)",), ())


# -------------------------------------------------------------------------------------- costs


def test_costs_of_what_changed() -> None:
    found = compared(NET, by("w = 96", "w = 104"))
    assert [part.part for part in found.parts] == ["s3", "head"]
    assert found.b.params - found.a.params == sum(p.b.params - p.a.params for p in found.parts)
    added = compared(NET, by("w = 96 }", "w = 96 }\n    stage s4 { d = 1, w = 192 }"))
    assert added.parts[0].a == Cost()


def test_published_models() -> None:
    found = compare(
        shipped("regnet/regnetx::RegNetX_400MF"),
        shipped("regnet/regnetx::RegNetX_400MF_torchvision"),
    )
    assert found.changes == (Change("s4", "w", "384", "400"),)
    assert (found.a.params, found.b.params) == (5157512, 5495976)
    resnets = compare(shipped("classic/resnet50"), shipped("classic/resnext50"))
    assert [(c.part, c.setting, c.a, c.b) for c in resnets.changes] == [
        ("body", "block", "bottleneck", "resnext"),
        ("body", "b", "4", "2"),
        ("body", "groups", "", "32"),
    ]
    squeezed = compare(
        shipped("regnet/regnetx::RegNetX_200MF"), shipped("regnet/regnety::RegNetY_200MF")
    )
    assert squeezed.changes == (Change("body", "se", "0", "0.25"),)


def test_as_json() -> None:
    found = as_json(compared(NET, by("w = 96", "w = 192")))
    assert found["same"] is found["alike"] is False
    assert found["changes"] == [{"part": "s3", "setting": "w", "a": "96", "b": "192"}]
    assert found["params"]["change"] == pytest.approx(
        100 * (found["params"]["b"] / found["params"]["a"] - 1)
    )
    same = as_json(compared(NET, NET))
    assert same["same"] is same["alike"] is True
    assert same["parts"] == same["changes"] == same["blocks"] == []
    assert isinstance(measured(NET).network, Network)
