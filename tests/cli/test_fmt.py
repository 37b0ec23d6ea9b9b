"""`anydsl fmt`."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

UGLY = "anynet 1\nnet  A{\ninput=3x32x32 # size\n}\n"
NEAT = "anynet 1\n\nnet A {\n  input = 3x32x32  # size\n}\n"


@pytest.fixture
def ugly(tmp_path: Path) -> Path:
    path = tmp_path / "ugly.anynet"
    path.write_bytes(UGLY.encode())
    return path


def test_in_place(run, ugly: Path) -> None:
    assert run("fmt", ugly) == (0, "", f"formatted {ugly}\n")
    assert ugly.read_text() == NEAT
    assert run("fmt", ugly) == (0, "", "")


def test_check_writes_nothing(run, ugly: Path, spec: Path) -> None:
    ran = run("fmt", "--check", ugly, spec)
    assert ran == (1, "", f"{ugly} would change\n")
    assert ugly.read_text() == UGLY
    assert run("fmt", "--check", spec).status == 0


def test_diff_writes_nothing(run, ugly: Path) -> None:
    ran = run("fmt", "--diff", ugly)
    assert ran.status == 1
    assert "-input=3x32x32 # size" in ran.out
    assert "+  input = 3x32x32  # size" in ran.out
    assert ugly.read_text() == UGLY


def test_standard_input_goes_to_standard_output(run, typed: Callable[[str], None]) -> None:
    typed(UGLY)
    assert run("fmt", "-") == (0, NEAT, "")
    typed(UGLY)
    assert run("fmt", "--check", "-").status == 1


def test_a_broken_file_is_refused_and_left(run, files: Path) -> None:
    path = files / "broken.anynet"
    path.write_text(path.read_text().replace("  head", "     head"))
    before = path.read_bytes()
    ran = run("fmt", path)
    assert ran.status == 1
    assert "error[syntax]" in ran.err
    assert path.read_bytes() == before


def test_a_broken_file_does_not_keep_others_from_it(run, files: Path, ugly: Path) -> None:
    assert run("fmt", files / "broken.anynet", ugly).status == 1
    assert ugly.read_text() == NEAT


def test_folders(run, ugly: Path) -> None:
    assert run("fmt", ugly.parent).status == 0
    assert ugly.read_text() == NEAT


def test_permissions_are_kept(run, ugly: Path) -> None:
    ugly.chmod(0o640)
    run("fmt", ugly)
    assert stat.S_IMODE(ugly.stat().st_mode) == 0o640


def test_line_ends_are_kept(run, ugly: Path) -> None:
    ugly.write_bytes(UGLY.replace("\n", "\r\n").encode())
    run("fmt", ugly)
    assert ugly.read_bytes() == NEAT.replace("\n", "\r\n").encode()


def test_a_missing_last_newline_is_added(run, ugly: Path) -> None:
    ugly.write_bytes(UGLY.rstrip().encode())
    run("fmt", ugly)
    assert ugly.read_text() == NEAT


def test_a_link_stays_a_link(run, ugly: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.anynet"
    link.symlink_to(ugly)
    run("fmt", link)
    assert link.is_symlink()
    assert ugly.read_text() == NEAT


def test_a_file_that_can_not_be_written(run, ugly: Path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    ran = run("fmt", ugly)
    assert ran.status == 2
    assert ran.err == f"error: can't write {ugly}: Permission denied\n"
    assert ugly.read_text() == UGLY
    assert os.listdir(ugly.parent) == [ugly.name]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"anynet 1\n# \xe9\n"])
def test_what_is_not_text(run, ugly: Path, content: bytes) -> None:
    ugly.write_bytes(content)
    ran = run("fmt", ugly)
    assert ran.status in (1, 2)
    assert "UTF-8" in ran.err
    assert ugly.read_bytes() == content
