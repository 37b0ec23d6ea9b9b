"""Array forms of the generator and of group compatibility, against the scalar ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from anydsl.design.quantized import compatible as scalar
from anydsl.design.quantized import quantized_linear as generated
from anydsl.design.vocabulary import QuantizedLinear
from anydsl.spaces.adjusting import compatible, quantized_linear

RNG = np.random.default_rng(0)
SIZE = 20_000
RATIOS = [Fraction(1), Fraction(2), Fraction(4), Fraction(3, 2), Fraction(1, 4), Fraction(1, 2)]


def pycls(w: int, b: float, g: int) -> int:
    """The rule of the paper's code, in its own words: `adjust_block_compatibility`, for b >= 1."""
    v = int(max(1, w / b))
    g = int(min(g, v))
    v = max(g, int(round(v / g) * g))
    return int(v * b)


@pytest.fixture(scope="module")
def designs() -> tuple[np.ndarray, list[Fraction], np.ndarray]:
    w = RNG.integers(1, 257, SIZE) * 8
    b = [RATIOS[i] for i in RNG.integers(0, len(RATIOS), SIZE)]
    g = RNG.choice([1, 2, 3, 4, 8, 16, 24, 32, 48, 56, 64, 120, 256], SIZE)
    return w, b, g


def _columns(b: list[Fraction]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x.numerator for x in b]), np.array([x.denominator for x in b])


@pytest.mark.parametrize("rounding", ["pycls", "torchvision"])
def test_equal_to_the_scalar_rule(designs, rounding) -> None:
    w, b, g = designs
    fitted = compatible(w, _columns(b), g, 0, rounding)
    assert fitted.tolist() == [
        scalar(int(x), y, int(z), None, rounding) for x, y, z in zip(w, b, g, strict=True)
    ]
    groups = RNG.choice([1, 2, 4, 32], SIZE)
    fitted = compatible(w, _columns(b), 0, groups, rounding)
    assert fitted.tolist() == [
        scalar(int(x), y, None, int(z), rounding) for x, y, z in zip(w, b, groups, strict=True)
    ]


def test_equal_to_the_rule_of_pycls(designs) -> None:
    """For whole ratios, as in pycls: never more than a third away, idempotent, half to even."""
    w, ratios, g = designs
    whole = np.array([r.denominator == 1 for r in ratios])
    w, g, b = w[whole], g[whole], np.array([int(r) for r in ratios])[whole]
    fitted = compatible(w, (b, 1), g, 0)
    assert fitted.tolist() == [
        pycls(int(x), float(y), int(z)) for x, y, z in zip(w, b, g, strict=True)
    ]
    exact = w % b == 0
    assert np.all(3 * np.abs(fitted - w)[exact] <= w[exact])
    assert np.array_equal(compatible(fitted, (b, 1), g, 0), fitted)
    assert compatible(np.array([24, 40]), (1, 1), 16, 0).tolist() == [32, 32]
    inner, unit = fitted // b, np.minimum(g, fitted // b)
    assert np.all(inner % unit == 0)


@pytest.mark.parametrize("kind", ["regnet", "wild"])
def test_generators(kind: str) -> None:
    size = 3000
    if kind == "regnet":
        d, q = RNG.integers(12, 29, size), np.full(size, 8)
        w0, wa = RNG.integers(1, 41, size) * 8.0, RNG.integers(800, 25600, size) / 100
        wm = RNG.integers(200, 301, size) / 100
    else:  # ties, equal widths, no slope, factors near 1, widths beyond the limit
        d, q = RNG.integers(1, 40, size), RNG.choice([1, 2, 8, 16], size)
        w0 = RNG.integers(1, 60, size) * 0.5
        wa = RNG.choice([0.0, 1.0, 8.0, 0.25, 3000.0, 200000.0], size)
        wm = RNG.choice([1.001, 1.05, 1.5, 2.0, 2.5, 1.25, 3.0, 40.0], size)
    stages, depths, widths = quantized_linear(d, w0, wa, wm, q)
    for i in range(size):
        exact = (Fraction(float(x[i])) for x in (w0, wa, wm))
        try:
            runs = generated(QuantizedLinear(int(d[i]), *exact, int(q[i])))
        except OverflowError:
            runs = []
        found = zip(depths[i].tolist(), widths[i].tolist(), strict=True)
        assert list(found)[: stages[i]] == runs
