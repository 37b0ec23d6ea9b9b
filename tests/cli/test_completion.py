"""What a shell completes, asked of bash itself; the scripts for the others name the same words."""

from __future__ import annotations

import shutil
import subprocess
from argparse import ArgumentParser
from pathlib import Path

import pytest

from anydsl.cli import command, commands
from tests.cli.conftest import Run

ASK = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
name=$(complete -p anydsl | grep -o -- '-F [^ ]*')
"${name#-F }" anydsl "${@: -1}" "${@: -2:1}" 2> /dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import contextlib
    import io

    from anydsl.cli import main

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["completion", "bash"]) == 0
    file = tmp_path_factory.mktemp("bash") / "anydsl.bash"
    file.write_text(printed.getvalue())
    return file


def completed(script: Path, *words: str, cwd: Path) -> set[str]:
    bash = shutil.which("bash")
    assert bash is not None
    asked = [bash, "--norc", "-c", ASK, "bash", str(script), "anydsl", *words]
    done = subprocess.run(asked, cwd=cwd, capture_output=True, text=True, check=True)
    return {word.strip() for word in done.stdout.split("\n")} - {""}


def options(name: str) -> set[str]:
    """The long options that a command declares."""
    parser = ArgumentParser()
    command(name).add_arguments(parser)
    words = parser.format_help().replace("[", " ").replace("]", " ").replace(",", " ").split()
    return {word for word in words if word.startswith("--") and word != "--"}


def test_commands(script: Path, tmp_path: Path) -> None:
    assert set(commands()) <= completed(script, "", cwd=tmp_path)
    assert completed(script, "sw", cwd=tmp_path) == {"sweep"}


@pytest.mark.parametrize("name", ["lint", "train", "sweep", "compile"])
def test_options_of_a_command(script: Path, tmp_path: Path, name: str) -> None:
    assert completed(script, name, "--", cwd=tmp_path) >= options(name)
    assert len(options(name)) > 5


def test_values_of_an_option_and_rules(script: Path, tmp_path: Path) -> None:
    assert completed(script, "lint", "--output-format", "s", cwd=tmp_path) == {"sarif"}
    assert completed(script, "explain", "nondecreasing_w", cwd=tmp_path) == {"nondecreasing_width"}


def test_files(script: Path, tmp_path: Path) -> None:
    for name in ("net.anynet", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "nets").mkdir()
    for words in (("lint", "n"), ("show", "n"), ("diff", "a.anynet", "n")):
        assert completed(script, *words, cwd=tmp_path) == {"net.anynet", "nets"}
    assert completed(script, "report", "n", cwd=tmp_path) == {"nets"}
    assert completed(script, "compile", "--weights", "no", cwd=tmp_path) == {"notes.txt"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_knows_every_word(shell: str, run: Run) -> None:
    printed = run("completion", shell).out
    for name in commands():
        assert name in printed
        for option in options(name):
            assert option in printed or f"-l {option.removeprefix('--')}" in printed, option
    assert "*.anynet" in printed
    checker = shutil.which(shell)
    if checker is not None:  # its own parser, where it is installed
        done = subprocess.run([checker, "-n"], input=printed, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_version_names_the_edition(run: Run) -> None:
    import anydsl

    assert run("--version").out == f"anydsl {anydsl.__version__}, edition 1 of the language\n"
