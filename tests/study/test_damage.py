"""A study's database that a stranger made, or that has other values than were written."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from anydsl.errors import RunError
from anydsl.study.keeping import weights_of
from anydsl.study.owners import alive
from anydsl.study.report.best import best_of
from anydsl.study.report.population import population_of
from anydsl.study.store import FILE, Store
from tests.hostile.harming import BOMB, DEEP, cuts, flips, said, state
from tests.study.planting import plant

Change = Callable[..., Path]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted") / "s"
    plant(folder, {"A": [0.1, 0.2, 0.3], "B": [0.2, 0.3, 0.4]}, failing={"A:2": "no"}).close()
    return folder


@pytest.fixture
def change(planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    """Makes a copy of the study, and does a statement in it that no constraint stops."""
    monkeypatch.chdir(tmp_path)

    def change(sql: str, *values: object) -> Path:
        shutil.rmtree("s", ignore_errors=True)
        shutil.copytree(planted, "s")
        with closing(sqlite3.connect(f"s/{FILE}")) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute(sql, values)
            connection.commit()
        return Path("s")

    return change


def _refused(folder: Path) -> None:
    """`report` names the file and writes nothing."""
    before = _kept(folder)
    status, text = said("report", folder)
    assert status == 1
    assert f"{folder / FILE} is " in text and text.count("\n") == 1
    assert _kept(folder) == before


def _kept(folder: Path) -> dict[str, bytes]:
    """The files of a study, without those that SQLite has while it reads."""
    return {name: data for name, data in state(folder).items() if "db-" not in name}


_STRANGE: dict[str, tuple[Any, ...]] = {
    "study": (None, 7, []),
    "text": ({}, 7),
    "recipe": (None, ["x"]),
    "groups": (None, [], [7], [["A"]], ["A", "C"], {"A": 1}),
    "factorial": (None, [7], "wd"),
    "broken": ([], {"A": 7}, {"A": [7]}),
    "data": ([], {"train": "x", "val": 1}, {"train": 1, "val": [1]}),
    "environment": (7, {"versions": 3}, {"versions": [1]}),
}


@pytest.mark.parametrize("fact", _STRANGE)
def test_facts_of_another_kind(change: Change, fact: str) -> None:
    for value in _STRANGE[fact]:
        _refused(change("UPDATE meta SET value = ? WHERE key = ?", json.dumps(value), fact))
    for text in ("", "not JSON", "1e400", "9" * 5000, DEEP.decode(), b"\xff"):
        _refused(change("UPDATE meta SET value = ? WHERE key = ?", text, fact))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((column, value) for column in ("params", "flops", "acts") for value in ("x", 1e308, b"")),
        *(("settings", value) for value in ("{}", "[7]", '[{"w": {}}]', "[", DEEP.decode())),
        *(("curve", value) for value in ("{}", "[7]", '[{"val_acc": "x"}]', '[{"a": 1e400}]')),
        *(("error", value) for value in ("x", float("inf"), b"")),
        *(("seconds", value) for value in ("x", float("inf"))),
        ("device", b"\xff"),
        ("net", b"\xff"),
        ("reason", b"\xff"),
        ("status", "over"),
    ],
)
def test_trials_of_another_kind(change: Change, column: str, value: object) -> None:
    _refused(change(f"UPDATE trials SET {column} = ? WHERE status = 'done'", value))


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER UPDATE ON trials BEGIN DELETE FROM meta; END",
        "CREATE TABLE more (x)",
        "DROP VIEW results",
        "ALTER TABLE trials ADD COLUMN x",
        "ALTER TABLE places RENAME COLUMN replica TO other",
    ],
)
def test_other_tables(change: Change, sql: str) -> None:
    folder = change(sql)
    _refused(folder)
    with pytest.raises(RunError, match="its tables are not those of a study"):
        Store(folder)


def test_a_view_without_an_end_is_not_asked(change: Change) -> None:
    folder = change("DROP VIEW results")
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.execute(
            "CREATE VIEW results AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
            " SELECT max(x) FROM n"
        )
        connection.commit()
    _refused(folder)


def test_files_in_its_place(change: Change) -> None:
    whole = (change("SELECT 1") / FILE).read_bytes()
    for data in [*list(cuts(whole))[1:-1], BOMB * 50]:
        change("SELECT 1").joinpath(FILE).write_bytes(data)
        _refused(Path("s"))
    for data in flips(whole, 8):
        change("SELECT 1").joinpath(FILE).write_bytes(data)
        status, text = said("report", "s", "--no-test")
        assert status in (0, 1) and (not status or FILE in text)


def test_names_lead_to_no_other_folder(change: Change, tmp_path: Path) -> None:
    outside = tmp_path / "kept.safetensors"
    outside.write_bytes(b"kept")
    with pytest.raises(RunError, match="no name of a trial"):
        weights_of(Path("s"), "../../kept")
    (tmp_path / "held.lock").touch()
    assert not alive(tmp_path / "s" / "x", "../../../held")
    folder = change("UPDATE trials SET net = 'no net'")
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.execute("UPDATE meta SET value = '[\"A\", \"x/../../B\"]' WHERE key = 'groups'")
        connection.execute("UPDATE meta SET value = '{}' WHERE key = 'broken'")
        connection.execute("UPDATE places SET \"group\" = 'x/../../B' WHERE \"group\" = 'B'")
        connection.commit()
    store = Store(folder, readonly=True)
    files = {net.file for net in best_of(population_of(store))}
    store.close()
    assert any("B" in file for file in files) and not any("/" in file for file in files)
    assert outside.read_bytes() == b"kept"
