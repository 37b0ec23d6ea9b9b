"""`anydsl draw`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
BARE = """
import json, sys
blocked, arguments = json.loads(sys.argv[1])
for name in blocked:
    sys.modules[name] = None
from anydsl.cli import main
sys.exit(main(arguments))
"""


def bare(blocked: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a process in which some libraries can't be imported."""
    command = [sys.executable, "-c", BARE, json.dumps([blocked, arguments])]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".svg", b"<?xml"), (".html", b"<!DOCTYPE html>"), (".dot", b"digraph"), (".PNG", b"\x89PNG")],
)
def test_the_suffix_picks_the_form(run, spec: Path, tmp_path: Path, suffix, start) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"what was there before")
    ran = run("draw", spec, "-o", path)
    assert ran == (0, "", f"wrote {path}\n")
    assert path.read_bytes().startswith(start)
    assert [file.name for file in tmp_path.iterdir() if file.name[0] == "."] == []


def test_without_a_path_svg_is_printed(run, spec: Path) -> None:
    ran = run("draw", spec)
    assert (ran.status, ran.err) == (0, "")
    assert ET.fromstring(ran.out.encode()).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_warning_is_drawn_and_an_error_is_not(run, files: Path) -> None:
    assert "w falls from 24 in s1 to 16 in s2" in run("draw", files / "falling.anynet").out
    ran = run("draw", files / "broken.anynet")
    assert (ran.status, ran.out) == (1, "")
    assert "error" in ran.err
    assert run("draw", files / "two.anynet").status == 2


def test_pixels(run, spec: Path, tmp_path: Path) -> None:
    sizes = []
    for scale in ("1", "2.5"):
        path = tmp_path / "out.png"
        assert run("draw", spec, "-o", path, "--scale", scale).status == 0
        sizes.append(int.from_bytes(path.read_bytes()[16:20], "big"))
    assert abs(sizes[1] - 2.5 * sizes[0]) <= 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "out.pdf"], "suffix `.pdf`: there are .svg, .html, .dot, .png"),
        (["-o", "out"], "suffix ``"),
        (["-o", "no/such/folder/out.svg"], "can't write no/such/folder/out.svg"),
        (["-o", "folder.svg"], "can't write folder.svg"),
        (["--scale", "2"], "--scale is for .png"),
        (["-o", "out.png", "--scale", "0"], "a scale is a number from 0.1 to 20"),
        (["-o", "out.png", "--scale", "nan"], "a scale is a number from 0.1 to 20"),
    ],
)
def test_wrong_use(run, spec: Path, tmp_path: Path, monkeypatch, arguments, said) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.svg").mkdir()
    ran = run("draw", spec, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert len(list(tmp_path.iterdir())) == 2, "nothing is left behind"


def test_only_png_needs_more_than_the_package(spec: Path, tmp_path: Path) -> None:
    blocked = ["torch", "torchvision", "resvg_py", "rich", "numpy"]
    for suffix in (".svg", ".html", ".dot"):
        done = bare(blocked, "draw", str(spec), "-o", str(tmp_path / f"out{suffix}"))
        assert done.returncode == 0, done.stderr
    done = bare(blocked, "draw", str(spec), "-o", str(tmp_path / "out.png"))
    assert done.returncode == 2
    assert done.stderr == (
        "error: this needs resvg_py, which is not installed: pip install 'anydsl[draw]'\n"
    )
