from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from anydsl.study.statistics.comparison import compare, mean_interval

RNG = np.random.default_rng(4)
GROUPS = {
    "good": RNG.normal(0.30, 0.02, 60),
    "same": RNG.normal(0.30, 0.02, 60),
    "worse": RNG.normal(0.33, 0.02, 60),
}


def test_tests_are_scipys_and_rates_statsmodels() -> None:
    found = compare(GROUPS, paired=True)
    assert [(c.first, c.second) for c in found] == [
        ("good", "same"),
        ("good", "worse"),
        ("same", "worse"),
    ]
    for c in found:
        x, y = GROUPS[c.first], GROUPS[c.second]
        assert (c.ks.statistic, c.ks.p) == pytest.approx(tuple(stats.ks_2samp(x, y)))
        assert (c.mann_whitney.statistic, c.mann_whitney.p) == pytest.approx(
            tuple(stats.mannwhitneyu(x, y))
        )
        assert c.wilcoxon is not None
        assert c.wilcoxon.p == pytest.approx(stats.wilcoxon(x, y).pvalue)
    for kind in ("ks", "mann_whitney", "wilcoxon"):
        tests = [getattr(c, kind) for c in found]
        expected = multipletests([t.p for t in tests], method="fdr_bh")[1]
        assert [t.q for t in tests] == pytest.approx(list(expected))


def test_a_planted_difference_is_found_and_its_absence_is_not() -> None:
    same, worse = compare(GROUPS, against="good")
    assert worse.mann_whitney.q < 1e-6 and worse.ks.q < 1e-6
    assert worse.difference.low > 0.02 and worse.difference.high < 0.045
    assert same.mann_whitney.q > 0.05 and same.ks.q > 0.05
    assert same.difference.low < 0 < same.difference.high


def test_effects_are_shares_of_pairs() -> None:
    (found,) = compare({"a": [1.0, 2.0, 3.0], "b": [2.0, 3.0, 4.0]}, paired=True)
    wins = np.mean([(x < y) + 0.5 * (x == y) for x in (1, 2, 3) for y in (2, 3, 4)])
    assert found.mann_whitney.effect == pytest.approx(wins)
    assert found.wilcoxon is not None
    assert found.wilcoxon.effect == 1  # the first is better in every pair


def test_pairs_make_the_interval_narrow() -> None:
    base = RNG.normal(0.3, 0.1, 50)
    groups = {"a": base, "b": base + RNG.normal(0.01, 0.002, 50)}
    (together,), (apart,) = compare(groups, paired=True), compare(groups)
    assert together.difference.low > 0 > apart.difference.low


def test_pairs_with_a_missing_error_are_left_out() -> None:
    groups = {"a": [1.0, np.nan, 3.0, 5.0], "b": [2.0, 9.0, 5.0, np.nan]}
    (found,) = compare(groups, paired=True)
    assert found.difference.value == pytest.approx(1.5)


def test_groups_without_any_difference_have_p_1() -> None:
    (found,) = compare({"a": [0.5, 0.5], "b": [0.5, 0.5]}, paired=True)
    assert found.wilcoxon is not None
    assert found.wilcoxon.p == found.ks.p == found.mann_whitney.p == found.mann_whitney.q == 1
    assert (found.difference.low, found.difference.high) == (0, 0)


def test_the_interval_of_a_mean_is_scipys() -> None:
    errors = GROUPS["good"]
    expected = stats.bootstrap((errors,), np.mean, rng=0).confidence_interval
    found = mean_interval(errors)
    assert found.value == pytest.approx(errors.mean())
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=2e-4)
    assert mean_interval([0.5, 0.5]).low == 0.5
