"""What a report says of populations that were planted: found where it is there, and only there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anydsl.study.report.answer import answer
from anydsl.study.report.findings import Findings, findings_of
from anydsl.study.report.population import Population, population_of
from tests.study.planting import BROKEN, PRINCIPLES, diverge, factorial, plant

RNG = np.random.default_rng(2)


def read(folder: Path, errors, *, diverged: tuple[str, ...] = (), **options) -> Population:
    store = plant(folder / "s", errors, **options)
    diverge(store, *diverged)
    population = population_of(store)
    store.close()
    return population


def said(population: Population) -> tuple[Findings, str]:
    findings = findings_of(population)
    return findings, " ".join(answer(population, findings))


def planted(difference: float, n: int = 40) -> dict[str, list[float]]:
    same = RNG.permutation(np.linspace(-1, 1, n)) * 0.03
    other = RNG.permutation(np.linspace(-1, 1, n)) * 0.03
    return {"good": list(0.2 + same), "worse": list(0.2 + difference + other)}


def test_a_planted_difference_is_found(tmp_path: Path) -> None:
    _, text = said(read(tmp_path, planted(0.03)))
    assert text.startswith("good has the lowest mean error, 20.00% (95% interval 19.")
    assert "next comes worse, 3.0 points behind (95% interval 2." in text
    assert "which is more than chance would do." in text
    assert "The two groups differ by Mann and Whitney's test" in text
    assert "The best design is one of good, at 17.00%." in text


def test_the_absence_of_one_is_not(tmp_path: Path) -> None:
    _, text = said(read(tmp_path, planted(0.0005)))
    assert "0.05 points behind (95% interval −" in text
    assert "no more than chance could do with so many designs" in text
    assert "are not told apart by Mann and Whitney's test" in text


def test_pairs_find_what_is_the_same_for_all(tmp_path: Path) -> None:
    base = RNG.normal(0.3, 0.05, 30)
    errors = {"a": list(base), "b": list(base + RNG.normal(0.004, 0.003, 30))}
    _, together = said(read(tmp_path / "p", errors, paired=True))
    _, apart = said(read(tmp_path / "u", errors))
    assert "differ by Wilcoxon's test of pairs" in together
    assert "are not told apart by Mann and Whitney's" in apart


def test_the_factorials_answer(tmp_path: Path) -> None:
    costs = {"b": 0.0, "g": 0.004, "w": 0.03, "d": 0.015}
    population = read(tmp_path, factorial(costs), broken=BROKEN, factorial=PRINCIPLES)
    findings, text = said(population)
    assert text.startswith("Breaking w costs most: +")
    assert "points of error (95% interval " in text
    assert "and it is first with probability > 0.99; then d (+1." in text
    assert "Breaking all of them together costs " in text
    assert findings.against == "keeps_all"
    assert len(findings.comparisons) == 15
    assert not findings.matched


@pytest.mark.parametrize("seed", [8, 9, 10])
def test_a_factorial_in_which_nothing_matters(tmp_path: Path, seed: int) -> None:
    nothing = factorial(dict.fromkeys("bgwd", 0.0), noise=0.03, seed=seed)
    _, text = said(read(tmp_path, nothing, broken=BROKEN, factorial=PRINCIPLES))
    assert "costs most" not in text
    assert text.startswith("No principle is ") or " seems to cost most: " in text


def test_missing_cells_are_said(tmp_path: Path) -> None:
    errors = factorial({"b": 0.0, "g": 0.0, "w": 0.03, "d": 0.0}, n=4)
    errors["breaks_w"] = [None] * 4
    errors["breaks_bg"] = [0.2, None, None, None]
    population = read(tmp_path, errors, broken=BROKEN, factorial=PRINCIPLES)
    findings, text = said(population)
    assert findings.analysis is None
    assert findings.missing == (frozenset("w"), frozenset("bg"))
    assert text == (
        "So far, with 57 of 64 trials over: Which principle matters most can't be said yet: 2 of "
        "16 cells have fewer than two designs with an error (breaks w and breaks b, g)."
    )


def test_replicas_are_averaged_and_failures_left_out(tmp_path: Path) -> None:
    population = read(
        tmp_path,
        {"A": [0.1, 0.3, 0.5, 0.7, 0.2, None]},
        replicas=2,
        failing={"A:1": "no memory"},
        diverged=("A2.0",),
    )
    errors = {design.index: design.error for design in population.designs["A"]}
    assert errors == {0: pytest.approx(0.2), 1: 0.7, 2: 0.9}  # guessing's where it diverged
    assert [row.id for row in population.failed] == ["A1.0"]
    assert population.whole.diverged == 1
    findings, _ = said(population)
    standing = findings.standings["A"]
    assert standing.n == 3
    assert standing.mean is not None
    assert standing.mean.value == pytest.approx((0.2 + 0.7 + 0.9) / 3)


@pytest.mark.parametrize(
    ("errors", "failing", "words"),
    [
        ({"A": [None, None]}, {}, "There is no answer yet: no trial is done, of 2."),
        ({"A": [0.5, 0.5]}, {"A:0": "x", "A:1": "y"}, "There is no answer: all 2 trials failed."),
        ({"A": [0.25]}, {}, "A has a mean error of 25.00% (95% interval 25.00% to 25.00%) over 1"),
        ({"A": [0.25, None], "B": [None, None]}, {}, "So far, with 1 of 4 trials over: A has a"),
        ({"A": [0.25, 0.3], "B": [0.2, None]}, {}, "So far, with 3 of 4 trials over: B has the"),
        ({"A": [0.25, 0.25], "B": [0.25, 0.25]}, {}, "0.00 points behind (95% interval 0.00 to"),
    ],
)
@pytest.mark.parametrize("paired", [False, True])
def test_small_studies_have_answers(tmp_path: Path, errors, failing, words, paired) -> None:
    _, text = said(read(tmp_path, errors, failing=failing, paired=paired))
    assert words in text


def test_of_many_groups_each_is_compared_with_the_best(tmp_path: Path) -> None:
    errors = {f"S{n}": list(RNG.normal(0.2 + 0.01 * n, 0.01, 6)) for n in range(9)}
    findings, _ = said(read(tmp_path, errors))
    assert findings.against == findings.ranking[0] == "S0"
    assert len(findings.comparisons) == 8
