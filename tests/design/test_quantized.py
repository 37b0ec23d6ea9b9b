"""Quantized linear widths and their fit to groups, against the paper's code and its models."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.checker.loading import pick
from anydsl.design.network import Network
from anydsl.design.quantized import compatible, quantized_linear
from anydsl.design.vocabulary import QuantizedLinear
from tests.design.texts import findings, marked, net, network, stages

ROOT = Path(__file__).parents[2]
PUBLISHED: dict[str, Any] = json.loads((ROOT / "tests/specs/published.json").read_text("utf-8"))


def generator(d: int, w0: int, wa: str, wm: str, **more: Any) -> QuantizedLinear:
    return QuantizedLinear(d, w0, Fraction(wa), Fraction(wm), **more)  # type: ignore[arg-type]


def pycls_stages(w_a: float, w_0: float, w_m: float, d: int, q: int) -> list[tuple[int, int]]:
    """A transcription of pycls' generate_regnet, in plain doubles."""
    ws_cont = [w_0 + w_a * j for j in range(d)]
    ks = [round(math.log(w / w_0) / math.log(w_m)) for w in ws_cont]
    ws = [int(round(w_0 * math.pow(w_m, k) / q) * q) for k in ks]
    return [(ws.count(w), w) for w in sorted(set(ws))]


def pycls_fit(w: int, b: float, g: int) -> int:
    """A transcription of pycls' adjust_block_compatibility; its b is a factor."""
    v = int(max(1, w * b))
    g = int(min(g, v))
    m = math.lcm(g, int(b)) if b > 1 else g
    v = max(m, int(round(v / m) * m))
    w = int(v / b)
    assert w * b % g == 0
    return w


def torchvision_fit(w: int, b: float, g: int) -> int:
    """A transcription of torchvision's _adjust_widths_groups_compatibilty and _make_divisible."""
    v = int(w * b)
    divisor = min(g, v)
    new = max(divisor, int(v + divisor / 2) // divisor * divisor)
    if new < 0.9 * v:
        new += divisor
    return int(new / b)


@pytest.mark.parametrize("spec", PUBLISHED["regnets"])
def test_published_depths(spec: str) -> None:
    """Depths are those of the raw widths: fitting to groups never joins two stages."""
    _, checked = pick(str(ROOT / "specs" / spec), "net")
    assert isinstance(checked.value, Network)
    assert [s.d for s in checked.value.stages] == PUBLISHED["regnets"][spec]["depths"]


def test_raw_widths() -> None:
    """RegNetX-400MF before its widths are made to fit g = 16."""
    assert quantized_linear(generator(22, 24, "24.48", "2.54")) == [
        (1, 24),
        (2, 64),
        (7, 152),
        (12, 392),
    ]


def test_halves_go_to_the_even_number() -> None:
    # u = 8, 16: log_4 2 = 0.5 goes to 0; u = 64 at j = 7: log_4 8 = 1.5 goes to 2
    assert quantized_linear(generator(2, 8, "8", "4")) == [(2, 8)]
    assert quantized_linear(generator(8, 8, "8", "4"))[-1] == (1, 128)
    # 12 / 8 = 1.5 goes to 2, 20 / 8 = 2.5 to 2
    assert quantized_linear(generator(1, 12, "0", "2")) == [(1, 16)]
    assert quantized_linear(generator(1, 20, "0", "2")) == [(1, 16)]


def test_no_slope_is_one_stage() -> None:
    assert quantized_linear(generator(7, 32, "0", "2.5")) == [(7, 32)]


HUNDREDTHS = st.integers(0, 25600).map(lambda n: Fraction(n, 100))


@given(
    st.integers(1, 64),
    st.integers(1, 32),
    HUNDREDTHS,
    st.integers(150, 300).map(lambda n: Fraction(n, 100)),
    st.sampled_from([1, 4, 8, 16]),
)
def test_stages_are_those_of_pycls(d: int, w0: int, wa: Fraction, wm: Fraction, q: int) -> None:
    made = quantized_linear(QuantizedLinear(d, w0 * q, wa, wm, q))  # type: ignore[arg-type]
    assert made == pycls_stages(float(wa), w0 * q, float(wm), d, q)
    assert sum(depth for depth, _ in made) == d
    assert all(left < right for (_, left), (_, right) in pairwise(made))


RATIOS = st.sampled_from([Fraction(1, 8), Fraction(1, 4), Fraction(1, 2), 1, 2, 4, 8])
WIDTHS = st.integers(1, 300)


@given(WIDTHS, RATIOS, st.integers(1, 256))
def test_fits_as_in_pycls(width: int, b: Fraction | int, g: int) -> None:
    assert compatible(width, b, g, None, "pycls") == pycls_fit(width, float(1 / Fraction(b)), g)


@given(st.integers(8, 300), RATIOS, st.integers(1, 256))
def test_fits_as_in_torchvision(width: int, b: Fraction | int, g: int) -> None:
    expected = torchvision_fit(width, float(1 / Fraction(b)), g)
    assert compatible(width, b, g, None, "torchvision") == expected


@given(WIDTHS, RATIOS, st.integers(1, 256))
def test_what_fits_divides_and_stays(width: int, b: Fraction | int, g: int) -> None:
    fitted = compatible(width, b, g, None, "pycls")
    inner = fitted / Fraction(b)
    assert inner.denominator == 1
    assert inner % min(g, inner) == 0
    assert compatible(fitted, b, g, None, "pycls") == fitted


@given(WIDTHS, RATIOS, st.integers(1, 64))
def test_a_number_of_groups_divides(width: int, b: Fraction | int, groups: int) -> None:
    fitted = compatible(width, b, None, groups, "pycls")
    assert (fitted / Fraction(b)) % groups == 0


GENERATED = "stages quantized_linear { d = 13, w0 = 24, wa = 36.44, wm = 2.49 }"


def test_generated_stages_have_names_and_settings() -> None:
    text = net(f"block = resnext, b = 1, g = 8\n{GENERATED}")
    assert stages(text, "d", "w", "g") == [
        ("s1", 1, 24, 8),
        ("s2", 1, 56, 8),
        ("s3", 4, 152, 8),
        ("s4", 7, 368, 8),
    ]


def test_g_as_written_is_kept() -> None:
    text = net(f"block = resnext, b = 1, g = 120\n{GENERATED}")
    assert {stage.get("g") for stage in network(text).stages} == {120}
    found = [d for d in findings(text) if d.kind.name == "adjusted"]
    assert any("24" in d.message and "120" in d.message for d in found)
    assert not [d for d in findings(text) if d.level != "note" and d.kind.name != "adjusted"]


def test_every_change_is_noted() -> None:
    text = net(f"block = resnext, b = 1, g = 16\n{GENERATED}")
    assert stages(text, "w") == [("s1", 32), ("s2", 64), ("s3", 160), ("s4", 368)]
    said = "".join(d.message for d in findings(text) if d.kind.name == "adjusted")
    for before, after in ((24, 32), (56, 64), (152, 160)):
        assert f"{before} to {after}" in said
    assert "368" not in said


def test_groups_in_place_of_g() -> None:
    text = net(f"block = resnext, b = 1, groups = 16\n{GENERATED}")
    assert all(w % 16 == 0 for _, w in stages(text, "w"))


def test_rounding_of_torchvision() -> None:
    words = "d = 22, w0 = 24, wa = 24.48, wm = 2.54"
    body = f"block = resnext, b = 1, g = 16\nstages quantized_linear {{{{ {words}{{}} }}}}"
    assert stages(net(body.format("")), "w")[-1] == ("s4", 384)
    assert stages(net(body.format(", rounding = torchvision")), "w")[-1] == ("s4", 400)
    found = marked(net(body.format(", rounding = «torchvison»")), "wrong_value")
    assert found.help == "did you mean `torchvision`?"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("«stages quantized_linear» { d = 13, w0 = 24, wa = 36.44 }", "missing"),
        ("stages quantized_linear { d = 13, w0 = 24, wa = 36.44, wm = «1» }", "wrong_value"),
        ("stages quantized_linear { d = 13, w0 = «0», wa = 36.44, wm = 2 }", "wrong_value"),
        ("stages quantized_linear { d = 13, w0 = 24, wa = «-1», wm = 2 }", "wrong_value"),
        ("stages quantized_linear { d = «1.5», w0 = 24, wa = 1, wm = 2 }", "wrong_value"),
        ("stages «quantised_linear» { d = 13, w0 = 24, wa = 36.44, wm = 2 }", "unknown_name"),
        (
            "stages quantized_linear { d = 13, w0 = 24, wa = 36.44, wm = 2, «wb» = 3 }",
            "unknown_name",
        ),
        ("«stages quantized_linear» { d = 10000, w0 = 24, wa = 1M, wm = 2 }", "too_large"),
    ],
)
def test_wrong_generators(written: str, kind: str) -> None:
    marked(net(f"block = resnext, b = 1, g = 8\n{written}"), kind)


def test_depth_and_width_are_the_generators() -> None:
    for key in ("d", "w"):
        marked(net(f"block = resnext, b = 1, g = 8, «{key}» = 32\n{GENERATED}"), "wrong_value")


def test_a_factor_of_one_in_doubles_is_no_factor() -> None:
    text = "stages quantized_linear { d = 3, w0 = 8, wa = 8, wm = 1.00000000000000000001 }"
    assert [d.level for d in findings(net(f"block = plain\n{text}"))] == ["error"]
