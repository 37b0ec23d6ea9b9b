"""A bug that is planted in a target is found, its text is kept, and can be tried again."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from anydsl.lsp.server import FILES
from fuzz import __main__ as command
from fuzz.editing import asked
from fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
ENGINES = ["hypothesis"] + ["atheris"] * (importlib.util.find_spec("atheris") is not None)
REPEATED = re.compile(r"^  \S+ -m fuzz (\S+) (\S+)$", re.M)


def fuzz(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fuzz", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("bug", "said"),
    [
        ("raises", "ValueError: planted"),
        ("hangs", "planted.py"),
        ("ends", "status"),
        ("eats", "MemoryError"),
    ],
)
def test_a_planted_bug_is_found(engine: str, bug: str, said: str, tmp_path: Path) -> None:
    target = f"tests.fuzz.planted:{bug}"
    options = ("--slow", "1", "--folder", tmp_path, "--seconds", "60", "--seed", "1")
    done = fuzz(target, "--engine", engine, *options)
    assert done.returncode == 1
    assert "a finding" in done.stdout
    assert said in done.stdout + done.stderr
    ((repeated, file),) = REPEATED.findall(done.stdout)
    kept = Path(file)
    assert repeated == target
    assert kept.parent == tmp_path
    text = kept.read_bytes()
    assert b"stage" in text
    if engine == "hypothesis" and bug in ("raises", "eats"):
        assert len(text) < 60  # it shrank
    again = fuzz(target, kept, *options)
    assert again.returncode == 1
    assert said in again.stdout + again.stderr
    assert kept.read_bytes() == text


def test_without_a_finding_it_ends_in_time(tmp_path: Path) -> None:
    done = fuzz("tests.fuzz.planted:nothing", "--seconds", "0", "--folder", tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"seed \d+: [1-9]\d* texts, no finding\n", done.stdout)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["nothing", "nothing:at"])
def test_a_target_that_is_not_there(target: str, tmp_path: Path) -> None:
    (tmp_path / "nothing.at-hypothesis.trying").write_text("left by a run that was interrupted")
    done = fuzz(target, "--folder", tmp_path, "--seconds", "1")
    assert done.returncode != 0
    assert "nothing" in done.stderr
    assert "finding" not in done.stdout


def test_without_atheris_it_says_what_to_install(monkeypatch, capsys, tmp_path: Path) -> None:
    arguments = ["fuzz", "parser", "--engine", "atheris", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert "pip install atheris" in capsys.readouterr().err


def test_the_targets_are_those_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"FUZZED := {' '.join(TARGETS)}\n" in makefile
    assert tuple(TARGETS) == command.TARGETS


def test_the_server_is_asked_all_that_it_answers() -> None:
    offered = {feature.method for file in FILES for feature in file.FEATURES}
    told = {"initialize", "initialized", "workspace/didChangeWatchedFiles"}
    told |= {f"textDocument/did{what}" for what in ("Open", "Change", "Save", "Close")}
    assert set(asked()) == offered - told
