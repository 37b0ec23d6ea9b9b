"""Weights that are kept: those of each group's best trial and of the best few of the study.

So the test split can be read for the networks that a report names without training them again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, final

from anydsl.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from anydsl.study.store import Store

BEST = 5
"""Of the whole study; also the best one of each group."""

_RANKED = "status = 'done' AND NOT diverged"
"""What diverged has no weights to keep."""

_KEPT = f"""
SELECT id FROM trials WHERE weights AND id NOT IN (
  SELECT id FROM (SELECT id FROM trials WHERE {_RANKED} ORDER BY error, position LIMIT {BEST})
  UNION
  SELECT trial FROM (
    SELECT p.trial, row_number() OVER (PARTITION BY p."group" ORDER BY t.error, t.position) AS rank
    FROM places p JOIN trials t ON t.id = p.trial WHERE {_RANKED}
  ) WHERE rank = 1
)"""


def weights_of(folder: Path, trial: str) -> Path:
    """The file of a trial's weights.

    Raises:
        RunError: the name of the trial leads elsewhere.
    """
    if os.path.basename(trial) != trial:
        raise RunError(f"{folder} is damaged: `{trial}` is no name of a trial")
    return folder / "weights" / f"{trial}.safetensors"


def is_candidate(store: Store, trial: str, error: float) -> bool:
    """Whether a trial of this `error` is among those that are kept, as far as is known now."""
    (mine,) = store.database.query("SELECT position FROM trials WHERE id = ?", (trial,))
    better = f"{_RANKED} AND (error, position) < (?, ?)"
    rank = (error, mine["position"])
    first = store.database.query(f"SELECT 1 FROM trials WHERE {better} LIMIT {BEST}", rank)
    if len(first) < BEST:
        return True
    groups = store.database.query('SELECT "group" FROM places WHERE trial = ?', (trial,))
    sql = f'SELECT 1 FROM results WHERE "group" = ? AND {better} LIMIT 1'
    return any(not store.database.query(sql, (row["group"], *rank)) for row in groups)


def tidy(store: Store) -> None:
    """Remove weights that a killed process wrote and nobody recorded."""
    known = store.database.query("SELECT id FROM trials WHERE weights OR status = 'running'")
    kept = {row["id"] for row in known}
    for file in weights_of(store.folder, "").parent.glob("*"):
        if file.name.lstrip(".").partition(".")[0] not in kept:  # a dot begins what is half written
            with suppress(OSError):
                file.unlink()


@final
class Kept:
    """The weights that a transaction found to be among the best no longer."""

    def __init__(self, folder: Path, dropped: Iterable[str]) -> None:
        self._files: Final = [weights_of(folder, trial) for trial in dropped]

    def clean(self) -> None:
        """Remove them, behind the transaction."""
        for file in self._files:
            with suppress(OSError):
                file.unlink()


def keep_best(store: Store) -> Kept:
    """Within a transaction: keep to the best, and return what is to be removed behind it."""
    dropped = [row["id"] for row in store.database.query(_KEPT)]
    for trial in dropped:
        store.database.change("UPDATE trials SET weights = 0 WHERE id = ?", (trial,))
    return Kept(store.folder, dropped)
