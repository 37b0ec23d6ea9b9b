"""Worker processes: what they do, what kills cost, and that nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from anydsl.errors import RunError
from anydsl.study.local import LocalRunner
from anydsl.study.runner import Work
from anydsl.study.store import Store
from tests.study.doing import error_of

MakeStore = Callable[..., Store]


def run(store: Store, trial: str, *, workers: int = 2, through: int | None = None) -> None:
    work = Work(store.folder, trial=f"tests.study.doing:{trial}", through=through)
    LocalRunner(["cpu"] * workers).run(store, work, lambda: None)


def errors(store: Store) -> dict[str, float | None]:
    return {row.id: row.outcome.error if row.outcome else None for row in store.rows()}


@pytest.mark.parametrize("workers", [1, 3])
def test_all_is_done_once(stored: MakeStore, workers: int) -> None:
    store = stored(40)
    run(store, "trivial", workers=workers)
    assert errors(store) == {row.id: error_of(row.seed) for row in store.rows()}
    assert {row.attempts for row in store.rows()} == {1}
    assert list((store.folder / "owners").iterdir()) == []


def test_up_to_a_limit(stored: MakeStore) -> None:
    store = stored(10)
    run(store, "trivial", through=store.position(7))
    assert store.left() == 13
    run(store, "trivial")
    assert store.left() == 0


def test_what_raises_is_tried_twice(stored: MakeStore) -> None:
    store = stored(4)
    run(store, "raising")
    ((trial, reason),) = store.failures()
    assert trial == "B1"
    assert reason.startswith("ValueError: no luck with 3\n")
    assert "doing.py" in reason
    assert {row.id: row.attempts for row in store.rows()} | {"B1": 2, "A2": 2} == {
        row.id: row.attempts for row in store.rows()
    }
    assert errors(store)["A2"] is not None


def test_what_crashes_costs_itself_only(stored: MakeStore) -> None:
    store = stored(20)
    run(store, "crashing")
    ((trial, reason),) = store.failures()
    assert trial == "B1"
    assert reason == "its process was ended by SIGSEGV\nthe end is near"
    assert store.tallies()[-1].done == 39


def test_a_lost_device_costs_one_trial(stored: MakeStore) -> None:
    """The process that lost it is replaced: in it no other trial would fare better."""
    store = stored(20)
    run(store, "losing")
    assert store.failures() == [("B1", "cuda:0 has failed with 3")]
    assert store.tallies()[-1].done == 39
    assert errors(store)["A2"] is not None


def test_lost_pictures_stop_the_sweep_and_fail_no_trial(stored: MakeStore) -> None:
    store = stored(4)
    with pytest.raises(RunError, match=r"^pictures/a\.png can't be read: No such file"):
        run(store, "without_pictures", workers=1)
    assert {row.status for row in store.rows()} == {"done", "pending"}
    run(store, "trivial")
    assert store.tallies()[-1].done == 8
    assert not store.failures()


def test_what_is_killed_from_outside_is_done_all_the_same(stored: MakeStore) -> None:
    store = stored(4)
    run(store, "killed")
    assert store.tallies()[-1].done == 8


def test_workers_that_can_not_begin(stored: MakeStore) -> None:
    with pytest.raises(RunError, match="workers can't begin: its process ended with status 7"):
        run(stored(), "broken")


def test_a_worker_says_what_is_wrong(stored: MakeStore) -> None:
    store = stored()
    store.database.change("PRAGMA user_version = 99")
    with pytest.raises(RunError, match="tables of version 99"):
        run(store, "trivial")


def test_stopping_leaves_no_claims(stored: MakeStore) -> None:
    store = stored()
    work = Work(store.folder, trial="tests.study.doing:hung")

    def watch() -> None:
        if store.tallies()[-1].running == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LocalRunner(["cpu", "cpu"]).run(store, work, watch)
    assert store.tallies()[-1].running == 0
    assert {row.attempts for row in store.rows()} == {0}


PARENT = """
import sys
from pathlib import Path
from anydsl.study.local import LocalRunner
from anydsl.study.runner import Work
from anydsl.study.store import Store
store = Store(Path(sys.argv[1]))
work = Work(store.folder, trial="tests.study.doing:" + sys.argv[2])
LocalRunner(["cpu", "cpu"]).run(store, work, lambda: None)
"""


def start(store: Store, trial: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PARENT, str(store.folder), trial])


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_workers_end_with_their_parent(stored: MakeStore) -> None:
    """Killed as it is, it can tell them nothing; what they held is free at once."""
    store = stored()
    with start(store, "hung") as parent:
        wait_until(lambda: store.tallies()[-1].running == 2)
        parent.kill()
    wait_until(lambda: store.tallies()[-1].running == 0)
    assert {row.attempts for row in store.rows()} == {0}


def test_two_sweeps_share_the_work(stored: MakeStore) -> None:
    store = stored(20)
    with start(store, "slow") as one, start(store, "slow") as two:
        assert one.wait(120) == two.wait(120) == 0
    assert store.tallies()[-1].done == 40
    assert {row.attempts for row in store.rows()} == {1}


def test_another_sweeps_orphans_are_done(stored: MakeStore) -> None:
    """A worker that died with its whole sweep holds up none that runs beside it."""
    from anydsl.study.claims import Claims

    store = stored(2)
    Claims(store, "dead").exchange((), 1)
    run(store, "trivial")
    assert store.left() == 0
