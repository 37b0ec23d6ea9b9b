"""Membership: published designs, every reason with its line, nets that extend a space."""

from __future__ import annotations

import pytest

from anydsl.blocks.measurement import measure
from anydsl.checker.loading import pick
from anydsl.design.expansion import expand
from anydsl.design.network import Network, Space
from anydsl.spaces.membership import reasons
from tests.design.texts import checked, errors, measured, network, space
from tests.spaces.test_counting import ANYNET

REGNETS = {
    # Radosavovic et al. 2020, table 8 and 9: what generates the published models.
    "regnetx::RegNetX_200MF": (13, 24, "36.44", "2.49", 8),
    "regnetx::RegNetX_400MF": (22, 24, "24.48", "2.54", 16),
    "regnetx::RegNetX_600MF": (16, 48, "36.97", "2.24", 24),
    "regnetx::RegNetX_800MF": (16, 56, "35.73", "2.28", 16),
    "regnetx::RegNetX_1_6GF": (18, 80, "34.01", "2.25", 24),
    "regnetx::RegNetX_3_2GF": (25, 88, "26.31", "2.25", 48),
    "regnetx::RegNetX_4GF": (23, 96, "38.65", "2.43", 40),
    "regnetx::RegNetX_8GF": (23, 80, "49.56", "2.88", 120),
    "regnetx::RegNetX_16GF": (22, 216, "55.59", "2.1", 128),
    "regnetx::RegNetX_32GF": (23, 320, "69.86", "2", 168),
    "regnety::RegNetY_1_6GF": (27, 48, "20.71", "2.65", 24),
    "regnety::RegNetY_16GF": (18, 200, "106.23", "2.48", 112),
    "regnety::RegNetY_32GF": (20, 232, "115.89", "2.53", 232),
}
"""Depth, w0, wa, wm and g."""

PAPER = """space P {
  input = 3x224x224
  stem { w = 32 }
  body {
    block = resnext, b = 1
    g ~ log_uniform(8..128 step 8)
    stages quantized_linear {
      d ~ uniform(12..24)
      w0 ~ log_uniform(8..256 step 8)
      wa ~ log_uniform(8..64 step 0.01)
      wm ~ log_uniform(2..3 step 0.01)
    }
  }
  head { classes = 1000 }
  require stages == 4
}"""


def messages(of: Space, net: Network) -> list[str]:
    return [reason.message for reason in reasons(of, measure(net))]


@pytest.mark.parametrize("name", REGNETS)
@pytest.mark.parametrize("form", ["generated", "written out"])
def test_published_regnets(name: str, form: str) -> None:
    """Those that the space can draw are inside; of the others each setting outside is named."""
    _, found = pick(f"std:regnet/{name}", "net")
    assert isinstance(found.value, Network)
    assert found.measured is not None
    assert found.resolved is not None
    d, w0, wa, _, g = REGNETS[name]
    known = found.resolved.generator if form == "generated" else ()
    said = [r.message for r in reasons(space(PAPER), found.measured, known)]
    expected = [f"`g` is {g} in s1"] if g > 128 else []
    expected += [f"`d` is {d}"] if d > 24 else []
    if form == "generated":
        expected += [f"`w0` is {w0}"] if w0 > 256 else []
        expected += [f"`wa` is {wa}"] if float(wa) > 64 else []
        assert [any(m.startswith(e) for m in said) for e in expected] == [True] * len(expected)
        assert len(said) == len(expected)
        return
    assert [m for m in said if m.startswith(("`g`", "`d`"))] == [
        m for e in expected for m in said if m.startswith(e)
    ]
    inside = w0 <= 256 and float(wa) <= 64
    others = [m for m in said if not m.startswith(("`g`", "`d`"))]
    assert not others if inside else all(m.startswith(("`w0`", "`wa`", "`wm`")) for m in others)


def test_regnetx_3_2gf_against_anynetx_e() -> None:
    _, found = pick("std:regnet/regnetx::RegNetX_3_2GF", "net")
    assert isinstance(found.value, Network)
    of = space(ANYNET, "AnyNetXE")
    found_reasons = reasons(of, measure(found.value))
    assert [reason.message for reason in found_reasons] == [
        "`g` is 48 in s1, s2, s3 and s4, outside of choice(1, 2, 4, 8, 16, 32): "
        "the nearest is 32, 16 less",
        "flops is 3,176,622,952, outside of 360M..400M, 2,776,622,952 too many",
        "`d` falls from 15 in s3 to 2 in s4",
    ]
    assert [reason.line.text for reason in found_reasons if reason.line] == [
        "choice(1, 2, 4, 8, 16, 32)",
        "flops in 360M..400M",
        "nondecreasing(d)",
    ]


def test_resnet_lacks_what_is_drawn() -> None:
    _, found = pick("std:classic/resnet50", "net")
    assert isinstance(found.value, Network)
    said = messages(space(ANYNET, "AnyNetXA"), found.value)
    assert any("no one `g` to be drawn in" in message for message in said)


SMALL = """space S {{
  input = 3x32x32
  body {{
    block = resnext, b = 1, g ~ choice(8, 16)
    stage s[1..2] {{ d ~ uniform(1..4), w ~ uniform(8..64 step 8) }}
  }}
  {rules}
}}
"""


def small(*rules: str) -> Space:
    return space(SMALL.format(rules="\n".join(f"require {rule}" for rule in rules)))


def net(first: str, second: str) -> Network:
    return network(
        f"""net N {{ input = 3x32x32
      body {{ block = resnext, b = 1
        stage s1 {{ d = 1, {first} }}
        stage s2 {{ d = 2, {second} }}
      }}
      waive shared(g) because "x"
    }}""".replace('waive shared(g) because "x"', "")
    )


def test_a_body_s_draw_is_one() -> None:
    said = messages(small(), net("w = 16, g = 8", "w = 32, g = 16"))
    assert said == ["`g` is drawn once for all stages, and is 16 in s2 but 8 in s1"]


def test_groups_are_widths() -> None:
    assert messages(small(), net("w = 16, groups = 2", "w = 32, groups = 4")) == []
    (said,) = messages(small(), net("w = 16, groups = 4", "w = 32, groups = 8"))
    assert said.startswith("`g` is 4 in s1 and s2, outside of choice(8, 16): the nearest is 8")


def test_widths_that_groups_made() -> None:
    """32 of a drawn 24 or 40: a width that is not drawn itself."""
    of = space("""space S { input = 3x32x32
      body { block = resnext, b = 1, g = 16, d = 1
        stage s1 { w ~ choice(24, 8) }
        stage s2 { w ~ choice(40) }
      }
      require increasing(w)
    }""")
    made = "net N { input = 3x32x32, body { block = resnext, b = 1, g = 16, d = 1\n"
    made += "stage s1 { w = %s }\nstage s2 { w = 32 } } }"
    assert len(messages(of, network(made % 32))) == 1  # the requirement fails on the net
    assert messages(of, network(made % 8)) == []
    (said,) = messages(of, network(made % 16))
    assert said == "`w` is 16 in s1, outside of choice(24, 8): the nearest is 24, 8 more"


def test_requirements_hold_on_the_draws_too() -> None:
    """The net's widths are 16 and 32, and were drawn as 24, which is 32, and 16."""
    of = space("""space S { input = 3x32x32
      body { block = resnext, b = 1, g = 16, d = 1
        stage s1 { w ~ choice(24) }
        stage s2 { w ~ choice(40) }
      }
      require shared(w) or first(w) == 32
    }""")
    made = "net N { input = 3x32x32, body { block = resnext, b = 1, g = 16, d = 1\n"
    made += "stage s1 { w = 32 }\nstage s2 { w = 32 } } }"
    (said,) = messages(of, network(made))
    assert said.startswith("no draw of `w` that is made these widths keeps")


def test_other_numbers_of_stages() -> None:
    of = small()
    one = network(
        """net N { input = 3x32x32
      body { block = resnext, b = 1, stage s1 { d = 9, w = 20, g = 8 } } }""".replace("20", "72")
    )
    said = messages(of, one)
    assert said[0] == "it has 1 stage, where the space has 2"
    assert "`d` is 9 in s1, outside of uniform(1..4 step 1): the nearest is 4, 5 less" in said


def test_what_is_fixed_is_no_part_of_it() -> None:
    other = net("w = 16, g = 8", "w = 32, g = 8")
    assert messages(small(), other.replace(input=(1, 64, 64))) == []


def test_a_net_that_extends_lies_in_it() -> None:
    text = """space S { input = 3x32x32
      body { block = resnext, b ~ choice(1, 2), g = 8
        stage s[1..2] { d ~ uniform(1..4), w ~ uniform(16..64 step 16) } }
    }
    net N extends S { body { b = 1
      stage s1 { d = 1, w = 16 }
      stage s2 { d = 2, w = 32%s }%s
    }
    waive shared(b) because "x"
    }"""
    once, more = (
        errors(text % (", b = 2", "")),
        errors((text % ("", "\nstage s3 { d = 2, w = 32 }")).replace("waive", "# waive")),
    )
    (found,) = once
    assert "drawn once for all stages" in found.message
    assert found.at.text == "2"
    assert any(label.at.text == "choice(1, 2)" for label in found.labels)
    assert any("it has 3 stages" in found.message for found in more)
    assert checked((text % ("", "")).replace("waive", "# waive")).sound


def test_expanded_nets_are_found_again() -> None:
    _, found = pick("std:regnet/regnety::RegNetY_400MF", "net")
    assert isinstance(found.value, Network)
    text = expand(found.value).removeprefix("anynet 1\n")
    _, of = pick("std:std/spaces::RegNetY", "space")
    assert isinstance(of.value, Space)
    assert reasons(of.value, measured(text)) == []
