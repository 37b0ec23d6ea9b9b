"""`anydsl new`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def test_the_starter_lints_clean_and_formats_to_itself(run, tmp_path: Path) -> None:
    path = tmp_path / "my-first net.anynet"
    assert run("new", path).status == 0
    assert "net MyFirstNet {" in path.read_text(encoding="utf-8")
    assert run("lint", "--strict", path) == (0, "", "no findings in 1 file\n")
    assert run("fmt", "--check", path).status == 0
    assert run("show", path).status == 0


def test_its_name_is_net_anynet_where_none_is_given(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("new")
    assert ran.status == 0
    assert ran.out == ""
    assert "anydsl" in ran.err
    assert "net.anynet" in ran.err
    assert (tmp_path / "net.anynet").is_file()


def test_a_file_that_is_there_is_left_alone(run, spec: Path) -> None:
    before = spec.read_bytes()
    ran = run("new", spec)
    assert ran.status == 2
    assert "is there already" in ran.err
    assert spec.read_bytes() == before


def test_a_dash_prints_it(run, typed: Callable[[str], None]) -> None:
    ran = run("new", "-")
    assert ran.status == 0
    assert ran.out.startswith("anynet 1\n")
    typed(ran.out)
    assert run("lint", "--strict", "-").status == 0


@pytest.mark.parametrize("name", ["7.anynet", "ü.anynet", "a.b.c.anynet", "net.anynet"])
def test_any_file_name_makes_a_name(run, tmp_path: Path, name: str) -> None:
    assert run("new", tmp_path / name).status == 0
    assert run("lint", tmp_path / name).status == 0


def test_a_folder_that_is_missing(run, tmp_path: Path) -> None:
    ran = run("new", tmp_path / "no" / "net.anynet")
    assert ran.status == 2
    assert "No such file" in ran.err
