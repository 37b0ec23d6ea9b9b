"""Which process does which trial: claims are made, kept and dropped in transactions."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final, final

from anydsl.language.record import Record
from anydsl.study.keeping import keep_best
from anydsl.study.owners import alive
from anydsl.study.rows import Claim, Outcome
from anydsl.study.store import LAST
from anydsl.training.runs.jsonable import jsonable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.study.store import Store

FAILURES = 2
"""A trial that failed so often is not begun again."""

KILLS = 5
"""The same for kills from outside, which say less of the trial."""


class Finished(Record):
    """A trial that is over.

    Attributes:
        trial: its id.
        outcome: what came of it; None if it failed.
        reason: why it failed.
        weights: whether its weights lie in the folder, to be kept if it is among the best.
    """

    trial: str
    outcome: Outcome | None
    reason: str = ""
    weights: bool = False


@final
class Claims:
    """The trials that one owner works on."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store: Final = store
        self._database: Final = store.database
        self._owner: Final = owner

    def exchange(
        self, finished: Sequence[Finished], wanted: int, through: int | None = None
    ) -> list[Claim]:
        """Record what is over and claim more, in one transaction.

        A trial whose claim was lost in the meantime is not recorded: another process has it.

        Args:
            finished: trials of this owner.
            wanted: how many trials to claim at most. One that was begun before is claimed alone,
                so that it is known which one ends its process.
            through: the last position that is to be done.

        Raises:
            RunError: the database can't be written; nothing was recorded and nothing claimed.
        """
        with self._database.transaction():
            for trial in finished:
                self._record(trial)
            kept = keep_best(self._store) if any(trial.weights for trial in finished) else None
            claims = self._claim(wanted, LAST if through is None else through)
        if kept is not None:
            kept.clean()
        return claims

    def drop(self) -> None:
        """Give all claims back as if they had not been made."""
        with self._database.transaction():
            self._release("attempts - 1")

    def blame(self, reason: str, *, killed: bool) -> int:
        """Give the claims of an owner back whose process ended in the middle of one.

        Returns how many it held.

        Args:
            reason: how it ended.
            killed: by a signal from outside, not of itself.
        """
        with self._database.transaction():
            held = self._database.query(
                "SELECT id FROM trials WHERE status = 'running' AND claimed_by = ?", (self._owner,)
            )
            if len(held) == 1:
                self._fail(held[0]["id"], reason, "kills" if killed else "failures")
            else:  # which of them it was will show when each is begun alone
                self._release("attempts")
        return len(held)

    def _claim(self, wanted: int, through: int) -> list[Claim]:
        if wanted < 1:
            return []
        found = self._database.query(
            "SELECT id, net, seed, attempts FROM trials WHERE status = 'pending' AND position <= ? "
            "ORDER BY attempts, position LIMIT ?",
            (through, wanted),
        )
        claims = [Claim(row["id"], row["net"], row["seed"], row["attempts"] + 1) for row in found]
        fresh = [claim for claim in claims if claim.attempts == 1]
        claims = fresh or claims[:1]
        now = time.time()
        for claim in claims:
            self._database.change(
                "UPDATE trials SET status = 'running', attempts = ?, claimed_by = ?, "
                "claimed_at = ? WHERE id = ?",
                (claim.attempts, self._owner, now, claim.id),
            )
        return claims

    def _record(self, finished: Finished) -> None:
        outcome = finished.outcome
        if outcome is None:
            self._fail(finished.trial, finished.reason, "failures")
            return
        self._database.change(
            "UPDATE trials SET status = 'done', claimed_by = NULL, claimed_at = NULL, error = ?, "
            "train_loss = ?, diverged = ?, curve = ?, seconds = ?, images_per_second = ?, "
            "device = ?, weights = ? WHERE id = ? AND claimed_by = ? AND status = 'running'",
            (
                outcome.error,
                outcome.train_loss,
                outcome.diverged,
                json.dumps(jsonable(outcome.curve)),
                outcome.seconds,
                outcome.images_per_second,
                outcome.device,
                finished.weights,
                finished.trial,
                self._owner,
            ),
        )

    def _fail(self, trial: str, reason: str, count: str) -> None:
        self._database.change(
            f"UPDATE trials SET {count} = {count} + 1, reason = ?, claimed_by = NULL, "
            "claimed_at = NULL WHERE id = ? AND claimed_by = ? AND status = 'running'",
            (reason, trial, self._owner),
        )
        self._database.change(
            "UPDATE trials SET status = CASE WHEN failures >= ? OR kills >= ? THEN 'failed' "
            "ELSE 'pending' END WHERE id = ? AND status = 'running' AND claimed_by IS NULL",
            (FAILURES, KILLS, trial),
        )

    def _release(self, attempts: str) -> None:
        self._database.change(
            f"UPDATE trials SET status = 'pending', attempts = {attempts}, claimed_by = NULL, "
            "claimed_at = NULL WHERE status = 'running' AND claimed_by = ?",
            (self._owner,),
        )


def drop_orphans(store: Store) -> None:
    """Give the claims back of owners that live no longer and that nobody answers for."""
    held = store.database.query("SELECT DISTINCT claimed_by FROM trials WHERE status = 'running'")
    for row in held:
        if not alive(store.folder, row["claimed_by"]):
            Claims(store, row["claimed_by"]).drop()
