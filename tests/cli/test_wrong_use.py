"""Exit statuses: 0 fine, 1 an error in what was given, 2 wrong use; and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from anydsl.cli import commands

READERS = ("lint", "fmt", "show", "expand", "compile", "train")


@pytest.mark.parametrize("command", READERS)
class TestEachReader:
    def test_a_missing_file(self, run, command: str, tmp_path: Path) -> None:
        ran = run(command, tmp_path / "no.anynet")
        assert ran.status == 2
        assert ran.out == ""
        assert ran.err == f"error: can't read {tmp_path / 'no.anynet'}: No such file or directory\n"

    def test_a_broken_file(self, run, command: str, files: Path) -> None:
        assert run(command, files / "broken.anynet").status == 1

    def test_a_binary_file(self, run, command: str, tmp_path: Path) -> None:
        path = tmp_path / "a.anynet"
        path.write_bytes(bytes(range(256)) * 8)
        ran = run(command, path)
        assert ran.status in (1, 2)
        assert "UTF-8" in ran.out + ran.err
        assert path.read_bytes() == bytes(range(256)) * 8

    def test_no_file(self, run, command: str) -> None:
        assert run(command).status == 2

    def test_an_unknown_flag(self, run, command: str, spec: Path) -> None:
        ran = run(command, spec, "--frobnicate")
        assert ran.status == 2
        assert "--frobnicate" in ran.err

    def test_help(self, run, command: str) -> None:
        ran = run(command, "--help")
        assert ran.status == 0
        assert ran.out.startswith(f"usage: anydsl {command} ")


@pytest.mark.parametrize("command", [c for c in READERS if c not in ("lint", "fmt")])
class TestEachUser:
    """Commands that need one net."""

    def test_a_folder(self, run, command: str, tmp_path: Path) -> None:
        ran = run(command, tmp_path)
        assert ran.status == 2
        assert ran.err == f"error: can't read {tmp_path}: Is a directory\n"

    def test_several_nets(self, run, command: str, files: Path) -> None:
        ran = run(command, files / "two.anynet")
        assert ran.status == 2
        assert "two.anynet::Small" in ran.err
        assert "two.anynet::Other" in ran.err

    def test_a_name_that_is_not_there(self, run, command: str, files: Path) -> None:
        ran = run(command, f"{files / 'two.anynet'}::Smal")
        assert ran.status == 2
        assert ran.err.endswith("did you mean `Small`?\n")
        assert run(command, f"{files / 'two.anynet'}::").status == 2

    def test_a_name_of_something_else(self, run, command: str, spec: Path) -> None:
        spec.write_text(spec.read_text() + "\nrecipe quick { epochs = 1 }\n")
        ran = run(command, f"{spec}::quick")
        assert ran.status == 2
        assert "`quick` is a recipe" in ran.err

    def test_no_net(self, run, command: str, tmp_path: Path) -> None:
        path = tmp_path / "empty.anynet"
        path.write_text("anynet 1\n")
        ran = run(command, path)
        assert ran.status == 2
        assert "declares no net" in ran.err

    def test_a_shipped_spec_that_is_not_there(self, run, command: str) -> None:
        ran = run(command, "std:d2l/regnetx23")
        assert ran.status == 2
        assert "did you mean `std:d2l/regnetx32`?" in ran.err


def test_without_arguments_the_commands_are_listed(run) -> None:
    ran = run()
    assert ran.status == 0
    assert run("--help") == run("-h") == ran
    for name in commands():
        assert f"  {name} " in ran.out


def test_the_version(run) -> None:
    assert run("--version").out == run("-V").out
    assert run("-V").out.startswith("anydsl ")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("lnt", "`lint`"), ("exapnd", "`expand`"), ("Lint", "`lint`"), ("zzz", "anydsl --help")],
)
def test_an_unknown_command(run, typed: str, hint: str) -> None:
    ran = run(typed, "x")
    assert ran.status == 2
    assert ran.out == ""
    assert f"there is no command `{typed}`" in ran.err
    assert hint in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["lint", "--output-format", "sarif2", "x"],
        ["lint", "--output-format"],
        ["explain", "a", "b"],
        ["explain", ""],
        ["show", ""],
        ["show", "::"],
        ["show", "std:"],
        ["show", "std:../pyproject"],
        ["show", "std:/etc/passwd"],
        ["show", "x", "y"],
        ["new", ""],
        ["new", "a", "b"],
        ["compile", "x", "--seed", "-"],
        ["compile", "std:d2l/regnetx32", "-o", "a.json", "--seed", "-1"],
        ["compile", "std:d2l/regnetx32", "-o", "a.json", "--seed", "9" * 30],
        ["compile", "std:d2l/regnetx32", "--to", ""],
        ["train", "std:d2l/regnetx32", "--set", "epochs", "--dry-run"],
        ["train", "std:d2l/regnetx32", "--set", "epoch=3", "--dry-run"],
        ["train", "std:d2l/regnetx32", "--set", "epochs=(", "--dry-run"],
        ["train", "std:d2l/regnetx32", "--set", "validation=0.9", "--dry-run"],
        ["train", "std:d2l/regnetx32", "--recipe", "none", "--dry-run"],
        ["train", "std:d2l/regnetx32", "--device", "abacus", "--dry-run"],
        ["train"],
        ["eval"],
        ["eval", "no-such-run"],
        ["__init__"],
        ["_strict"],
        [""],
        ["-"],
    ],
    ids=" ".join,
)
def test_wrong_calls(run, tmp_path: Path, monkeypatch, arguments: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert "error: " in ran.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        "net",
        "net {",
        "anynet 1\nnet A",
        "anynet 1\nnet A {}",
        "anynet 1\nnet A extends A {}",
        "anynet 1\nnet A { input = 1x1x1, body { block = A, stage s1 { d = 1 } } }",
        "anynet 1\nnet A { input = 1x1x1, body { stage s1 { d = 1 } } }",
        'anynet 1\nfrom "a.anynet" import B\nnet A extends B {}',
        'anynet 1\nfrom "../../../etc/passwd" import B\nnet A extends B {}',
        "anynet 1\nk = k\nnet A { input = 1xkx1, body {} }",
        "anynet 1\nnet A { input = 3x8x8, body { block = plain, stage s[4..1] { d = 1, w = 8 } } }",
        "anynet 1\nblock a() { out = x -> b }\nblock b() { out = x -> a }\n"
        "net A { input = 3x8x8, body { block = a, stage s1 { d = 1 } } }",
        "anynet 1\nnet A { input = 3x8x8, body { block = plain\n stage s1 { d = 99999, w = 8 } } }",
        "anynet 1\nnet A { input = 3x8x8, stem { w = 1/3 }, head { classes = true } }",
    ],
)
def test_files_that_make_no_net(run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.anynet"
    path.write_text(text, encoding="utf-8")
    assert run("lint", path).status == 1
    for command in ("show", "expand", "compile"):
        ran = run(command, path)
        assert ran.status in (1, 2)
        assert ran.out == ""
        assert "error" in ran.err
