from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.distributions.empirical_distribution import ECDF

from anydsl.study.statistics.edf import Edf, edf, matched_weights


def area_between(one: Edf, other: Edf) -> float:
    """∫ F_one(e) - F_other(e) de."""
    places = np.union1d(one.errors, other.errors)
    return float((one.at(places[1:]) - other.at(places[1:])) @ np.diff(places))


errors = st.lists(st.integers(0, 20).map(lambda n: n / 20), min_size=1, max_size=30)


@given(errors, st.lists(st.floats(-1, 2), max_size=10))
def test_the_inequality_is_strict_as_in_statsmodels_with_side_left(
    found: list[float], at: list[float]
) -> None:
    places = np.array([*at, *found])
    expected = ECDF(found, side="left")(places)
    np.testing.assert_allclose(edf(found).at(places), expected, atol=1e-12)


@given(errors)
def test_from_above_it_is_scipys(found: list[float]) -> None:
    cdf = stats.ecdf(found).cdf
    above = np.nextafter(cdf.quantiles, np.inf)
    np.testing.assert_allclose(edf(found).at(above), cdf.probabilities, atol=1e-12)


@given(errors, errors)
def test_the_area_between_is_the_difference_of_means(one: list[float], other: list[float]) -> None:
    area = area_between(edf(one), edf(other))
    assert area == pytest.approx(np.mean(other) - np.mean(one), abs=1e-12)


@given(errors, errors, st.data())
def test_so_it_is_with_weights(one: list[float], other: list[float], data: st.DataObject) -> None:
    weights = st.lists(st.integers(1, 5), min_size=len(one), max_size=len(one))
    weighted = edf(one, data.draw(weights))
    area = area_between(weighted, edf(other))
    assert area == pytest.approx(np.mean(other) - weighted.mean, abs=1e-12)


def test_the_band_holds_the_whole_distribution_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        sample = edf(rng.random(40))
        gaps = [sample.at(sample.errors), sample.at(np.nextafter(sample.errors, 2))]
        held += max(np.abs(gap - sample.errors).max() for gap in gaps) <= sample.band(0.9)
    assert held / 2000 == pytest.approx(0.9, abs=0.02)


def test_the_band_of_unequal_weights_is_wider() -> None:
    assert edf([1, 2, 3, 4], [1, 1, 1, 9]).band() > edf([1, 2, 3, 4]).band()


@pytest.mark.parametrize("bad", [[], [float("nan")], [1.0, float("inf")]])
def test_no_errors_are_no_distribution(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        edf(bad)


def test_matched_weights_give_all_groups_one_distribution_of_complexity() -> None:
    rng = np.random.default_rng(1)
    small, large = rng.lognormal(0, 1, 400), rng.lognormal(0.7, 1, 300)
    one, other = matched_weights([small, large], bins=8)
    assert one.sum() == pytest.approx(1) and other.sum() == pytest.approx(1)
    edges = np.geomspace(max(small.min(), large.min()), min(small.max(), large.max()), 9)
    counted = [
        np.histogram(sizes, edges, weights=weights)[0]
        for sizes, weights in ((small, one), (large, other))
    ]
    np.testing.assert_allclose(*counted, atol=1e-12)


def test_matching_takes_away_an_advantage_that_is_only_size() -> None:
    """Errors depend on flops alone; the second group has more flops."""
    rng = np.random.default_rng(2)
    flops = [rng.lognormal(0, 0.5, 2000), rng.lognormal(0.5, 0.5, 2000)]
    found = [1 / (1 + f) for f in flops]
    unmatched = np.mean(found[0]) - np.mean(found[1])
    weights = matched_weights(flops, bins=30)
    matched = edf(found[0], weights[0]).mean - edf(found[1], weights[1]).mean
    assert unmatched > 0.05
    assert abs(matched) < 0.005


def test_one_complexity_is_one_bin() -> None:
    one, other = matched_weights([[5.0, 5.0], [5.0, 5.0, 5.0, 5.0]])
    assert list(one) == [0.5, 0.5] and list(other) == [0.25] * 4


def test_groups_without_a_complexity_in_common_are_refused() -> None:
    with pytest.raises(ValueError, match="in common"):
        matched_weights([[1.0, 2.0], [3.0, 4.0]])
