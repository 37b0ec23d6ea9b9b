"""The database of a study: made, grown, refused; what goes wrong with its file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from anydsl.errors import RunError, UsageError
from anydsl.study.claims import Claims, Finished
from anydsl.study.plan import Plan
from anydsl.study.rows import Outcome
from anydsl.study.store import FILE, Store

MakeStore = Callable[..., Store]
MakePlan = Callable[..., Plan]


def done(store: Store, count: int) -> list[str]:
    claims = Claims(store, "me")
    held = claims.exchange((), count)
    claims.exchange([Finished(claim.id, Outcome(0.25)) for claim in held], 0)
    return [claim.id for claim in held]


def test_it_is_durable(stored: MakeStore) -> None:
    database = stored().database
    assert database.query("PRAGMA journal_mode")[0][0] == "wal"
    assert database.query("PRAGMA synchronous")[0][0] == 2


def test_rows_are_those_of_the_plan(stored: MakeStore) -> None:
    store = stored(2)
    assert [(row.id, row.seed, row.group, row.index) for row in store.rows()] == [
        ("A0", 0, "A", 0),
        ("A1", 2, "A", 1),
        ("B0", 1, "B", 0),
        ("B1", 3, "B", 1),
    ]
    assert store.rows()[0].settings == [{"d": 1, "w": 8}]
    assert {row.status for row in store.rows()} == {"pending"}


def test_what_a_report_has_to_know(stored: MakeStore) -> None:
    facts = stored(1, ("keeps_all", "breaks_w")).facts()
    assert facts["groups"] == ["keeps_all", "breaks_w"]
    assert facts["broken"] == {"keeps_all": [], "breaks_w": []}
    assert (facts["paired"], facts["factorial"], facts["doc"]) == (False, [], "")


def test_a_study_grows(stored: MakeStore, planned: MakePlan) -> None:
    store = stored(2)
    first = done(store, 4)
    assert store.adopt(planned(3, ("A", "B", "C")), "study t\n", {"recipe": "r"}) == 5
    assert {row.id for row in store.rows(status="done")} == set(first)
    assert store.left() == 5
    assert store.groups() == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"salt": "x"}, "+ study t"),
        ({"groups": ("A",)}, "+ study t"),
        ({"designs": 1}, "+ study t"),
    ],
)
def test_another_study_is_refused(stored: MakeStore, planned: MakePlan, change, words) -> None:
    store = stored(2)
    with pytest.raises(RunError, match="holds another study") as caught:
        store.adopt(planned(**{"designs": 2, **change}), "study t\n", {"recipe": "r"})
    assert words.replace("+ ", "+") in str(caught.value)
    assert [row.id for row in store.rows()] == ["A0", "A1", "B0", "B1"]


def test_the_same_words_with_other_designs(stored: MakeStore, planned: MakePlan) -> None:
    with pytest.raises(RunError, match="4 designs are not what this version of anydsl draws"):
        stored(2).adopt(planned(2, salt="x"), "study s\n", {"recipe": "r"})


def test_facts_must_not_change(stored: MakeStore, planned: MakePlan) -> None:
    store = stored(2)
    with pytest.raises(RunError, match='recipe was "r" and is "q"'):
        store.adopt(planned(2), "study s\n", {"recipe": "q"})
    store.adopt(planned(2), "study s\n", {"recipe": None})
    assert store.facts()["recipe"] == "r"


def test_a_design_of_two_groups_is_one_trial(stored: MakeStore, planned: MakePlan) -> None:
    store = stored(1)
    plan = planned(2)
    for trial in plan.trials[2:]:
        trial.id = "shared"  # pyright: ignore[reportAttributeAccessIssue]
    assert store.adopt(plan, "", {}) == 1
    assert done(store, 9) == ["A0", "B0", "shared"]
    assert [(row.group, row.id) for row in store.rows()] == [
        ("A", "A0"),
        ("A", "shared"),
        ("B", "B0"),
        ("B", "shared"),
    ]
    assert [(tally.group, tally.total, tally.done) for tally in store.tallies()] == [
        ("A", 2, 2),
        ("B", 2, 2),
        ("", 3, 3),
    ]


def test_tallies(stored: MakeStore) -> None:
    store = stored(3)
    claims = Claims(store, "me")
    a, b, c, d, _ = claims.exchange((), 5)
    claims.exchange(
        [
            Finished(a.id, Outcome(0.5)),
            Finished(b.id, Outcome(0.9, diverged=True)),
            Finished(c.id, Outcome(0.1)),
            Finished(d.id, None, "bad"),
        ],
        0,
    )
    group_a, group_b, whole = store.tallies()
    assert (group_a.done, group_a.running, group_a.best, group_a.mean) == (2, 1, 0.1, 0.3)
    assert (group_b.done, group_b.diverged, group_b.left) == (1, 1, 2)
    assert (whole.total, whole.done, whole.running, whole.failed) == (6, 3, 1, 0)


def test_no_study(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no study: it has no study\.db"):
        Store(tmp_path)
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(RunError, match="not empty and holds no study"):
        Store(tmp_path, new=True)


def test_a_damaged_file(stored: MakeStore, tmp_path: Path) -> None:
    stored().close()
    file = tmp_path / "s" / FILE
    good = file.read_bytes()
    file.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(RunError, match=r"study\.db is damaged .*recover"):
        Store(tmp_path / "s")
    file.write_bytes(good[:4096] + b"\xff" * (len(good) - 4096))
    with pytest.raises(RunError, match="is damaged"):
        Store(tmp_path / "s").database.check_whole()


def test_a_foreign_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(RunError, match="is no database of a study"):
        Store(tmp_path, new=True)


def test_tables_of_another_version(stored: MakeStore, tmp_path: Path) -> None:
    store = stored()
    store.database.change("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(RunError, match="tables of version 99, this anydsl those of 1"):
        Store(tmp_path / "s")


def test_a_reader_can_not_write(stored: MakeStore, tmp_path: Path) -> None:
    stored().close()
    store = Store(tmp_path / "s", readonly=True)
    assert len(store.rows()) == 6
    with pytest.raises(RunError, match=r"study\.db can't be written"):
        store.note({"x": 1})


def test_a_full_disk(stored: MakeStore) -> None:
    """What was recorded stays, what could not be is not half there."""
    store = stored(50)
    first = done(store, 10)
    pages = store.database.query("PRAGMA page_count")[0][0]
    store.database.query(f"PRAGMA max_page_count = {pages}")
    claims = Claims(store, "me")
    held = claims.exchange((), 50)
    curve = ({"train_loss": 1.0},) * 1000
    with pytest.raises(RunError, match="the disk is full: what was recorded before is safe"):
        claims.exchange([Finished(claim.id, Outcome(0.1, curve=curve)) for claim in held], 0)
    assert {row.id for row in store.rows(status="done")} == set(first)
    store.database.query("PRAGMA max_page_count = 1000000")
    claims.exchange([Finished(claim.id, Outcome(0.1, curve=curve)) for claim in held], 0)
    assert store.left() == 40


def test_the_test_split_is_read_once(stored: MakeStore) -> None:
    store = stored()
    store.record_test("A0", 0.5)
    store.record_test("A0", 0.1)
    assert store.rows()[0].test_error == 0.5
