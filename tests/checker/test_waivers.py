"""require, prefer, waive: what holds, what is cancelled, what is left over (LANGUAGE.md, 4)."""

from __future__ import annotations

from pathlib import Path

import pytest

import anydsl
from anydsl.checker.engine import check_module
from anydsl.design.modules import Library
from anydsl.errors import SpecError
from anydsl.language.diagnostics import Diagnostic
from tests.design.texts import checked, errors, findings, marked, net, network

FALLING = "block = plain\nstage s1 { d = 1, w = 32 }\nstage s2 { d = 1, w = 24 }"
RISING = "block = plain\nstage s1 { d = 1, w = 24 }\nstage s2 { d = 1, w = 32 }"


def said(text: str) -> list[tuple[str, str]]:
    return [(d.kind.name, d.level) for d in findings(text)]


def ruled(rules: str, body: str = FALLING) -> list[tuple[str, str]]:
    return said(net(body, rules))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("", [("nondecreasing_width", "warning")]),
        ("require nondecreasing(w)", [("requirement", "error")]),
        ("prefer nondecreasing(w)", [("preference", "warning")]),
        ('waive nondecreasing(w) because "so"', []),
        ('waive nondecreasing_width because "so"', []),
        ('prefer nondecreasing(w)\nwaive nondecreasing(w) because "so"', []),
        ('waive nondecreasing(w) because "so"\nprefer nondecreasing(w)', []),
        ("require depth == 2", [("nondecreasing_width", "warning")]),
        ('prefer stages == 3\nwaive stages == 3 because "so"\nrequire not nondecreasing(w)', None),
        ('waive nondecreasing(w) because "so"\nprefer increasing(w)', [("preference", "warning")]),
    ],
)
def test_one_net(rules: str, expected: list[tuple[str, str]] | None) -> None:
    assert ruled(rules) == (
        expected if expected is not None else [("nondecreasing_width", "warning")]
    )


@pytest.mark.parametrize(
    ("rules", "kind"),
    [
        ('waive «nondecreasing(w)» because "so"', "unused_waiver"),
        ('waive «nondecreasing_width» because "so"', "unused_waiver"),
        ('waive «nondecreasing(w, except_last = true)» because "so"', "unused_waiver"),
        ('waive «shared(b)» because "so"', "unused_waiver"),
        ('waive «flops < 3» because "so"', "unused_waiver"),
        ('waive «nondecreasing_widht» because "so"', "unknown_name"),
        ('prefer depth == 2\nwaive «depth == 2» because "so"', "unused_waiver"),
        ("«waive nondecreasing(w)»", "missing"),
        ('«waive nondecreasing(w) because ""»', "missing"),
        ('«waive nondecreasing(w) because " "»', "missing"),
    ],
)
def test_wrong_waivers(rules: str, kind: str) -> None:
    found = marked(net(RISING, rules), kind)
    if "flops" in rules:
        assert found.message == "no rule says `flops < 3`"
    elif kind == "unused_waiver":
        assert "nothing" in found.message and "waive" in found.message
    if kind == "unknown_name":
        assert found.help == "did you mean `nondecreasing_width`?"


def test_a_waiver_does_not_cancel_the_nets_own_requirement() -> None:
    text = net(FALLING, 'require nondecreasing(w)\nwaive nondecreasing(w) because "so"')
    assert "requirement" in [kind for kind, _ in said(text)]


def test_predicates_compare_as_values() -> None:
    body = "block = resnext\ng = 4\nstage s1 { d = 1, w = 32, b = 1 }\n"
    body += "stage s2 { d = 1, w = 32, b = 2 }"
    assert ruled('waive shared(b) because "so"', body) == []
    rules = (
        'prefer flops <= 2K * 1\nwaive flops <= limit because "so"\nwaive shared(b) because "so"'
    )
    assert said("limit = 2000\n" + net(body, rules)) == []
    body = body.replace("b = 2", "b = 1").replace("}\nstage s2 {", ", g = 4 }\nstage s2 { g = 8,")
    for key in ("g", "groups"):
        assert ruled(f'waive shared({key}) because "so"', body) == []


def test_reasons_are_kept() -> None:
    made = network(net(FALLING, 'waive nondecreasing(w) because "as # published"'))
    (waiver,) = made.waivers
    assert waiver.because == "as # published"


def test_reasons_of_rules_are_reported() -> None:
    text = net(FALLING, 'require nondecreasing(w) because "the paper says so"')
    (found,) = errors(text)
    assert "the paper says so" in found.help
    assert "required here" in [label.message for label in found.labels]


def test_a_requirement_blames_the_value_and_shows_itself() -> None:
    body = "block = plain\nstage s1 { d = 1, w = ‹32› }\nstage s2 { d = 1, w = «24» }"
    marked(net(body, "require ‹nondecreasing(w)›"), "requirement")
    body = body.replace("‹32›", "32").replace("«24»", "24")
    marked(net(body, "require «flops < 3»"), "requirement")
    body = body.replace("w = 32", "w = «32»")
    marked(net(body, "require ‹max(w) < 30›"), "requirement")


def test_nothing_is_compiled_past_a_requirement() -> None:
    text = net(FALLING, "require nondecreasing(w)")
    with pytest.raises(AssertionError, match="requirement"):
        network(text)


# -------------------------------------------------------------------------------- inheritance


SPACE = """
space Base {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 1, w ~ choice(24, 32) }
    stage s2 { d = 1, w ~ choice(24, 32) }
  }
  {}
}
"""


def inherited(of_space: str, of_net: str = "", *, rising: bool = False) -> list[tuple[str, str]]:
    one, two = (24, 32) if rising else (32, 24)
    text = f"{SPACE.replace('{}', of_space)}\nnet N extends Base {{\n"
    text += f"body {{\nstage s1 {{ w = {one} }}\nstage s2 {{ w = {two} }}\n}}\n{of_net}\n}}"
    return said(text)


WAIVE = 'waive nondecreasing(w) because "so"'


def test_requirements_are_inherited() -> None:
    assert inherited("require nondecreasing(w)") == [("requirement", "error")]
    assert inherited("require nondecreasing(w)", rising=True) == []


def test_an_inherited_requirement_can_be_waived() -> None:
    assert inherited("require nondecreasing(w)", WAIVE) == []
    assert inherited("require nondecreasing(w)", WAIVE, rising=True) == [("unused_waiver", "error")]
    assert inherited("prefer nondecreasing(w)", WAIVE) == []


def test_waivers_pass_from_a_space_to_its_nets() -> None:
    assert inherited(WAIVE) == []
    assert inherited(WAIVE, rising=True) == [], "a net need not use what its space may"


def test_the_nearest_statement_wins() -> None:
    assert inherited(WAIVE, "require nondecreasing(w)") == [("requirement", "error")]
    assert inherited(WAIVE, "prefer nondecreasing(w)") == [("preference", "warning")]


def test_a_generation_in_between() -> None:
    text = SPACE.replace("{}", "require nondecreasing(w)")
    text += f"\nspace Middle extends Base {{\n{WAIVE}\n}}\n"
    fixed = "body {\nstage s1 { w = 32 }\nstage s2 { w = 24 }\n}"
    assert said(f"{text}net N extends Middle {{\n{fixed}\n}}") == []
    assert said(f"{text}net N extends Base {{\n{fixed}\n}}") == [("requirement", "error")]
    again = f"{text}net N extends Middle {{\n{fixed}\nrequire nondecreasing(w)\n}}"
    assert said(again) == [("requirement", "error")]


def test_a_failed_requirement_is_said_once() -> None:
    found = inherited("require nondecreasing(w)", "require nondecreasing(w)")
    assert found == [("requirement", "error")]


def test_an_inherited_rule_is_shown_where_it_stands() -> None:
    text = SPACE.replace("{}", "require ‹nondecreasing(w)›")
    text += "net N extends Base {\nbody {\nstage s1 { w = ‹32› }\nstage s2 { w = «24» }\n}\n}"
    marked(text, "requirement")


def test_waivers_of_a_space_name_a_rule() -> None:
    (found,) = errors(SPACE.replace("{}", 'waive flops < 3 because "so"'))
    assert found.kind.name == "unused_waiver"
    (found,) = errors(SPACE.replace("{}", 'waive shared_bottelneck because "so"'))
    assert found.kind.name == "unknown_name"
    assert errors(SPACE.replace("{}", WAIVE)) == []


VIONET = """
space CifarE {
  input = 3x32x32
  stem { w = 16, s = 1 }
  body {
    block = resnext
    g = 8
    stage s[1..2] {
      d ~ log_uniform(1..16)
      w ~ log_uniform(8..1024 step 8)
      b ~ choice(1, 2, 4)
    }
  }
  head { classes = 10 }
  require shared(b)
  require shared(g)
  require nondecreasing(w)
  require nondecreasing(d)
}

space VioNetB extends CifarE {
  waive shared(b) because "VioNet: what is sharing b worth?"
  require not shared(b)
}

net Violating extends VioNetB {
  body {
    stage s1 { d = 1, w = 32, b = 1 }
    stage s2 { d = 2, w = 64, b = {} }
  }
}
"""


def test_vionet() -> None:
    """The example of LANGUAGE.md, section 5."""
    assert findings(VIONET.replace("{}", "2")) == []
    (found,) = findings(VIONET.replace("{}", "1"))
    assert (found.kind.name, found.message) == ("requirement", "shared(b) holds")
    made = network(VIONET.replace("{}", "2"))
    assert [w.because for w in made.waivers] == ["VioNet: what is sharing b worth?"]
    outside = VIONET.replace("{}", "2").replace("extends VioNetB", "extends CifarE")
    assert [d.kind.name for d in errors(outside)] == ["requirement"]


def test_waivers_that_a_net_does_not_use_are_not_its_own() -> None:
    text = SPACE.replace("{}", WAIVE)
    text += "net N extends Base {\nbody {\nstage s1 { w = 24 }\nstage s2 { w = 32 }\n}\n}"
    assert network(text).waivers == ()


def test_an_ancestor_of_the_same_name(tmp_path: Path) -> None:
    """Who said a rule is told by the declaration, not by its name alone."""
    base = SPACE.replace("{}", "require nondecreasing(w)").replace("Base", "N")
    middle = 'from "base.anynet" import N\nspace Middle extends N {}'
    fixed = "body {\nstage s1 { w = 32 }\nstage s2 { w = 24 }\n}"
    own = f'from "middle.anynet" import Middle\nnet N extends Middle {{\n{fixed}\n{WAIVE}\n}}'
    for name, text in (("base", base), ("middle", middle), ("own", own)):
        (tmp_path / f"{name}.anynet").write_text(f"anynet 1\n{text}\n")
    found = check_module(Library().module(str(tmp_path / "own.anynet")))
    assert [d.concise() for d in found] == []


def test_severities() -> None:
    def level(found: list[Diagnostic]) -> list[str]:
        return [d.level for d in found]

    assert level(findings(net(FALLING, "prefer depth == 3\nrequire depth == 3"))) == [
        "warning",
        "warning",
        "error",
    ]
    assert checked(net(FALLING, "prefer depth == 3")).sound


def test_load_raises_with_every_finding(tmp_path: Path) -> None:
    path = tmp_path / "spec.anynet"
    rules = "require depth == 3\nrequire nondecreasing(w)"
    path.write_text(f"anynet 1\n{net(FALLING, rules)}\n")
    with pytest.raises(SpecError) as raised:
        anydsl.load(str(path))
    assert [d.kind.name for d in raised.value.diagnostics] == ["requirement"] * 2
    assert "s2" in str(raised.value)
