"""What plots show: the step function itself, the paper's legend, pixels for many points."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from anydsl.study.report.plots import distributions, factorial, scatters, sheet, training
from anydsl.study.report.population import Population, population_of
from anydsl.study.statistics.comparison import Interval
from anydsl.study.statistics.edf import edf
from anydsl.study.statistics.factorial import Analysis, Worth
from tests.study.planting import diverge, plant


def read(svg: str) -> str:
    """All lettering of a plot, which is text."""
    return " ".join(e.text or "" for e in ET.fromstring(svg).iter() if e.tag.endswith("text"))


def population(folder: Path, *args: Any, **options: Any) -> Population:
    store = plant(folder / "s", *args, **options)
    found = population_of(store)
    store.close()
    return found


@pytest.mark.parametrize("n", [1, 7, 3000])
def test_a_curve_is_the_empirical_distribution(n: int) -> None:
    errors = np.random.default_rng(0).uniform(0.1, 0.9, n).round(4)
    ax = Figure().subplots()
    distributions._step(ax, edf(errors), "", {"color": "k"}, band=0.1)
    (line,) = ax.get_lines()
    x, y = line.get_xdata(), line.get_ydata()
    assert line.get_drawstyle() == "steps-post"
    places = np.linspace(5, 95, 777) + 1e-7  # where nothing steps
    drawn = y[np.searchsorted(x, places, side="right") - 1]
    expected = stats.ecdf(100 * errors).cdf.evaluate(places)
    assert np.abs(drawn - expected).max() < (1e-12 if n < 600 else 1 / 300)


def test_the_legend_is_the_papers() -> None:
    edfs = {"A": edf([0.1, 0.2, 0.3]), "B": edf([0.05, 0.15])}
    text = read(distributions.distributions(edfs, {}))
    assert "[10.0|20.0] A, n = 3" in text
    assert "[5.0|10.0] B, n = 2" in text
    matched = {"A": edf([0.1, 0.2, 0.3], [0, 1, 1]), "B": edf([0.05, 0.15])}
    assert "[10.0|25.0] A, n = 2" in read(distributions.distributions(edfs, matched))


def test_bars_have_their_numbers() -> None:
    worths = (
        Worth("w", Interval(0.019, 0.012, 0.026), 0.97, 0.02),
        Worth("b", Interval(-0.001, -0.004, 0.002), 0.0, 0.0),
    )
    text = read(factorial.worths(Analysis(worths, Interval(0.018, 0.01, 0.02), (), {})))
    for words in ("w: widths that don't fall", "+1.9", "0.97", "−0.10", "< 0.01"):
        assert words in text


def test_many_points_are_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    few = population(tmp_path / "few", {"A": list(rng.uniform(0.1, 0.3, 50))})
    many = population(tmp_path / "many", {"A": list(rng.uniform(0.1, 0.3, 2000))})
    assert "data:image/png" not in scatters.costs(few)
    assert scatters.costs(few).count("<use") >= 150
    for svg in (scatters.costs(many), scatters.settings(scatters.columns_of(many), ["A"])):
        assert "data:image/png" in svg
        assert len(svg) < 700_000


def test_settings_that_vary_are_shown(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = scatters.columns_of(population(tmp_path, {"A": list(rng.uniform(0.1, 0.3, 50))}))
    assert [(c.setting, c.stage) for c in columns] == [
        (s, n) for s in ("d", "w", "b") for n in (1, 2, 3)
    ]
    text = read(scatters.settings(columns, ["A"]))
    assert "Stage 3" in text
    assert "bottleneck ratio b" in text
    assert "group width" not in text  # all have one


def test_curves_of_the_best_and_the_worst(tmp_path: Path) -> None:
    store = plant(tmp_path / "s", {"A": [0.1, 0.5]})
    diverge(store, "A1.0")
    best, worst = store.rows()
    store.close()
    text = read(training.learning([best], [worst]))
    assert "the best" in text
    assert "the worst" in text


@pytest.mark.parametrize(
    ("errors", "low", "high"),
    [
        ([0.1, 0.2, 0.3], 9.4, 30.6),
        ([*np.linspace(0.1, 0.2, 99), 0.9], 9.6, 22.6),  # diverged ones are far off
        ([0.25], 24, 26),
    ],
)
def test_the_far_end_of_a_long_tail_is_not_shown(errors, low, high) -> None:
    assert sheet.shown(np.array(errors)) == pytest.approx((low, high), abs=0.1)


def test_plots_have_the_font_of_the_page_and_no_addresses() -> None:
    svg = distributions.distributions({"A": edf([0.1, 0.2])}, {})
    assert "font-family" not in svg
    assert "http" not in svg
    assert not re.search(r"[0-9]\.[0-9]{5}", svg)
