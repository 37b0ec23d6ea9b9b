"""What a sweep costs beside its training: planning, claiming and recording."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measuring import Figure, seconds

from anydsl.design.modules import shipped

NEEDS = ("torch", "sklearn", "filelock", "tests.study.doing")
STUDY = f"{shipped()}/studies/principles_digits.anynet"
PLANNED = 2_000
"""Designs of each of the five spaces: 10,000 trials."""

TRAINED = 20


def figures() -> Iterator[Figure]:
    from anydsl.study.local import LocalRunner
    from anydsl.study.runner import Work
    from anydsl.study.store import Store

    whole = _plan(PLANNED)
    trials = len(whole.jobs)
    taken = seconds(lambda: _plan(PLANNED))
    said = "Drawing the designs of five spaces of digits, and which seeds they have."
    yield Figure(f"plan of {trials:,} trials", said, [taken], "s")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), new=True)
        store.adopt(whole, "", {})
        work = Work(store.folder, trial="tests.study.doing:trivial")
        taken = seconds(lambda: LocalRunner(["cpu", "cpu"]).run(store, work, lambda: None))
        assert store.left() == 0
        store.close()
    said = f"{trials:,} trials that do nothing, on 2 workers, with the workers' start."
    yield Figure("trials a second", said, [trials / taken], "trials/s", target=200, at_least=True)
    said = (
        f"Of {TRAINED} trials that train on digits: what each takes beyond compiling and training."
    )
    yield Figure("overhead of a trial", said, [1000 * _overhead()], "ms", target=50)


def _plan(samples: int) -> Any:
    from anydsl.checker.loading import pick
    from anydsl.study.plan import plan_of

    module, checked = pick(STUDY, "study")
    study: Any = checked.value
    return plan_of(study.replace(samples=samples), module)


def _overhead() -> float:
    """Seconds that a worker spends on a trial besides what the trial says it took."""
    from anydsl.design.expansion import write_recipe
    from anydsl.study.owners import Owner
    from anydsl.study.runner import Work
    from anydsl.study.store import Store
    from anydsl.study.trainer import training
    from anydsl.study.worker import work_through

    plan = _plan(TRAINED // 5)
    recipe = f"anynet 1\n\n{write_recipe(plan.recipe.replace(epochs=1))}"
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), new=True)
        store.adopt(plan, "", {"recipe": recipe})
        work = Work(store.folder)
        do = training(work, store.facts())
        (first, *_) = plan.jobs
        with Owner(store.folder) as owner:
            work_through(store, work.replace(through=1), owner, do)  # reads the pictures
            started = time.perf_counter()
            work_through(store, work, owner, do)
            taken = time.perf_counter() - started
        rows = [row for row in store.rows() if row.id != first.id]
        inside = sum(row.outcome.seconds for row in rows if row.outcome is not None)
        store.close()
    return (taken - inside) / len(rows)
