from __future__ import annotations

import numpy as np
import pytest

from anydsl.study.statistics.likely import likely_best


def simulated(values: np.ndarray, errors: np.ndarray, draws: int = 10_000) -> np.ndarray:
    """The paper's bootstrap, as it is written there."""
    rng = np.random.default_rng(0)
    m = round(0.25 * len(values))
    drawn = rng.integers(len(values), size=(draws, m))
    best = drawn[np.arange(draws), errors[drawn].argmin(axis=1)]
    return np.quantile(values[best], [0.025, 0.5, 0.975], method="inverted_cdf")


def test_it_is_the_papers_bootstrap_without_its_noise() -> None:
    rng = np.random.default_rng(3)
    depth = rng.integers(1, 40, 200).astype(float)
    errors = 0.3 + 0.002 * np.abs(depth - 20) + rng.normal(0, 0.01, 200)
    found = likely_best(depth, errors)
    np.testing.assert_allclose(
        [found.low, found.value, found.high], simulated(depth, errors), atol=1
    )
    assert 12 < found.value < 28


def test_the_best_error_itself_has_an_interval() -> None:
    errors = np.arange(100) / 100
    found = likely_best(errors, errors)
    assert found.low == 0
    assert found.low <= found.value <= found.high < 0.2


def test_equal_errors_share_their_chance() -> None:
    found = likely_best([1, 2, 3, 4, 5], [0.5] * 5)
    assert (found.low, found.value, found.high) == (1, 3, 5)


def test_a_single_network_is_the_best() -> None:
    assert likely_best([7], [0.1]).value == 7


def test_values_without_errors_are_refused() -> None:
    with pytest.raises(ValueError, match="each network"):
        likely_best([1, 2], [0.5])
