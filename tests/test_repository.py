"""The files that other tools read: hooks for pre-commit, the GitHub action, attributes of git."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import anydsl
from anydsl.cli import commands, main
from tests.cli.conftest import FALLING, NET

ROOT = Path(__file__).parents[1]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_run(hook: dict[str, Any], tmp_path: Path, capsys) -> None:
    """Each is a command that takes files, as pre-commit hands them to it."""
    program, command, *options = shlex.split(hook["entry"])
    assert program == "anydsl"
    assert command in commands()
    assert hook["language"] == "python"
    assert hook["files"] == r"\.anynet$"
    files = [tmp_path / name for name in ("a.anynet", "b.anynet")]
    for file in files:
        file.write_text(NET)
    assert main([command, *options, *map(str, files)]) == 0
    assert [file.read_text() for file in files] == [NET, NET]


def test_the_action_is_composite() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert "uses" in step or step["shell"] == "bash"
    named = "".join(str(step) for step in ACTION["runs"]["steps"])
    for name in ACTION["inputs"]:
        assert f"inputs.{name} " in named
    assert shlex.split(ACTION["inputs"]["args"]["default"])[0] in commands()


@pytest.mark.parametrize(("text", "status"), [(NET, 0), (FALLING, 1)])
def test_what_the_action_runs(tmp_path: Path, text: str, status: int) -> None:
    """Its last step, with `anydsl` on the path; findings come as annotations."""
    script = tmp_path / "bin" / "anydsl"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m anydsl "$@"\n')
    script.chmod(0o755)
    (tmp_path / "net.anynet").write_text(text)
    environment = {
        **os.environ,
        "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GITHUB_ACTIONS": "true",
        "ANYDSL_ARGS": ACTION["inputs"]["args"]["default"],
    }
    run = ACTION["runs"]["steps"][-1]["run"]
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", run],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    assert done.stdout.startswith("::warning ") == bool(status)


def test_attributes() -> None:
    """Patterns name files that there are, and specs are text of one line end."""
    lines = (ROOT / ".gitattributes").read_text().splitlines()
    patterns = {line.split()[0]: line.split()[1:] for line in lines}
    assert "linguist-language=AnyNet" in patterns["*.anynet"]
    for pattern in patterns:
        assert list(ROOT.rglob(pattern) if "/" not in pattern else ROOT.glob(pattern)), pattern


def test_the_citation_names_this_version() -> None:
    citation: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == anydsl.__version__
    assert citation["license"] == "MIT"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == anydsl.__version__
    assert project["license"] == citation["license"]
    assert "MIT License" in (ROOT / project["license-files"][0]).read_text(encoding="utf-8")


def test_the_package_is_typed() -> None:
    assert (Path(anydsl.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("page", ["SECURITY.md", "CONTRIBUTING.md"])
def test_pages_name_what_there_is(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make\s([a-z-]+)`", text):
        assert f"\n{target}:" in makefile, target
    for name in re.findall(r"\b(?:docs|specs)/[\w/.-]*\w/?", text):
        assert (ROOT / name).exists(), name
