"""Quantized linear functions found from the stages that they make."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anydsl.design.fitting import Fitting, error, fit, fit_exactly, round_between
from anydsl.design.quantized import quantized_linear
from anydsl.design.vocabulary import QuantizedLinear

GENERATORS = st.builds(
    QuantizedLinear,
    d=st.integers(4, 28),
    w0=st.integers(1, 40).map(lambda n: 8 * n),
    wa=st.integers(800, 25600).map(lambda n: Fraction(n, 100)),
    wm=st.integers(150, 300).map(lambda n: Fraction(n, 100)),
)
FITTINGS = st.builds(
    Fitting,
    b=st.sampled_from([1, 2, 4, Fraction(1, 4)]),
    g=st.sampled_from([1, 8, 16, 24, 48, 112]),
    rounding=st.sampled_from(["pycls", "torchvision"]),
)


def made(generator: QuantizedLinear, fitting: Fitting) -> list[tuple[int, int]]:
    return [(d, fitting.width(w)) for d, w in quantized_linear(generator)]


@settings(max_examples=150, deadline=None)
@given(GENERATORS, FITTINGS)
def test_what_was_generated_is_found(generator: QuantizedLinear, fitting: Fitting) -> None:
    stages = made(generator, fitting)
    assume(all(w > 0 for _, w in stages))
    found = fit_exactly(stages, fitting)
    assert found is not None
    assert made(found, fitting) == stages


@settings(max_examples=25, deadline=None)
@given(GENERATORS, st.integers(1, 100))
def test_nothing_on_the_grid_is_nearer(generator: QuantizedLinear, wa: int) -> None:
    stages = [(2, 64), (2, 128), (2, 256), (2, 512)]
    nearest = fit(stages, Fitting())
    assert nearest.error == pytest.approx(error(stages, nearest.stages))
    assert nearest.error > 0
    rival = generator.replace(d=8, w0=8 * (4 + generator.d % 12), wa=wa)
    rival = rival.replace(wm=Fraction(round(generator.wm * 20), 20))
    assert error(stages, made(rival, Fitting())) >= nearest.error - 1e-12


def test_decreasing_and_lone_widths() -> None:
    assert fit([(3, 64)], Fitting()).error == 0
    falling = fit([(2, 256), (2, 64)], Fitting())
    assert falling.error == pytest.approx(math.log(4) / 2)
    assert fit_exactly([], Fitting()) is None
    assert fit_exactly([(1, 12)], Fitting()) is None
    assert fit_exactly([(1, 12)], Fitting(), q=4) is not None


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0, 0.4, "0"), (1.2, 2.9, "2"), (1.21, 1.29, "1.25"), (1.24, 1.32, "1.3"), (3, 9e9, None)],
)
def test_round_numbers(low: float, high: float, expected: str | None) -> None:
    value = round_between(low, high)
    assert low <= value <= high
    if expected is not None:
        assert value == Fraction(expected)
    assert round_between(2.5, math.inf) == 3
