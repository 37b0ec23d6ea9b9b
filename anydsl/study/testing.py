"""The test split, which is read once, for the few networks that a report names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.errors import RunError
from anydsl.study.bench import Bench, network_of, recipe_of
from anydsl.study.keeping import weights_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anydsl.study.store import Store


def errors_on_test(
    store: Store, trials: Iterable[str], *, device: str = "auto"
) -> dict[str, float]:
    """1 - top-1 accuracy on the test split of each of some trials that are done, by id.

    What was read before is not read again. A trial whose weights were not kept, for it was not
    among the best, is trained anew under its seed.

    Raises:
        RunError: a trial is not done, or the database can't be written.
        DataError: the data is missing or broken.
        UsageError: there is no such device.
    """
    rows = {row.id: row for row in store.rows(status="done")}
    facts = store.facts()
    bench: Bench | None = None
    found: dict[str, float] = {}
    for trial in dict.fromkeys(trials):
        if trial not in rows:
            raise RunError(f"trial {trial} is not done: it has nothing to be tested")
        row = rows[trial]
        error = row.test_error
        if error is None:
            bench = bench or Bench(recipe_of(facts["recipe"]), device, facts.get("override"))
            network = network_of(row.net)
            weights = weights_of(store.folder, trial) if row.weights else None
            error = bench.test_error(network, row.seed, weights)
            store.record_test(trial, error)
        found[trial] = error
    return found
