"""Runs whose files are cut, changed, or made by a stranger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch

from anydsl.training.runs.checkpoints import read, write
from tests.hostile.harming import cuts, flips, no_notes, odd_notes, others, said, state

_SPEC = """anynet 1

net T {
  input = 1x8x8
  stem { w = 8, s = 1 }
  body {
    block = plain
    stage s1 { d = 1, w = 8 }
  }
  head { classes = 10 }
}

recipe r {
  data = digits
  epochs = 2
  batch = 512
}
"""
_COMMANDS = {
    "eval": ("eval", "run"),
    "resume": ("train", "--resume", "run", "--quiet"),
    "runs": ("runs", "run"),
    "compare": ("runs", "--compare", "run", "run2"),
}
_NOTES = ("environment.json", "recipe.json", "data.json", "summary.json", "loggers.json")
_LAST, _BEST = "checkpoints/last.safetensors", "checkpoints/best.safetensors"
_READ = {
    "eval": ("spec.anynet", "data.json", _BEST),
    "resume": ("environment.json", "data.json", "loggers.json"),
    "finished": ("summary.json",),
}
"""What a command can't do without."""

Run = Callable[..., Path]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "t.anynet").write_text(_SPEC)
    command = ("train", folder / "t.anynet", "--out", folder / "run", "--quiet")
    assert said(*command).status == 0
    return folder / "run"


@pytest.fixture
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Makes `run` anew, finished or not, with other bytes in one of its files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANYDSL_DATA", str(tmp_path / "none"))
    shutil.copytree(trained, "run2")

    def make(file: str, data: bytes | None, *, finished: bool = False) -> Path:
        shutil.rmtree("run", ignore_errors=True)
        shutil.copytree(trained, "run")
        if not finished:
            Path("run/summary.json").unlink()
        path = Path("run", file)
        path.unlink(missing_ok=True)
        if data is None:
            path.mkdir()
        else:
            path.write_bytes(data)
        return path

    return make


def _asked(run: Run, file: str, harm: Iterable[bytes | None], *commands: str) -> list[int]:
    """The statuses of the commands; an error names the file and changes nothing."""
    found: list[int] = []
    for data in harm:
        for command in commands:
            path = run(file, data, finished=command in ("finished", "runs", "compare"))
            before = state(Path("run"))
            status, text = said(*_COMMANDS["resume" if command == "finished" else command])
            assert status in (0, 1, 2)
            if status:
                assert path.name in text, (command, text)
                assert state(Path("run")) == before
            found.append(status)
    return found


@pytest.mark.parametrize(
    ("command", "file"), [(command, file) for command, files in _READ.items() for file in files]
)
def test_a_file_that_is_cut_or_another_is_named(
    run: Run, trained: Path, command: str, file: str
) -> None:
    data = (trained / file).read_bytes()
    assert set(_asked(run, file, [*cuts(data), *others(data)], command)) == {1}


@pytest.mark.parametrize("file", ["metrics.jsonl", "diverged.json", "loggers.json", *_NOTES])
def test_lists_of_runs_go_on(run: Run, trained: Path, file: str) -> None:
    path = trained / file
    data = path.read_bytes() if path.exists() else b'{"message": "the loss is nan"}'
    for harmed in (*cuts(data), *others(data), *no_notes(), None):
        run(file, harmed, finished=True)
        assert said("runs", "run", "run2").status == 0


@pytest.mark.parametrize("file", _NOTES)
def test_notes_of_another_kind(run: Run, trained: Path, file: str) -> None:
    data = (trained / file).read_bytes()
    readers = {"summary.json": "finished", "data.json": "eval", "recipe.json": "runs"}
    reading = readers.get(file, "resume")
    assert file == "recipe.json" or 1 in _asked(run, file, no_notes(), reading)
    odd = list(odd_notes(data))
    _asked(run, file, odd, "compare")
    _asked(run, file, odd[::9], reading)


def test_metrics_of_another_kind(run: Run, trained: Path) -> None:
    data = (trained / "metrics.jsonl").read_bytes()
    last = data.splitlines()[-1]
    odd = [data + line + b"\n" for line in (*odd_notes(last), *no_notes())]
    for harmed in odd:
        run("metrics.jsonl", harmed, finished=True)
        assert said("runs", "run", "run2", "--sort", "loss").status == 0
    assert 1 in _asked(run, "metrics.jsonl", odd, "compare")


@pytest.mark.parametrize(
    ("file", "command"),
    [*((file, "resume") for file in ("spec.anynet", *_NOTES, _LAST)), (_BEST, "eval")],
)
def test_changed_bits_do_no_harm(run: Run, trained: Path, file: str, command: str) -> None:
    _asked(run, file, flips((trained / file).read_bytes()), command)


def test_a_checkpoint_that_a_stranger_wrote(run: Run, trained: Path) -> None:
    """Its digest is right, since the stranger has this program, too."""
    tensors, values = read(trained / _LAST)

    def refused(tensors: dict[str, torch.Tensor], values: dict[str, Any]) -> None:
        path = run(_LAST, b"")
        write(path, tensors, values)
        before = state(Path("run"))
        status, text = said(*_COMMANDS["resume"])
        assert (status, "run" in text) == (1, True), values
        assert state(Path("run")) == before

    for key in values:
        for value in ("x", -1, 10**9, [7], [{"epoch": 1}]):
            if key != "seconds" or not isinstance(value, int):
                refused(tensors, values | {key: value})
    row = values["history"][-1]
    for key in list(row)[::3]:
        refused(tensors, values | {"history": [row, row | {key: "x"}]})
    for name in ("losses", "correct", "model.head.linear1.bias"):
        refused(tensors | {name: torch.zeros(3, 3, 3)}, values)
        refused({other: tensors[other] for other in tensors if other != name}, values)


def test_best_weights_of_another_net(run: Run, trained: Path) -> None:
    path = run(_BEST, b"")
    write(path, {"x": torch.zeros(3)}, {"epoch": 1, "val_accuracy": 0.5})
    for command in ("eval", "resume"):
        status, text = said(*_COMMANDS[command])
        assert (status, "best.safetensors has the weights of another net" in text) == (1, True)


def test_numbers_that_are_none_are_written_as_such(tmp_path: Path) -> None:
    write(tmp_path / "x.safetensors", {"x": torch.ones(1)}, {"loss": float("nan")})
    assert read(tmp_path / "x.safetensors")[1] == {"loss": None}
    header = (tmp_path / "x.safetensors").read_bytes()[8:]
    json.loads(header[: header.rindex(b"}}") + 2], parse_constant=pytest.fail)
