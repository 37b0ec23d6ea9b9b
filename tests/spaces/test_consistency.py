"""Spaces that no draw can meet: errors at the lines that say so."""

from __future__ import annotations

import pytest

from anydsl.spaces.sampling import Sampler
from tests.design.texts import errors, marked, space

SPACE = """space S {
  input = 3x32x32
  body {
    block = resnext, g = 8
    b ~ choice(1, 2)
    stage s1 { d ~ choice(1, 2), w ~ %s }
    stage s2 { d ~ choice(3, 4), w ~ %s }
  }
  %s
}"""


@pytest.mark.parametrize(
    ("rules", "widths", "message"),
    [
        ("require «shared(d)»", "uniform(8..16 step 8)", "no draw of the stages keeps it"),
        ("require «increasing(w)»", "‹choice(8)›", "no draw of the stages keeps it"),
        ("require ‹shared(w)›\nrequire «not nondecreasing(w)»", "‹choice(8, 16)›", "together"),
        ("require «depth > 6»", "choice(8)", "it is 4 to 6 in every draw"),
        ("require «stages == 3»", "choice(8)", "it is 2 in every draw"),
        ("require «first(w) in 9..15»", "choice(16, 24)", "it is 16 to 24 in every draw"),
        ("require «last(d) <= 2»", "choice(8)", "it is 3 to 4 in every draw"),
        ("require «min(w) + max(w) >= 33»", "choice(8, 16)", "it is 16 to 32 in every draw"),
        ("require ‹flops <= 1M›\nrequire «flops in 2M..3M»", "choice(8)", "can't hold together"),
        ("require ‹depth == 5›\nrequire «depth != 5»", "choice(8)", ""),
        ("require «depth > 9 or sum(w) > 99»", "choice(8)", "can't hold"),
        ("require «not depth >= 4»", "choice(8)", "can't hold"),
        (
            "require ‹acts < 5M or shared(w)›\nrequire «not (acts < 5M or shared(w))»",
            "choice(8)",
            "",
        ),
    ],
)
def test_impossible(rules: str, widths: str, message: str) -> None:
    text = SPACE % (widths, widths, rules.replace("b_ok", "first(b) == 1"))
    if rules == "require «shared(d)»":
        text = text.replace("d ~ choice(1, 2)", "d ~ ‹choice(1, 2)›")
        text = text.replace("d ~ choice(3, 4)", "d ~ ‹choice(3, 4)›")
    if "!=" in rules:
        assert errors(text.translate(str.maketrans("", "", "«»‹›"))) == []  # sampling will tell
        return
    assert message in marked(text, "impossible_space").message


def test_a_draw_for_all_stages_can_t_rise() -> None:
    text = SPACE % ("choice(8)", "choice(8)", "require «increasing(b)»")
    text = text.replace("b ~ choice(1, 2)", "b ~ ‹choice(1, 2)›")
    assert "all stages have the same value" in marked(text, "impossible_space").message


def test_possible_spaces() -> None:
    rules = "require shared(b)\nrequire depth in 4..5\nrequire not shared(w)\nrequire w_ok"
    rules = rules.replace("require w_ok", "require first(w) < last(w)")
    assert errors(SPACE % ("choice(8, 16)", "choice(8, 16)", rules)) == []


def test_large_draws_are_no_burden() -> None:
    of = space("""space S { input = 3x32x32
      body { block = plain, d = 1, stage s[1..20] { w ~ uniform(1..1000000) } }
      require increasing(w)
      require not shared(w)
    }""")
    assert len(of.stages) == 20


@pytest.mark.parametrize(
    ("first", "second", "rule", "possible"),
    [
        ("w = 8", "w = 16", "nondecreasing(w)", True),
        ("w = 16", "w = 8", "nondecreasing(w)", False),
        ("w = 16", "w = 8", "not nondecreasing(w)", True),
        ("w = 8", "w = 16", "not nondecreasing(w)", False),
        ("w = 16", "w = 16", "increasing(w)", False),
        ("w = 16", "w = 16", "not shared(w)", False),
        ("w = 16", "w = 16", "shared(w) and not increasing(w)", True),
        ("w = 16, g = 4", "w = 16, g = 8", "shared(g)", False),
        ("w = 16, g = 4", "w = 16", "not shared(g)", True),
        ("w = 16, act = relu", "w = 16, act = silu", "shared(act)", False),
        ("w = 16, g = [4, 8]", "w = 16, g = 4", "shared(g)", True),
        ("block = wide, v = 16", "w = 8", "not shared(w)", True),
        ("block ~ choice(plain, grouped), w = 8", "w = 8, g = 4", "not shared(g)", True),
    ],
)
def test_an_order_of_what_is_fixed(first: str, second: str, rule: str, *, possible: bool) -> None:
    text = f"""block wide(v, s = 1) {{ out = x -> conv(v, k = 3, s = s) }}
    block grouped(w, s = 1, g = 8, act = relu) {{
      out = x -> conv(w, k = 3, s = s) -> conv(w, k = 3, g = g) -> act
    }}
    space S {{
      input = 3x32x32
      body {{
        block = grouped
        stage s1 {{ d = 2, {first} }}
        stage s2 {{ d ~ choice(1, 2), {second} }}
      }}
      require {rule}
    }}"""
    found = errors(text)
    assert [d.kind.name for d in found] == ([] if possible else ["impossible_space"])
    if not possible:
        assert "what the stages have is fixed" in found[0].message


def test_a_default_of_a_block_that_is_drawn_counts_as_drawn() -> None:
    """Its `g` is 8 with the one block, and the plain one has none."""
    of = space("""block grouped(w, s = 1, g = 8) {
      out = x -> conv(w, k = 3, s = s) -> conv(w, k = 3, g = g)
    }
    space S { input = 3x32x32
      body { block = grouped
        stage s1 { d = 1, block ~ choice(plain, grouped), w = 8 }
        stage s2 { d = 1, w = 8, g = 4 }
      }
      require not shared(g)
    }""")
    designs = Sampler(of, 1).designs(5)
    assert {design.network().stages[0].block.name for design in designs} == {"grouped"}
