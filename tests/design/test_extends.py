"""What a net or a space takes from what it extends (LANGUAGE.md, sections 2 and 5)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from anydsl.design.values import Groups
from tests.design.texts import errors, marked, network, space, stages

BASE = """
net Base {
  input = 3x32x32
  stem { w = 8, s = 1 }
  body {
    block = resnext
    b = 1
    g = 4
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 2, w = 32, b = 2, g = 8 }
  }
  head { classes = 10 }
}
"""


def child(text: str, base: str = BASE) -> str:
    return f"{base}\nnet Child extends Base {{\n{text}\n}}"


def test_nothing_changed_is_the_same_network() -> None:
    base, same = network(BASE), network(child(""))
    assert same.replace(name=base.name) == base


def test_the_childs_value_wins() -> None:
    made = network(child("input = 1x28x28, stem { w = 12 }\nhead { classes = 2 }"))
    assert made.input == (1, 28, 28)
    assert made.stem is not None and dict(made.stem.settings) == {"w": 12, "s": 1}
    assert made.head is not None and made.head.get("classes") == 2


def test_a_stage_of_the_childs_wins_over_the_same_of_the_parent() -> None:
    text = child("body { stage s2 { d = 3, b = 4 } }")
    assert stages(text, "d", "w", "b", "g") == [("s1", 1, 16, 1, 4), ("s2", 3, 32, 4, 8)]


def test_a_body_setting_of_the_childs_wins_over_the_parents_stages() -> None:
    text = child("body { b = 4 }")
    assert stages(text, "b", "g") == [("s1", 4, 4), ("s2", 4, 8)]


def test_a_stage_of_the_childs_wins_over_its_own_body() -> None:
    text = child("body { b = 4\nstage s1 { b = 2 } }")
    assert stages(text, "b") == [("s1", 2), ("s2", 4)]


def test_new_stages_come_last() -> None:
    text = child("body { stage s0 { d = 1, w = 64 }\nstage s1 { d = 2 } }")
    assert stages(text, "d", "w") == [("s1", 2, 16), ("s2", 2, 32), ("s0", 1, 64)]


def test_labels_expand_before_they_merge() -> None:
    base = BASE.replace("stage s1 { d = 1, w = 16 }", "").replace("stage s2", "stage s[1..3]")
    text = child("body { stage s2 { d = 5 }\nstage s[3..4] { d = 1, w = 64 } }", base)
    assert stages(text, "d", "w", "b") == [
        ("s1", 2, 32, 2),
        ("s2", 5, 32, 2),
        ("s3", 1, 64, 2),
        ("s4", 1, 64, 1),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("groups = 2", [Groups(2), Groups(2)]),  # also over a parent's stage
        ("stage s1 { groups = 2 }", [Groups(2), 8]),
        ("stage s2 { groups = 2 }", [4, Groups(2)]),
        ("groups = 2\nstage s1 { g = 8 }", [8, Groups(2)]),
        ("g = 2", [2, 2]),
    ],
)
def test_of_g_and_groups_the_nearer_one_counts(body: str, expected: list[object]) -> None:
    assert [g for _, g in stages(child(f"body {{ {body} }}"), "g")] == expected


def test_of_g_and_groups_the_stages_counts() -> None:
    base = BASE.replace("g = 4", "groups = 4")
    assert stages(base, "g") == [("s1", Groups(4)), ("s2", 8)]


@pytest.mark.parametrize("body", ["‹g› = 4, «groups» = 2", "‹groups› = 4, «g» = 2"])
def test_g_and_groups_at_one_level_are_an_error(body: str) -> None:
    marked(child(f"body {{ {body} }}"), "duplicate")
    marked(child(f"body {{ stage s1 {{ {body} }} }}"), "duplicate")


def test_another_block_takes_what_it_has() -> None:
    text = child("body { block = bottleneck }", BASE.replace("g = 4\n", "").replace(", g = 8", ""))
    assert stages(text, "b", "g") == [("s1", 1, None), ("s2", 2, None)]


def test_what_no_stage_takes_is_an_error() -> None:
    assert [d.kind.name for d in errors(child("body { block = plain }"))] == ["unknown_name"] * 4


def test_chains() -> None:
    text = child("body { b = 2 }") + "\nnet C extends Child { body { stage s1 { b = 4 } } }"
    assert stages(text, "b") == [("s1", 4), ("s2", 2)]


GENERATED = """
net Base {
  input = 3x32x32
  body {
    block = resnext, b = 1, g = 8
    stages quantized_linear { d = 4, w0 = 8, wa = 8, wm = 2 }
  }
}
"""


def test_generators_merge_setting_by_setting() -> None:
    text = child("body { stages quantized_linear { d = 2 } }", GENERATED)
    assert stages(text, "d", "w") == [("s1", 1, 8), ("s2", 1, 16)]


def test_stage_and_stages_do_not_mix() -> None:
    written = "body { stage s1 { d = 1, w = 8 } }"
    generated = "body { stages quantized_linear { d = 1, w0 = 8, wa = 8, wm = 2 } }"
    marked(f"{GENERATED}\n«net Child extends Base» {{ {written} }}", "cannot_extend")
    marked(f"{BASE}\n«net Child extends Base» {{ {generated} }}", "cannot_extend")
    both = "stage s1 { d = 1, w = 8 }\n«stages quantized_linear» { d = 1, w0 = 8, wa = 8, wm = 2 }"
    marked(f"net N {{ input = 3x8x8, body {{ block = plain\n{both}\n}} }}", "cannot_extend")


SPACE = """
space Base {
  input = 3x32x32
  body {
    block ~ choice(resnext, resnext_linear)
    b ~ {b}
    g = 4
    stage s[1..2] { d ~ uniform(1..4), w ~ log_uniform(8..64 step 8) }
  }
}
"""


def spaced(text: str, kind: str = "net", b: str = "choice(1, 2, 4)") -> str:
    return f"{SPACE.replace('{b}', b)}\n{kind} Child extends Base {{ {text} }}"


FIXED = "block = resnext, b = 2\nstage s[1..2] { d = 1, w = 16 }"


def test_a_net_fixes_what_its_space_draws() -> None:
    assert stages(spaced(f"body {{ {FIXED} }}"), "d", "w", "b") == [
        ("s1", 1, 16, 2),
        ("s2", 1, 16, 2),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("w = 16", "w = «12»"),
        ("w = 16", "w = «72»"),
        ("d = 1", "d = «5»"),
        ("b = 2", "b = «3»"),
        ("block = resnext", "block = «bottleneck»"),
    ],
)
def test_a_net_stays_in_its_space(before: str, after: str) -> None:
    text = SPACE.replace("{b}", "choice(1, 2, 4)")
    drawn = {"w": "log_uniform(8..64 step 8)", "d": "uniform(1..4)", "b": "choice(1, 2, 4)"}
    drawn["block"] = "choice(resnext, resnext_linear)"
    draw = drawn[before.split(" ")[0]]
    child = FIXED.replace("s[1..2]", "s1").replace(before, after)
    child += "\nstage s2 { d = 1, w = 16 }"
    text = text.replace(draw, f"‹{draw}›")
    found = marked(f"{text}\nnet Child extends Base {{ body {{ {child} }} }}", "cannot_extend")
    assert draw.rstrip(")") in found.message


def test_what_is_drawn_on_the_body_binds_the_stages_too() -> None:
    """A space that draws b once from 1, 2, 4 holds no net in which a stage has b = 3."""
    text = spaced("body { block = resnext, b = 2\nstage s1 { d = 1, w = 24, b = 3 }\n{} }")
    text = text.replace("{}", "stage s2 { d = 1, w = 24 }")
    assert [d.kind.name for d in errors(text)] == ["cannot_extend"]


def test_a_net_leaves_nothing_free() -> None:
    text = spaced("body { block = resnext\nstage s[1..2] { d = 1, w = 16 } }")
    (found,) = errors(text)
    assert found.kind.name == "still_free"
    assert found.at.text == "net Child extends Base"
    assert [label.at.text for label in found.labels] == ["choice(1, 2, 4)"]


def test_a_net_draws_nothing_itself() -> None:
    marked(BASE.replace("b = 2", "b ~ «choice(1, 2)»"), "still_free")


@pytest.mark.parametrize("b", ["choice(1, 4)", "uniform(1..2 step 1)", "choice(4)"])
def test_a_space_narrows_its_parents_draws(b: str) -> None:
    made = space(spaced(f"body {{ b ~ {b} }}", "space"))
    assert made.shared == ("b", "block")


@pytest.mark.parametrize("b", ["choice(1, 3)", "uniform(1..2)", "log_uniform(1..4 step 0.5)"])
def test_a_space_does_not_widen_its_parents_draws(b: str) -> None:
    draw = "choice(1, 2, 4)"
    text = SPACE.replace("{b}", f"‹{draw}›")
    marked(f"{text}\nspace Child extends Base {{ body {{ b ~ «{b}» }} }}", "cannot_extend")


def test_bounds_hold_over_generations() -> None:
    text = spaced("body { b ~ choice(1, 2) }", "space")
    fixed = FIXED.replace("b = 2", "b = 4")
    found = errors(f"{text}\nnet Grandchild extends Child {{ body {{ {fixed} }} }}")
    assert [d.kind.name for d in found] == ["cannot_extend"]
    fixed = FIXED.replace("b = 2", "b = 1/3")
    assert "1/3" in errors(f"{text}\nnet G extends Child {{ body {{ {fixed} }} }}")[0].message


def test_a_body_setting_of_the_childs_is_bound_by_the_parents_stages() -> None:
    text = SPACE.replace("{b}", "choice(1, 2, 4)")
    fixed = "block = resnext, b = 2, d = 5\nstage s[1..2] { w = 16 }"
    found = errors(f"{text}\nnet Child extends Base {{ body {{ {fixed} }} }}")
    assert {d.kind.name for d in found} == {"cannot_extend"}


def test_a_value_over_a_value_is_allowed() -> None:
    made = network(spaced(f"input = 3x64x64, body {{ {FIXED}, g = 8 }}"))
    assert made.input == (3, 64, 64)
    assert [stage.get("g") for stage in made.stages] == [8, 8]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("net C extends «Bsae» {}", "unknown_name"),
        ("space S extends «Base» {}", "cannot_extend"),
        ("net C extends «resnext» {}", "cannot_extend"),
        ("net C extends «C» {}", "cannot_extend"),
    ],
)
def test_what_can_not_be_extended(text: str, kind: str) -> None:
    """One mistake, one message: what the base would have brought is not missed as well."""
    found = marked(f"{BASE}\n{text}", kind)
    assert ("Bsae" in text) == (found.help == "did you mean `Base`?")


def test_circles_and_long_chains_end_in_an_error() -> None:
    found = errors("net C extends D {}\nnet D extends C {}")
    assert {d.kind.name for d in found} == {"cannot_extend"}
    links = "".join(f"net N{i + 1} extends N{i} {{}}\n" for i in range(100))
    assert {d.kind.name for d in errors(BASE.replace("Base", "N0") + links)} == {"cannot_extend"}


def test_fractions_survive() -> None:
    text = child("body { b = 1/3 }", BASE.replace("b = 2, ", ""))
    assert {b for _, b in stages(text, "b")} == {Fraction(1, 3)}
