"""What `anydsl eval` says beside the accuracy."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import torch

from anydsl.cli import main

SPEC = """anynet 1

net Small {
  input = 1x8x8
  stem { w = 8, s = 1 }
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 16 }
  }
  head { classes = 10 }
}

recipe quick {
  data = digits
  epochs = 2
  batch = 128
  optimizer = sgd(lr = 0.2, momentum = 0.9)
}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("eval")
    (folder / "s.anynet").write_text(SPEC)
    flags = ["--quiet", "--logger", "none", "--out", str(folder / "r")]
    assert main(["train", str(folder / "s.anynet"), *flags]) == 0
    return folder / "r"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_json_has_all_of_it(trained: Path, run) -> None:
    values = json.loads(run("eval", trained, "--format", "json").out)
    assert list(values) == [
        *("run", "data", "split", "weights", "pictures", "loss", "top1", "top5"),
        *("ece", "brier", "confidence", "classes", "confusion", "bins"),
    ]
    assert sum(map(sum, values["confusion"])) == values["pictures"] == 359
    hits = sum(values["confusion"][i][i] for i in range(10))
    assert hits / 359 == values["top1"]
    assert [c["n"] for c in values["classes"]] == [sum(row) for row in values["confusion"]]
    assert list(values["classes"][3]) == ["name", "n", "precision", "recall", "f1"]
    assert len(values["bins"]) == 15
    assert list(values["bins"][0]) == ["low", "high", "n", "confidence", "accuracy"]


def test_text_has_the_classes_and_on_request_the_calibration(trained: Path, run) -> None:
    values = json.loads(run("eval", trained, "--format", "json").out)
    text = run("eval", trained).out
    assert f"test accuracy {values['top1']:.2%}, among the first five" in text
    assert f"calibration error {values['ece']:.2%} at a mean confidence of" in text
    assert "most often taken: " in text
    assert " precision " in text and "93.3% to 100.0%" not in text
    told = values["classes"][7]
    (row,) = (line for line in text.splitlines() if line.startswith(" 7 "))
    assert row.split() == ["7", f"{told['n']}", *(f"{told[k]:.2%}" for k in list(told)[2:])]
    text = run("eval", trained, "--no-per-class", "--calibration").out
    assert " precision " not in text
    assert "93.3% to 100.0%" in text


def test_many_classes_are_told_on_request_only(
    trained: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anydsl.cli.eval._FEW", 9)
    assert " precision " not in run("eval", trained).out
    assert " precision " in run("eval", trained, "--per-class").out


def test_files(trained: Path, run) -> None:
    flags = ["--confusion", "c.svg", "--reliability", "r.svg", "--predictions", "p.csv"]
    ran = run("eval", trained, "--format", "json", *flags)
    values = json.loads(ran.out)
    assert ran.err == "wrote c.svg\nwrote r.svg\nwrote p.csv\n"
    for name in ("c.svg", "r.svg"):
        title = ET.parse(name).getroot().findtext("{http://www.w3.org/2000/svg}title")
        assert title is not None and title.startswith("Small on digits, test")
    with open("p.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(row["class"] == row["taken_for"] for row in rows) / 359 == values["top1"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--confusion c.gif", "--confusion c.gif: a chart is one of .svg, .png"),
        ("--reliability no/r.svg", "--reliability no/r.svg: there is no folder no"),
        ("--predictions p.txt", "--predictions p.txt: one of .csv, .npz"),
        ("--predictions no/p.csv", "--predictions no/p.csv: there is no folder no"),
    ],
)
def test_wrong_files_are_refused_before_anything_is_judged(
    trained: Path, run, flags: str, message: str
) -> None:
    ran = run("eval", trained, *flags.split())
    assert (ran.status, ran.out, ran.err) == (2, "", f"error: {message}\n")


def test_weights_that_diverged_are_an_error(trained: Path, run) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(trained / "checkpoints" / "best.safetensors")
    name = next(name for name in weights if name.startswith("head."))
    save_file(weights | {name: weights[name] * float("nan")}, "nan.safetensors")
    ran = run("eval", trained, "--weights", "nan.safetensors")
    assert (ran.status, ran.out) == (1, "")
    assert "outputs are no finite numbers: its weights have diverged" in ran.err
