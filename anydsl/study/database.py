"""The SQLite file of a study: its tables, transactions, and what goes wrong with it in words."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final, final
from urllib.parse import quote

from anydsl.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

VERSION = 1
"""Of the tables; another one is refused."""

_APPLICATION = 0x616E7964  # "anyd"
_PATIENCE = 120.0
"""Seconds to wait for another process's transaction, which takes milliseconds."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trials (
  id TEXT PRIMARY KEY,
  position INTEGER NOT NULL UNIQUE,
  seed INTEGER NOT NULL,
  net TEXT NOT NULL,
  settings TEXT NOT NULL,
  params INTEGER NOT NULL,
  flops INTEGER NOT NULL,
  acts INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'running', 'done', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  kills INTEGER NOT NULL DEFAULT 0,
  claimed_by TEXT,
  claimed_at REAL,
  error REAL,
  train_loss REAL,
  diverged INTEGER NOT NULL DEFAULT 0,
  curve TEXT,
  seconds REAL,
  images_per_second REAL,
  device TEXT,
  reason TEXT NOT NULL DEFAULT '',
  test_error REAL,
  weights INTEGER NOT NULL DEFAULT 0,
  CHECK ((status = 'done') = (error IS NOT NULL))
);
CREATE INDEX queue ON trials (status, attempts, position);
CREATE INDEX ranking ON trials (error, position) WHERE status = 'done';
CREATE TABLE places (
  "group" TEXT NOT NULL,
  "index" INTEGER NOT NULL,
  replica INTEGER NOT NULL,
  trial TEXT NOT NULL REFERENCES trials (id),
  PRIMARY KEY ("group", "index", replica)
) WITHOUT ROWID;
CREATE INDEX standing ON places (trial);
CREATE VIEW results AS
  SELECT p."group", p."index", p.replica, t.*
  FROM places p JOIN trials t ON t.id = p.trial
  ORDER BY p."group", p."index", p.replica;
"""


@final
class Database:
    """A connection to a study's file.

    Every change is one transaction, on the disk before `transaction` returns (WAL, synchronous
    FULL): nothing that was said to be recorded is lost, however the process or the machine ends.

    Raises:
        RunError: the file can't be opened, is damaged, or was made by another version.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path: Final = path
        with self.explained():
            self._connection = self._connect(readonly=readonly)
            try:
                if not readonly and not self._used():
                    self._prepare()
                self._check_version()
                for pragma in ("synchronous = FULL", "foreign_keys = ON"):
                    self._connection.execute(f"PRAGMA {pragma}")
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def query(self, sql: str, values: Iterable[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with self.explained():
            return self._connection.execute(sql, tuple(values)).fetchall()

    def change(self, sql: str, values: Iterable[Any] = ()) -> int:
        """Do one statement within a transaction; returns how many rows it changed."""
        return self._connection.execute(sql, tuple(values)).rowcount

    def insert(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Do one statement for each of some rows, within a transaction."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """A context whose changes are made together, alone, and are on the disk behind it.

        Raises:
            RunError: they could not be written; none of them was made.
        """
        with self.explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def check_whole(self) -> None:
        """Read the whole file.

        Raises:
            RunError: it is damaged.
        """
        (first,) = self.query("PRAGMA quick_check(1)")[0]
        if first != "ok":
            raise self.damaged(first)

    def damaged(self, what: object) -> RunError:
        """The error of a file that has `what` where something else belongs."""
        return RunError(f"{self.path} is damaged ({what}): {_DAMAGED}")

    @contextmanager
    def explained(self) -> Generator[None]:
        """Turn SQLite's errors into the reader's words.

        Raises:
            RunError: in their place.
        """
        try:
            yield
        except sqlite3.Error as error:
            raise RunError(self._in_words(error)) from error

    def _connect(self, *, readonly: bool) -> sqlite3.Connection:
        mode = "ro" if readonly else "rwc"
        address = f"file:{quote(str(self.path.absolute()))}?mode={mode}"
        connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection

    def _used(self) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone())

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        with self.transaction():
            if not self._used():  # else another process was faster
                for statement in _TABLES.split(";\n"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def _check_version(self) -> None:
        if self._pragma("application_id") != _APPLICATION:
            raise RunError(f"{self.path} is no database of a study")
        version = self._pragma("user_version")
        if version != VERSION:
            raise RunError(
                f"{self.path} has tables of version {version}, this anydsl those of {VERSION}: "
                "use the anydsl that wrote it, or another folder"
            )
        if self._connection.execute(_MADE_OF).fetchall() != _made_of():
            raise RunError(f"{self.path} is damaged: its tables are not those of a study")

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _in_words(self, error: sqlite3.Error) -> str:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        match code:
            case sqlite3.SQLITE_FULL:
                return f"{self.path} can't grow, the disk is full: {_SAFE}; make room and go on"
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return f"{self.path} can't be written: {error}"
            case sqlite3.SQLITE_CANTOPEN:
                return f"{self.path} can't be opened: {error}"
            case sqlite3.SQLITE_IOERR:
                return f"{self.path} can't be read or written ({error}): {_SAFE}"
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return f"{self.path} is damaged ({error}): {_DAMAGED}"
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return f"{self.path} is held by another program ({error}): {_SAFE}"
            case _:
                return f"{self.path}: {error}"


def _made_of() -> list[Any]:
    """Tables, indices and views as this version makes them."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.row_factory = sqlite3.Row
        made.executescript(_TABLES)
        return made.execute(_MADE_OF).fetchall()


_MADE_OF = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name"
_SAFE = "what was recorded before is safe"
_DAMAGED = "`sqlite3 FILE .recover` saves what can be read; `--out` takes another folder"
