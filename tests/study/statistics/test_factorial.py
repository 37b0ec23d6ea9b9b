from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.study.statistics.factorial import analyse, anova, shapley

PRINCIPLES = ("b", "g", "w", "d")
CELLS = [frozenset(c) for size in range(5) for c in combinations(PRINCIPLES, size)]


def errors(
    effects: dict[str, float], n: int = 25, noise: float = 0.01
) -> dict[frozenset[str], np.ndarray]:
    rng = np.random.default_rng(8)
    return {cell: 0.3 + sum(effects[p] for p in cell) + rng.normal(0, noise, n) for cell in CELLS}


@given(st.lists(st.floats(-1, 1), min_size=16, max_size=16))
def test_shapley_values_are_means_over_all_orders(values: list[float]) -> None:
    game = dict(zip(CELLS, values, strict=True))
    found = shapley(game, PRINCIPLES)
    for player in PRINCIPLES:
        gains = []
        for order in permutations(PRINCIPLES):
            before = frozenset(order[: order.index(player)])
            gains.append(game[before | {player}] - game[before])
        assert found[player] == pytest.approx(np.mean(gains), abs=1e-12)
    total = game[frozenset(PRINCIPLES)] - game[frozenset()]
    assert sum(found.values()) == pytest.approx(total, abs=1e-12)


def test_planted_effects_are_found_in_their_order() -> None:
    planted = {"b": 0.002, "g": 0.01, "w": 0.04, "d": 0.02}
    answer = analyse(errors(planted), PRINCIPLES, confidence=0.999)
    assert [worth.principle for worth in answer.worths] == ["w", "d", "g", "b"]
    for worth in answer.worths:
        assert worth.shapley.low < planted[worth.principle] < worth.shapley.high
        assert worth.main == pytest.approx(worth.shapley.value, abs=0.004)
    assert answer.worths[0].first > 0.99
    assert answer.together.value == pytest.approx(
        sum(worth.shapley.value for worth in answer.worths)
    )


def test_without_effects_no_principle_is_surely_first() -> None:
    answer = analyse(errors(dict.fromkeys(PRINCIPLES, 0.0)), PRINCIPLES, confidence=0.999)
    assert max(worth.first for worth in answer.worths) < 0.9
    assert sum(worth.first for worth in answer.worths) == pytest.approx(1)
    assert all(w.shapley.low < 0 < w.shapley.high for w in answer.worths)


def test_pairs_narrow_the_intervals() -> None:
    planted, rng = dict.fromkeys(PRINCIPLES, 0.01), np.random.default_rng(6)
    shared = rng.normal(0, 0.1, 25)
    cells = {cell: values + shared for cell, values in errors(planted).items()}
    together, apart = analyse(cells, PRINCIPLES, paired=True), analyse(cells, PRINCIPLES)
    assert together.worths[0].shapley.low > 0 > apart.worths[0].shapley.low


def test_a_missing_cell_is_refused() -> None:
    cells = errors(dict.fromkeys(PRINCIPLES, 0.0))
    del cells[frozenset("bg")]
    with pytest.raises(ValueError, match="breaks bg is missing"):
        analyse(cells, PRINCIPLES)


def test_the_analysis_of_variance_is_the_textbooks() -> None:
    """Two factors, balanced: sums of squares by their definition."""
    cells = {
        frozenset(): np.array([1.0, 2.0, 3.0]),
        frozenset("w"): np.array([4.0, 5.0, 7.0]),
        frozenset("d"): np.array([2.0, 3.0, 3.0]),
        frozenset("wd"): np.array([9.0, 8.0, 9.0]),
    }
    found = {effect.term: effect for effect in anova(cells, ("w", "d"))}
    everything = np.concatenate(list(cells.values()))
    grand = everything.mean()
    w_broken = np.concatenate([cells[frozenset("w")], cells[frozenset("wd")]]).mean()
    w_kept = np.concatenate([cells[frozenset()], cells[frozenset("d")]]).mean()
    squares = 6 * ((w_broken - grand) ** 2 + (w_kept - grand) ** 2)
    assert found["w"].sum_of_squares == pytest.approx(squares)
    residual = sum(((cell - cell.mean()) ** 2).sum() for cell in cells.values())
    assert found["w"].f == pytest.approx(squares / (residual / 8))
    assert found["w"].eta_squared == pytest.approx(squares / ((everything - grand) ** 2).sum())
    assert list(found) == ["w", "d", "w:d"]
    assert all(effect.df == 1 for effect in found.values())


def test_errors_that_are_all_alike_have_no_variance_to_analyse() -> None:
    assert anova({frozenset(): [1.0, 1.0], frozenset("w"): [2.0, 2.0]}, ("w",)) == ()
