"""`anydsl sweep`, as it is typed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from anydsl.cli import main
from anydsl.errors import RunError, UsageError
from anydsl.study.errors_on_test import errors_on_test
from anydsl.study.store import Store

STUDY = """anynet 1

space Free {
  input = 1x8x8
  stem { w = 8, s = 1 }
  body {
    block = resnext, b = 1, g = 8
    stage s[1..2] { d ~ uniform(1..2), w ~ uniform(8..24 step 8) }
  }
  head { classes = 10 }
}

space Rising extends Free { require nondecreasing(w) }

recipe short {
  data = digits
  epochs = 1
  batch = 256
  optimizer = sgd(lr = 0.1)
}

study tiny {
  spaces = [Free, Rising]
  recipe = short
  samples = 2
}
"""
SAME = '"group", "index", id, seed, status, error, train_loss, curve, diverged, weights'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("ANYDSL_DATA", str(tmp_path / "no-data"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.chdir(tmp_path)
    Path("s.anynet").write_text(STUDY)


def rows(out: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"{out}/study.db") as connection:
        found = connection.execute(f"SELECT {SAME} FROM results").fetchall()
    connection.close()
    return found


def test_a_study_from_plan_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Planned, run in parts, grown, and with its test split read once."""
    assert main(["sweep", "s.anynet", "--dry-run", "--format", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["trials"] == plan["left"] == 4
    assert [group["group"] for group in plan["groups"]] == ["Free", "Rising"]
    assert plan["seconds"] > 0
    assert not Path("studies").exists()

    assert main(["sweep", "s.anynet", "--limit", "1", "--workers", "1"]) == 0
    said = capsys.readouterr()
    assert "study   tiny: 4 trials of 1 epoch\n" in said.err
    assert "left    3 trials: the same command goes on with them" in said.out

    first = rows("studies/tiny")[0]
    assert main(["sweep", "s.anynet", "--resume", "--quiet", "--format", "json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    end = json.loads(said.out)
    assert (end["total"], end["done"], end["failed"], end["trials"]) == (4, 4, 0, 3)
    assert end["groups"][0]["group"] == "Free"
    assert rows("studies/tiny")[0][:-1] == first[:-1]
    one_worker = rows("studies/tiny")

    assert main(["sweep", "s.anynet", "--workers", "2", "--out", "two"]) == 0
    assert rows("two") == one_worker

    Path("s.anynet").write_text(STUDY.replace("samples = 2", "samples = 3"))
    assert main(["sweep", "s.anynet", "--out", "two"]) == 0
    grown = rows("two")
    assert len(grown) == 6
    assert {row[:6] for row in one_worker} < {row[:6] for row in grown}
    capsys.readouterr()
    assert main(["sweep", "s.anynet", "--out", "two"]) == 0
    assert "\n0 trials in " in capsys.readouterr().out

    store = Store(Path("two"))
    best = min(store.rows(), key=lambda row: row.outcome.error if row.outcome else 1)
    assert best.weights
    tested = errors_on_test(store, [best.id], device="cpu")
    assert 0 < tested[best.id] < 1
    for file in Path("two/weights").iterdir():
        file.unlink()
    assert errors_on_test(store, [best.id], device="cpu") == tested

    Path("s.anynet").write_text(STUDY.replace("lr = 0.1", "lr = 0.2"))
    assert main(["sweep", "s.anynet", "--out", "two"]) == 1
    said = capsys.readouterr().err
    assert "two holds another study:" in said
    assert "-  optimizer = sgd(lr = 0.1)\n  +  optimizer = sgd(lr = 0.2)" in said


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--resume"], 2, "--resume: studies/tiny holds no study"),
        (["--workers", "0"], 2, "a whole number from 1 on"),
        (["--device", "tpu"], 2, "not on this machine"),
        (["--data", "nowhere"], 2, "error: nowhere: neither"),
        (["--data", "fashion_mnist"], 1, "fashion_mnist"),
        (["--out", "."], 1, "is not empty and holds no study"),
    ],
)
def test_wrong_use(capsys, words: list[str], status: int, said: str) -> None:
    try:
        assert main(["sweep", "s.anynet", *words]) == status
    except SystemExit as stop:
        assert stop.code == status
    assert said in capsys.readouterr().err


def test_only_studies_are_swept(capsys) -> None:
    assert main(["sweep", "s.anynet::Free"]) == 2
    assert "`Free` is a space, not a study" in capsys.readouterr().err


def test_failures_are_told(capsys, monkeypatch) -> None:
    from anydsl.study import preparing

    prepare = preparing.prepare_study

    def raising(*args: Any, **options: Any) -> preparing.Prepared:
        prepared = prepare(*args, **options)
        work = prepared.work.replace(trial="tests.study.doing:always_raising")
        return prepared.replace(work=work)

    monkeypatch.setattr(preparing, "prepare_study", raising)
    assert main(["sweep", "s.anynet", "--quiet"]) == 1
    said = capsys.readouterr().out
    assert said.count("ValueError: no luck") == 4
    assert "retry   the same command with --retry tries anew what failed" in said
    monkeypatch.setattr(preparing, "prepare_study", prepare)
    assert main(["sweep", "s.anynet", "--quiet", "--retry"]) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(number: signal.Signals) -> None:
    """Nothing is left running or claimed, and the message says how to go on."""
    Path("s.anynet").write_text(STUDY.replace("epochs = 1", "epochs = 500"))
    words = [sys.executable, "-m", "anydsl", "sweep", "s.anynet", "--workers", "1", "--quiet"]
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        words, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}, text=True
    )
    with process:
        until = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < until:
            with suppress(UsageError, RunError):  # it is not there yet, or has no tables
                store = Store(Path("studies/tiny"), readonly=True)
                running = store.groups() and store.tallies()[-1].running
                store.close()
                if running:
                    break
            time.sleep(0.05)
        process.send_signal(number)
        _, said = process.communicate()
    assert process.returncode == 1
    assert said == (
        "error: interrupted with 4 of 4 trials to go: "
        "`anydsl sweep s.anynet --workers 1` goes on from here\n"
    )
    assert {row.status for row in Store(Path("studies/tiny")).rows()} == {"pending"}
    assert list(Path("studies/tiny/owners").iterdir()) == []
