"""The test split, which is read once, for the few networks that a report names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.errors import RunError
from anydsl.study.keeping import weights_of
from anydsl.study.texts import network_of, recipe_of
from anydsl.study.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anydsl.study.store import Store


def errors_on_test(
    store: Store, trials: Iterable[str], *, device: str = "auto"
) -> dict[str, float]:
    """1 - top-1 accuracy on the test split of each of some trials that are done, by id.

    What was read before is not read again.

    Raises:
        RunError: a trial is not done, its weights are not kept, since it was not among the best, or
            the database can't be written.
        DataError: the data is missing or broken.
        UsageError: there is no such device.
    """
    rows = {row.id: row for row in store.rows(status="done")}
    facts = store.facts()
    trainer: Trainer | None = None
    found: dict[str, float] = {}
    for trial in dict.fromkeys(trials):
        if trial not in rows:
            raise RunError(f"trial {trial} is not done: it has nothing to be tested")
        row = rows[trial]
        error = row.test_error
        if error is None:
            if not row.weights:
                raise RunError(f"trial {trial} has no weights to be tested: it is none of the best")
            trainer = trainer or Trainer(recipe_of(facts["recipe"]), device, facts.get("override"))
            weights = weights_of(store.folder, trial)
            error = trainer.test_error(network_of(row.net), row.seed, weights)
            store.record_test(trial, error)
        found[trial] = error
    return found
