"""What the distributions of a space can draw, by counting it out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.design.draws import (
    Choice,
    Distribution,
    LogUniform,
    Normal,
    Uniform,
    can_draw,
    within,
    write_draw,
)
from anydsl.design.values import Range
from tests.design.texts import errors, marked, space

HALVES = [Fraction(n, 2) for n in range(130)]


def values(draw: Distribution) -> set[Fraction]:
    """What a distribution with a step can draw, from the definition."""
    match draw:
        case Choice():
            return {v for v in draw.values if isinstance(v, (int, Fraction))}  # type: ignore[misc]
        case Uniform(range=Range(low=low, high=high, step=step)):
            assert step is not None
            return {v for v in HALVES if low <= v <= high and (v - low) % step == 0}
        case (
            LogUniform(range=Range(low=low, high=high, step=step))
            | Normal(range=Range(low=low, high=high, step=step))
        ):
            assert step is not None
            return {v for v in HALVES if low <= v <= high and v % step == 0}


@st.composite
def draws(draw: st.DrawFn) -> Distribution:
    """Distributions of whole numbers; what is rounded to a step has its ends on it."""
    kind = draw(st.sampled_from([Uniform, LogUniform, Normal, Choice]))
    if kind is Choice:
        return Choice(tuple(draw(st.lists(st.integers(1, 24), min_size=1, max_size=6))))
    step = draw(st.sampled_from([1, 1, 2, 3, 4, 8]))
    low = draw(st.integers(1, 9)) if kind is Uniform else draw(st.integers(1, 5)) * step
    return kind(Range(low, low + draw(st.integers(0, 6)) * step, step))


@given(draws())
def test_can_draw(draw: Distribution) -> None:
    drawn = values(draw)
    assert drawn
    assert {v for v in HALVES if can_draw(draw, v)} == drawn


@given(draws(), draws())
def test_within(inner: Distribution, outer: Distribution) -> None:
    assert within(inner, outer) == (values(inner) <= values(outer))


def test_continuous() -> None:
    draw = LogUniform(Range(2, 3))
    assert can_draw(draw, Fraction(249, 100)) and can_draw(draw, 2) and can_draw(draw, 3)
    assert not can_draw(draw, Fraction(301, 100))
    assert not can_draw(draw, True)
    assert within(Uniform(Range(Fraction(5, 2), 3)), draw)
    assert not within(Uniform(Range(2, 3)), Uniform(Range(2, 3, Fraction(1, 100))))
    assert not within(draw, Choice((2, 3)))
    assert within(LogUniform(Range(2, 3, Fraction(1, 100))), LogUniform(Range(1, 4)))


def test_steps_are_exact() -> None:
    """In doubles 0.1 + 0.2 is no multiple of 0.1."""
    draw = Uniform(Range(Fraction(1, 10), 1, Fraction(1, 10)))
    assert can_draw(draw, Fraction(3, 10))
    assert not can_draw(draw, Fraction(0.1 + 0.2))


TEXT = """space S {{
  input = 3x32x32
  body {{
    block = resnext
    g = 4
    b ~ {}
    stage s1 {{ d ~ {}, w = 16 }}
  }}
}}"""


@pytest.mark.parametrize(
    ("b", "d"),
    [
        ("choice(1, 2, 0.5)", "uniform(1..16 step 1)"),
        ("uniform(0.25..4)", "log_uniform(1..16 step 1)"),
        ("normal(1..3 step 0.5)", "choice(1)"),
    ],
)
def test_draws_are_read_and_written(b: str, d: str) -> None:
    made = space(TEXT.format(b, d))
    (stage,) = made.stages
    assert write_draw(stage.get("b")) == b  # type: ignore[arg-type]
    assert write_draw(stage.d) == d  # type: ignore[arg-type]
    assert made.shared == ("b",)


@pytest.mark.parametrize(
    ("b", "kind"),
    [
        ("«uniform_log(1..2)»", "unknown_name"),
        ("«1»", "wrong_value"),
        ("«[1, 2]»", "wrong_value"),
        ("«choice()»", "wrong_value"),
        ("«choice(of = 2)»", "wrong_value"),
        ("choice(1, «0»)", "wrong_value"),
        ("uniform(«1»)", "wrong_value"),
        ("uniform(«0..2»)", "wrong_value"),
        ("uniform(«2..1»)", "wrong_value"),
        ("log_uniform(«5..7 step 4»)", "wrong_value"),
    ],
)
def test_wrong_draws(b: str, kind: str) -> None:
    if kind == "unknown_name":
        b = b.replace("(1..2)»", "»(1..2)")
    marked(TEXT.format(b, "uniform(1..4)"), kind)


@pytest.mark.parametrize("d", ["«1..2 step 0.5»", "«0.5..2»"])
def test_whole_settings_are_drawn_whole(d: str) -> None:
    marked(TEXT.format("choice(1)", f"uniform({d})"), "wrong_value")


def test_a_draw_stands_in_a_space() -> None:
    marked("«k ~ choice(1, 2)»", "wrong_value")
    assert errors("recipe r { epochs ~ choice(1, 2) }")


def test_ranges_end_on_their_steps() -> None:
    """`log_uniform(9..20 step 8)`: rounded up, as the language says, it could draw 8 and 24."""
    assert not can_draw(LogUniform(Range(9, 20, 8)), 8)
    assert not can_draw(LogUniform(Range(9, 20, 8)), 24)
    assert can_draw(LogUniform(Range(9, 20, 8)), 16)
