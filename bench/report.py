"""The report of 10,000 trials: how long it takes, and what it weighs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from measuring import Figure, anydsl, python, seconds

NEEDS = ("scipy", "statsmodels", "matplotlib", "jinja2", "tests.study.planting")
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
    said = f"`anydsl report --no-test` on {CELLS} cells of a factorial, 10 epochs each."
    yield Figure(f"report of {TRIALS:,} trials", said, [taken], "s", target=30)
    said = "The page that it writes: one file, nothing beside it."
    yield Figure("its page", said, [weight], "MB", target=5)
