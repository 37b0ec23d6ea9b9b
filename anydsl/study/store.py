"""The results of a study: made from its plan, read by reports, changed by `Claims` alone."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from anydsl.errors import RunError, UsageError
from anydsl.study.database import Database
from anydsl.study.facts import checked, objects
from anydsl.study.rows import DONE, STATUSES, Outcome, Row, Tally
from anydsl.training.runs.noted import filled, parsed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from anydsl.study.plan import Plan
    from anydsl.study.trial import Trial

FILE = "study.db"

Place = tuple[str, int, int]

LAST = 2**62
"""A position behind all."""

_SHOWN = 20
"""Lines of a difference that are shown."""


@final
class Store:
    """The folder of a study and the database in it.

    Attributes:
        folder: with the database, and the weights that are kept.
        database: its connection, for this process and this thread alone.

    Raises:
        RunError: the database can't be opened, is damaged, or was made by another version.
        UsageError: the folder holds no study, where none is to be made.
    """

    def __init__(self, folder: Path, *, new: bool = False, readonly: bool = False) -> None:
        self.folder: Final = folder
        file = folder / FILE
        if not file.exists():
            if not new:
                raise UsageError(f"{folder} holds no study: it has no {FILE}")
            _make(folder)
        self.database: Final = Database(file, readonly=readonly)

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def adopt(self, plan: Plan, text: str, facts: Mapping[str, Any]) -> int:
        """Make this the store of `plan`, or make sure that it is; returns how many trials are new.

        More samples, replicas or groups than before are added, since those that there are stay.

        Args:
            plan: the trials.
            text: the study with all that it uses, as `.anynet` text.
            facts: more that must not change, as JSON; what is None is not compared.

        Raises:
            RunError: it is the store of another study; the differences are in the message.
        """
        with self.database.transaction():
            known = self.facts()
            if known:
                self._compare(plan, text, facts, known)
            written = {**{k: v for k, v in facts.items() if v is not None}, "text": text}
            written |= plan.facts
            self.database.insert(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [(key, json.dumps(value)) for key, value in written.items()],
            )
            return self._add(plan.trials)

    def facts(self) -> dict[str, Any]:
        """What is known of the study as a whole, by name.

        Raises:
            RunError: the database is damaged.
        """
        found: dict[str, Any] = {}
        for key, value in self.database.query("SELECT key, value FROM meta"):
            try:
                found[key] = checked(key, parsed(value))
            except ValueError as error:
                raise self.database.damaged(f"`{key}`: {error}") from error
        return found

    def note(self, facts: Mapping[str, Any]) -> None:
        """Write down more of what is known of the study as a whole."""
        with self.database.transaction():
            self.database.insert(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [(key, json.dumps(value)) for key, value in facts.items()],
            )

    def groups(self) -> list[str]:
        """The groups in the order of the study."""
        return list(self.facts().get("groups", ()))

    def rows(self, *, status: str | None = None) -> list[Row]:
        """Every place of the study with its trial, group by group; those of one status if given."""
        order = {name: number for number, name in enumerate(self.groups())}
        rows: list[Row] = []
        where = "" if status is None else "WHERE status = ?"
        found = self.database.query(
            f"SELECT * FROM results {where}", () if status is None else (status,)
        )
        for row in found:
            try:
                rows.append(_row(row))
            except ValueError as error:
                raise self.database.damaged(f"trial {row['id']}: {error}") from error
            if rows[-1].group not in order:
                raise self.database.damaged(f"trial {row['id']}: no group of the study")
        return sorted(rows, key=lambda row: order[row.group])

    def tallies(self) -> list[Tally]:
        """How far each group is, in the order of the study, and at the end the study itself.

        In the line of the study a trial counts once, wherever it stands.
        """
        by_group = self.database.query(f'SELECT "group", {_COUNTS} FROM results GROUP BY "group"')
        (whole,) = self.database.query(f"SELECT '', {_COUNTS} FROM trials")
        try:
            tallies = [
                filled(Tally, dict(zip(Tally.__fields__, r, strict=True)))
                for r in (*by_group, whole)
            ]
        except ValueError as error:
            raise self.database.damaged(error) from error
        found = {tally.group: tally for tally in tallies[:-1]}
        if found.keys() != set(self.groups()):
            raise self.database.damaged("its groups have other names than its trials")
        return [*(found[name] for name in self.groups()), tallies[-1]]

    def left(self, through: int | None = None) -> int:
        """How many trials are neither done nor failed, up to a position if one is given."""
        (row,) = self.database.query(
            "SELECT count(*) FROM trials WHERE status IN ('pending', 'running') AND position <= ?",
            (LAST if through is None else through,),
        )
        return int(row[0])

    def position(self, limit: int) -> int | None:
        """The position of the `limit`-th trial that is left; None if there are fewer."""
        found = self.database.query(
            "SELECT position FROM trials WHERE status IN ('pending', 'running') "
            "ORDER BY position LIMIT 1 OFFSET ?",
            (limit - 1,),
        )
        return int(found[0][0]) if found else None

    def failures(self) -> list[tuple[str, str]]:
        """The trials that failed, with the reason, in the order of the study."""
        found = self.database.query(
            "SELECT id, reason FROM trials WHERE status = 'failed' ORDER BY position"
        )
        return [(row["id"], row["reason"]) for row in found]

    def retry_failed(self) -> int:
        """Let the failed trials be tried anew; returns how many they are."""
        with self.database.transaction():
            return self.database.change(
                "UPDATE trials SET status = 'pending', attempts = 0, failures = 0, kills = 0 "
                "WHERE status = 'failed'"
            )

    def record_test(self, trial: str, error: float) -> None:
        """Write down what the test split said of a trial; what stands there already stays."""
        with self.database.transaction():
            self.database.change(
                "UPDATE trials SET test_error = ? WHERE id = ? AND test_error IS NULL",
                (error, trial),
            )

    def _compare(
        self, plan: Plan, text: str, facts: Mapping[str, Any], known: Mapping[str, Any]
    ) -> None:
        changes: list[str] = []
        written = _change("text", known["text"], text)
        for key, value in (("study", plan.study), *facts.items()):
            if value is not None and known.get(key, value) != value:
                changes += written or _change(key, known[key], value)
        fresh = {(t.group, t.index, t.replica): t.id for t in plan.trials}
        other = [place for place, trial in self._places() if fresh.get(place) != trial]
        if other or changes:
            changes = list(dict.fromkeys([*changes, *written]))
        if other and not changes:  # the same words mean something else
            group, index, replica = other[0]
            changes.append(
                f"  {len(other):,} designs are not what this version of anydsl draws, first "
                f"design {index} of {group}, replica {replica}"
            )
        if changes:
            cut = [f"  … and {len(changes) - _SHOWN:,} more lines"] * (len(changes) > _SHOWN)
            raise RunError(
                f"{self.folder} holds another study:\n"
                + "\n".join(changes[:_SHOWN] + cut)
                + "\n`--out` takes another folder; a study in progress can only grow, by more "
                "`samples`, `replicas` or spaces"
            )

    def _places(self) -> Iterable[tuple[Place, str]]:
        for row in self.database.query('SELECT "group", "index", replica, trial FROM places'):
            yield (row[0], row[1], row[2]), row[3]

    def _add(self, trials: Sequence[Trial]) -> int:
        """Insert the trials that are not there yet, in the order of the plan."""
        there = {row[0] for row in self.database.query("SELECT id FROM trials")}
        (last,) = self.database.query("SELECT coalesce(max(position), 0) FROM trials")
        fresh: dict[str, Trial] = {}
        for trial in trials:
            if trial.id not in there:
                fresh.setdefault(trial.id, trial)
        self.database.insert(
            "INSERT INTO trials (id, position, seed, net, settings, params, flops, acts) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (t.id, at, t.seed, t.net, json.dumps(t.settings), t.params, t.flops, t.acts)
                for at, t in enumerate(fresh.values(), last[0] + 1)
            ],
        )
        self.database.insert(
            "INSERT OR IGNORE INTO places VALUES (?, ?, ?, ?)",
            [(t.group, t.index, t.replica, t.id) for t in trials],
        )
        return len(fresh)


_COUNTS = """count(*), sum(status = 'done'), sum(status = 'running'), sum(status = 'failed'),
  sum(status = 'done' AND diverged), min(error), avg(error)"""


def _change(key: str, old: Any, new: Any) -> list[str]:
    """What is different in a fact, line by line if it is a text of several."""
    if old == new:
        return []
    if not isinstance(old, str) or "\n" not in old:
        return [f"  {key} was {json.dumps(old)} and is {json.dumps(new)}"]
    lines = difflib.unified_diff(old.splitlines(), str(new).splitlines(), n=0, lineterm="")
    return [f"  {line}" for line in lines if not line.startswith(("---", "+++", "@@"))]


def outcome_of(row: sqlite3.Row) -> Outcome | None:
    """What came of the trial of a row of `trials` or `results`."""
    if row["status"] != DONE:
        return None
    told = {name: value for name, value in dict(row).items() if value is not None}
    curve = tuple(objects(row["curve"] or "[]", int, float, type(None)))
    return filled(Outcome, told, curve=curve, diverged=bool(row["diverged"]))


def _row(row: sqlite3.Row) -> Row:
    if row["status"] not in STATUSES:
        raise ValueError(f"no status `{row['status']}`")
    return filled(
        Row,
        dict(row),
        settings=objects(row["settings"], int, float, str, list, type(None)),
        outcome=outcome_of(row),
        weights=bool(row["weights"]),
    )


def _make(folder: Path) -> None:
    try:
        # Another sweep may be making the database at this moment.
        if folder.is_dir() and any(not f.name.startswith(FILE) for f in folder.iterdir()):
            raise RunError(f"{folder} is not empty and holds no study; `--out` takes another one")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder} can't be made: {error.strerror or error}") from error
