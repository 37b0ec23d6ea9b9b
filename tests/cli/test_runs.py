"""`anydsl runs`, of folders that are written here: no net is trained."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import anydsl

NET = """anynet 1

net Small {{
  input = 1x8x8
  stem {{ w = 8, s = 1 }}
  body {{
    block = resnext
    g = 8
    stage s1 {{ d = 1, w = {width} }}
  }}
  head {{ classes = 10 }}
}}

recipe quick {{
  data = digits
}}
"""
SGD = {"kind": "sgd", "lr": 0.1, "momentum": 0.9}


def made(
    path: str,
    accuracies: tuple[float | None, ...] = (0.5, 0.75, 0.75),
    *,
    test: float | None = 0.7,
    width: int = 16,
    optimizer: dict[str, Any] = SGD,
    started: str = "2026-11-24T12:00:00+0000",
    machine: str = "cpu",
) -> Path:
    """A run's folder with so many epochs."""
    folder = Path(path)
    folder.mkdir(parents=True)
    (folder / "spec.anynet").write_text(NET.format(width=width))
    recipe = {"name": "quick", "doc": "", "epochs": 3, "batch": 64, "optimizer": optimizer}
    environment = {"started": started, "command": path, "device": machine, "versions": {"torch": 1}}
    for name, value in (("recipe", recipe), ("environment", environment)):
        (folder / f"{name}.json").write_text(json.dumps(value))
    rows = [
        {
            "epoch": place,
            "step": place * 10,
            "train_loss": 2.0 / place,
            "train_accuracy": 0.4,
            "val_loss": 1.0,
            "val_accuracy": accuracy,
            "lr": 0.1,
            "seconds": 2.0,
            "images_per_second": 100.0 * place,
        }
        for place, accuracy in enumerate(accuracies, 1)
    ]
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    if test is not None:
        (folder / "summary.json").write_text(json.dumps({"test_accuracy": test}))
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(text: str) -> list[list[str]]:
    """The cells of a table's lines, below its titles."""
    return [line.split() for line in text.splitlines() if line.strip()][2:]


def test_one_line_a_run(run) -> None:
    made("runs/b", started="2026-11-24T12:00:00+0000")
    made("runs/a", (0.25,), test=None, started="2026-11-24T13:30:00+0000", width=24)
    wild = made("runs/c", (), test=None, started="2026-11-24T14:00:00+0000")
    (wild / "diverged.json").write_text('{"message": "the loss is nan at step 3"}')
    Path("runs/other").mkdir()
    Path("runs/file").touch()
    ran = run("runs")
    assert ran.status == 0
    cost = anydsl.measure(anydsl.load("runs/b/spec.anynet")).cost
    wider = anydsl.measure(anydsl.load("runs/a/spec.anynet")).cost
    speed = f"{3 / (1 / 100 + 1 / 200 + 1 / 300):.0f}"
    costs, wide = ([f"{c.params:,}", f"{c.flops:,}"] for c in (cost, wider))
    day = "2026-11-24"
    assert rows(ran.out) == [
        ["b", "finished", "3/3", "75.00%", "70.00%", "0.6667", speed, *costs, day, "12:00"],
        ["a", "unfinished", "1/3", "25.00%", "2.0000", "100", *wide, day, "13:30"],
        ["c", "diverged", "0/3", *costs, day, "14:00"],
    ]
    assert ran.err == "c: the loss is nan at step 3\n"


def test_json_and_csv_have_the_numbers(run) -> None:
    made("runs/a")
    (values,) = json.loads(run("runs", "--format", "json").out)
    assert values["run"] == "runs/a"
    assert (values["val_accuracy"], values["best_epoch"], values["seconds"]) == (0.75, 3, 6.0)
    assert values["curve"] == [[1, 0.5], [2, 0.75], [3, 0.75]]
    assert values["settings"]["optimizer.lr"] == 0.1
    assert values["settings"]["environment.versions.torch"] == 1
    (row,) = csv.DictReader(io.StringIO(run("runs", "--format", "csv").out))
    assert (row["run"], row["status"], row["test_accuracy"]) == ("runs/a", "finished", "0.7")
    assert list(row) == [key for key in values if key not in ("settings", "curve")]


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("started", "cab"),
        ("run", "abc"),
        ("validation", "bac"),
        ("test", "bca"),
        ("loss", "bac"),
        ("epochs", "bac"),
        ("params", "acb"),
    ],
)
def test_sorting_puts_the_best_first_and_what_is_not_known_last(run, key: str, order: str) -> None:
    made("runs/a", (0.5, 0.6), test=None, width=8, started="2026-11-24T12:00:00+0000")
    made("runs/b", (0.5, 0.6, 0.9), test=0.8, width=24, started="2026-11-24T13:00:00+0000")
    made("runs/c", (None,), test=0.3, width=16, started="2026-11-24T11:00:00+0000")
    assert "".join(row[0] for row in rows(run("runs", "--sort", key).out)) == order


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("spec.anynet", "anynet 1\nnet {", "spec.anynet:2"),
        ("recipe.json", "[]", "recipe.json is damaged: no object"),
        ("environment.json", '{"started": ', "environment.json is damaged"),
        ("metrics.jsonl", '{"epoch": 1}\n', "metrics.jsonl is damaged (no step)"),
        ("metrics.jsonl", "{\n{}\n", "metrics.jsonl is damaged"),
        ("metrics.jsonl", "7\n", "metrics.jsonl is damaged"),
        ("metrics.jsonl", None, "metrics.jsonl can't be read: No such file"),
        ("summary.json", "{}", "summary.json is damaged: no test_accuracy"),
        ("summary.json", "\udcff", "summary.json is damaged"),
    ],
)
def test_a_damaged_run_is_said_to_be(run, name: str, content: str | None, said: str) -> None:
    made("runs/good")
    folder = made("runs/bad")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content, errors="surrogateescape")
    ran = run("runs", "--sort", "run")
    assert ran.status == 0
    assert [row[:2] for row in rows(ran.out)] == [["bad", "damaged"], ["good", "finished"]]
    assert ran.err.startswith("bad: ") and said in ran.err
    ran = run("runs", "--compare")
    assert ran.status == 1
    assert ran.err.startswith("error: runs/bad can't be compared: ")


def test_a_line_that_is_being_written_is_left_out(run) -> None:
    folder = made("runs/a", test=None)
    with open(folder / "metrics.jsonl", "a") as file:
        file.write('{"epoch": 4, "st')
    (values,) = json.loads(run("runs", "--format", "json").out)
    assert (values["status"], values["epochs"]) == ("unfinished", 3)


def test_runs_can_be_named_one_by_one_and_in_several_folders(run) -> None:
    made("runs/a")
    made("old/a")
    made("old/b")
    assert [row[0] for row in rows(run("runs", "runs/a", "old", "old/b").out)] == [
        "runs/a",
        "old/a",
        "old/b",
    ]


def test_no_runs(run) -> None:
    ran = run("runs")
    assert (ran.status, ran.err) == (2, "error: there is no folder runs\n")
    Path("runs").mkdir()
    ran = run("runs")
    assert (ran.status, ran.out, ran.err) == (0, "", "no runs in runs\n")
    assert run("runs", "--format", "json").out == "[]\n"


def test_what_differs(run) -> None:
    made("runs/a")
    made("runs/b", width=24, machine="cuda", optimizer={"kind": "adamw", "lr": 0.1, "beta1": 0.9})
    made("runs/c", optimizer=SGD | {"nesterov": True}, test=0.9)
    ran = run("runs", "--sort", "run", "--compare")
    differing, results = ran.out.split(" result ")
    assert rows(differing) == [
        ["recipe", "optimizer", "sgd", "adamw", "sgd"],
        ["optimizer.momentum", "0.9", "-", "0.9"],
        ["optimizer.beta1", "-", "0.9", "-"],
        ["optimizer.nesterov", "-", "-", "true"],
        ["environment", "device", "cpu", "cuda", "cpu"],
        ["s1", "w", "16", "24", "16"],
    ]
    told = {row[0]: row[1:] for row in rows(f" result {results}")}
    assert told["test"] == ["70.00%", "70.00%", "90.00%"]
    assert told["params"][0] == told["params"][2] != told["params"][1]
    values = json.loads(run("runs", "--compare", "--sort", "run", "--format", "json").out)
    assert values["differences"][-1] == {
        "where": "s1",
        "setting": "w",
        "values": ["16", "24", "16"],
    }
    assert [one["run"] for one in values["runs"]] == ["runs/a", "runs/b", "runs/c"]


def test_runs_that_do_not_differ(run) -> None:
    made("runs/a")
    made("runs/b", started="2027-01-01T00:00:00+0000")
    assert run("runs", "--compare").out.startswith("the same net, recipe and machine\n")
    ran = run("runs", "runs/a", "--compare")
    assert (ran.status, ran.err) == (2, "error: --compare takes two runs or more: there are 1\n")


def test_curves(run) -> None:
    made("runs/a")
    made("runs/b", (None, None))
    ran = run("runs", "--curves", "c.svg")
    assert ran.err == "wrote c.svg\n"
    words = [element.text for element in ET.parse("c.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert "a: 75.00%" in words and not any(word and word.startswith("b") for word in words)
    ran = run("runs", "runs/b", "--curves", "c.svg")
    assert (ran.status, ran.err) == (2, "error: --curves: no run has a validation accuracy yet\n")
    assert run("runs", "--curves", "c.pdf").err.startswith("error: --curves c.pdf: a chart is one")


def test_runs_are_read_without_torch() -> None:
    made("runs/a")
    made("runs/b", width=24)
    code = (
        "import sys; from anydsl.cli import main\n"
        "main(['runs', '--curves', 'c.svg']); main(['runs', '--compare'])\n"
        "assert not {'torch', 'safetensors', 'sklearn', 'tensorboard'} & set(sys.modules)"
    )
    path = str(Path(anydsl.__file__).parents[1])
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
    assert Path("c.svg").exists()
