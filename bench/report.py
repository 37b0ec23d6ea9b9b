"""The report of 10,000 trials: how long it takes, and what it weighs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import Figure, anydsl, python, seconds

TRIALS = 10_000
CELLS = 16


def figures() -> Iterator[Figure]:
    from tests.study.planting import BROKEN, PRINCIPLES, factorial, plant

    costs = {"b": 0.002, "g": 0.006, "w": 0.02, "d": 0.01}
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        errors = factorial(costs, TRIALS // CELLS, noise=0.03)
        plant(study, errors, broken=BROKEN, factorial=PRINCIPLES, epochs=10).close()
        taken = seconds(lambda: python(*anydsl(), "report", str(study), "--no-test"))
        weight = (study / "report.html").stat().st_size / 2**20
    yield Figure(
        "report of 10,000 trials",
        f"{taken:.1f} s",
        "16 cells of a factorial, 10 epochs each",
        taken,
        30,
        unit=" s",
    )
    yield Figure(
        "  its page", f"{weight:.2f} MB", "one file, nothing beside it", weight, 5, unit=" MB"
    )
