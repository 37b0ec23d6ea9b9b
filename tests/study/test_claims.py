"""Who does which trial, what a failure costs, and whose weights are kept."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from anydsl.study import keeping
from anydsl.study.claims import FAILURES, KILLS, Claims, Finished, drop_orphans
from anydsl.study.keeping import BEST, is_candidate, weights_of
from anydsl.study.owners import Owner, alive, tidy
from anydsl.study.rows import Outcome
from anydsl.study.store import Store

MakeStore = Callable[..., Store]


def ids(claims) -> list[str]:
    return [claim.id for claim in claims]


def status(store: Store, trial: str) -> str:
    return next(row.status for row in store.rows() if row.id == trial)


def test_no_two_have_one(stored: MakeStore, tmp_path: Path) -> None:
    mine = Claims(stored(2), "me")
    yours = Claims(Store(tmp_path / "s"), "you")
    assert ids(mine.exchange((), 2)) == ["A0", "B0"]
    assert ids(yours.exchange((), 9)) == ["A1", "B1"]
    assert mine.exchange((), 1) == []


def test_a_lost_claim_is_not_recorded(stored: MakeStore) -> None:
    store = stored(1)
    mine, yours = Claims(store, "me"), Claims(store, "you")
    (claim,) = mine.exchange((), 1)
    mine.drop()
    assert ids(yours.exchange((), 1)) == [claim.id]
    mine.exchange([Finished(claim.id, Outcome(0.9))], 0)
    assert status(store, claim.id) == "running"
    yours.exchange([Finished(claim.id, Outcome(0.1))], 0)
    mine.exchange([Finished(claim.id, Outcome(0.9)), Finished(claim.id, None, "no")], 0)
    (row,) = store.rows(status="done")
    assert row.outcome == Outcome(0.1)


def test_what_failed_is_tried_again_last_and_alone(stored: MakeStore) -> None:
    store = stored(2)
    claims = Claims(store, "me")
    (first,) = claims.exchange((), 1)
    rest = claims.exchange([Finished(first.id, None, "oh")], 3)
    assert first.id not in ids(rest)
    again = claims.exchange([Finished(claim.id, None, "oh") for claim in rest], 3)
    assert ids(again) == [first.id]
    assert again[0].attempts == FAILURES
    claims.exchange([Finished(first.id, None, "oh\nthere")], 0)
    assert store.failures() == [(first.id, "oh\nthere")]
    assert store.retry_failed() == 1
    assert status(store, first.id) == "pending"


def test_limits(stored: MakeStore) -> None:
    store = stored(3)
    claims = Claims(store, "me")
    assert store.position(7) is None
    through = store.position(2)
    assert ids(claims.exchange((), 9, through)) == ["A0", "B0"]
    assert store.left(through) == 2


def test_a_crash_is_blamed_on_the_one_trial(stored: MakeStore) -> None:
    store = stored(1, ("A",))
    claims = Claims(store, "me")
    for _ in range(FAILURES):
        assert status(store, "A0") == "pending"
        claims.exchange((), 1)
        assert claims.blame("it crashed", killed=False) == 1
    assert store.failures() == [("A0", "it crashed")]


def test_a_kill_is_not_held_against_a_trial_so_soon(stored: MakeStore) -> None:
    store = stored(1, ("A",))
    claims = Claims(store, "me")
    for _ in range(KILLS):
        assert status(store, "A0") == "pending"
        claims.exchange((), 1)
        claims.blame("it was killed", killed=True)
    assert status(store, "A0") == "failed"


def test_of_several_none_is_blamed(stored: MakeStore) -> None:
    store = stored(2, ("A",))
    claims = Claims(store, "me")
    for _ in range(3 * FAILURES):
        held = claims.exchange((), 2)
        assert claims.blame("it crashed", killed=False) == len(held)
        if len(held) == 1:
            break
    assert not store.failures()
    assert len(claims.exchange((), 2)) == 1


def test_owners_live_as_long_as_their_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from anydsl.study.owners import Owner\n"
        "owner = Owner(Path(sys.argv[1])); owner.__enter__()\n"
        "print(owner.name, flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert alive(tmp_path, name)
        process.kill()
    assert not alive(tmp_path, name)
    assert not alive(tmp_path, "nobody")


def test_orphans_are_dropped_without_blame(stored: MakeStore) -> None:
    store = stored(2)
    with Owner(store.folder) as living:
        Claims(store, "dead").exchange((), 1)
        Claims(store, living.name).exchange((), 1)
        drop_orphans(store)
        assert [row.status for row in store.rows()] == ["pending", "pending", "running", "pending"]
        (again,) = Claims(store, living.name).exchange((), 1)
        assert (again.id, again.attempts) == ("A0", 1)
    assert not alive(store.folder, living.name)


def test_old_files_of_the_dead_are_removed(tmp_path: Path, monkeypatch) -> None:
    with Owner(tmp_path) as owner:
        for name in ("dead.lock", "dead.log"):
            (tmp_path / "owners" / name).write_text("")
        tidy(tmp_path)
        assert len(list((tmp_path / "owners").iterdir())) == 3
        monkeypatch.setattr("anydsl.study.owners._OLD", -1.0)
        tidy(tmp_path)
        assert [file.stem for file in (tmp_path / "owners").iterdir()] == [owner.name]


@pytest.mark.parametrize("seed", range(3))
def test_the_best_are_kept_in_whatever_order_they_come(stored: MakeStore, seed: int) -> None:
    chance = random.Random(seed)
    store = stored(12, ("A", "B"))
    claims = Claims(store, "me")
    held = claims.exchange((), 24)
    errors = {claim.id: chance.randrange(8) / 10 + (claim.id[0] == "B") for claim in held}
    position = {claim.id: number for number, claim in enumerate(held)}
    chance.shuffle(held)
    weights_of(store.folder, "").parent.mkdir()
    for claim in held:
        keep = is_candidate(store, claim.id, errors[claim.id])
        if keep:
            weights_of(store.folder, claim.id).write_text("")
        claims.exchange([Finished(claim.id, Outcome(errors[claim.id]), weights=keep)], 0)
    ranked = sorted(errors, key=lambda trial: (errors[trial], position[trial]))
    best = {*ranked[:BEST], next(trial for trial in ranked if trial[0] == "B")}
    assert {row.id for row in store.rows() if row.weights} == best
    assert {file.stem for file in (store.folder / "weights").iterdir()} == best


def test_weights_that_nobody_recorded_are_removed(stored: MakeStore) -> None:
    store = stored(2)
    (claim,) = Claims(store, "me").exchange((), 1)
    weights_of(store.folder, "").parent.mkdir()
    for trial in (claim.id, "A1", "stranger"):
        weights_of(store.folder, trial).write_text("")
    keeping.tidy(store)
    assert [file.stem for file in (store.folder / "weights").iterdir()] == [claim.id]
