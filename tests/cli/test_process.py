"""What only a process shows: what is imported, pipes that close, colour."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
}
BARE = """
import contextlib, io, json, sys
blocked, calls = json.loads(sys.argv[1])
for name in blocked:
    sys.modules[name] = None
from anydsl.cli import main
for arguments in calls:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    print(json.dumps([status, out.getvalue(), err.getvalue()]))
"""
TORCH = ["torch", "torchvision", "safetensors", "sklearn", "tensorboard", "onnx"]
BUILD = ["lark", "interegular", "hypothesis", "pytest"]


def bare(blocked: list[str], *calls: list[str]) -> list[tuple[int, str, str]]:
    """Commands in a process in which some libraries can't be imported."""
    command = [sys.executable, "-c", BARE, json.dumps([blocked, calls])]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_next_to_nothing_is_needed_to_check_and_format(spec: Path) -> None:
    blocked = [*TORCH, *BUILD, "networkx", "numpy", "rich", "dataclasses"]
    path = str(spec)
    calls = [["lint", path], ["fmt", "--check", path], ["explain", "shared_groups"]]
    calls += [["expand", path], ["show", path, "--format", "json"], ["compile", path, "--stop-at"]]
    calls[-1].append("network")
    for status, out, err in bare(blocked, *calls):
        assert status == 0, out + err


def test_no_torch_is_needed_to_show(spec: Path) -> None:
    found = bare(
        [*TORCH, *BUILD, "networkx", "numpy"],
        ["show", str(spec)],
        ["show", str(spec), "--blocks"],
        ["show", "std:regnet/regnety::RegNetY_400MF", "--ops"],
    )
    assert [status for status, _, _ in found] == [0, 0, 0]


def test_no_torch_is_needed_to_compare(spec: Path) -> None:
    calls = [["diff", str(spec), "std:regnet/regnety::RegNetY_400MF"]]
    calls.append([*calls[0], "--format", "json"])
    found = bare([*TORCH, *BUILD], *calls)
    assert [status for status, _, _ in found] == [0, 0]


def test_no_torch_is_needed_to_import_a_file(tmp_path: Path) -> None:
    path = tmp_path / "design.yaml"
    path.write_text("MODEL:\n  TYPE: regnet\n")
    calls = [["import", str(path)], ["import", "torchvision:resnet18"], ["import", "timm:resnet18"]]
    (status, out, _), *others = bare([*TORCH, *BUILD, "networkx", "numpy", "timm", "rich"], *calls)
    assert status == 0
    assert "net Design {" in out
    for status, out, err in others:
        assert (status, out) == (2, "")
        assert "pip install 'anydsl[" in err


def test_what_is_missing_is_said_in_one_line(spec: Path, tmp_path: Path) -> None:
    path = str(spec)
    calls = [["compile", path], ["compile", path, "-o", str(tmp_path / "a.py")]]
    calls += [["train", path, "--out", str(tmp_path / "run")], ["eval", str(tmp_path)]]
    for status, out, err in bare(TORCH, *calls, ["compile", path, "--stop-at", "graph"])[:-1]:
        assert (status, out) == (2, "")
        assert len(err.splitlines()) == 1
        assert "pip install 'anydsl[torch]'" in err


def started(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "anydsl", *arguments]
    return subprocess.run(  # type: ignore[call-overload]
        command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.parametrize(
    "arguments", [["explain"], ["show", "SPEC"], ["lint", "SPEC"], ["--help"]], ids=" ".join
)
def test_whoever_reads_has_gone(arguments: list[str], files: Path) -> None:
    spec = str(files / "falling.anynet")
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as pipe:
        ran = started(*[spec if a == "SPEC" else a for a in arguments], stdout=pipe)
    assert ran.returncode == 1
    for word in ("Traceback", "Exception", "BrokenPipe"):
        assert word not in ran.stderr


def test_standard_input_and_statuses(files: Path) -> None:
    ran = started("lint", "-", input=(files / "clean.anynet").read_text(), stdout=subprocess.PIPE)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "no findings in 1 file\n")
    assert started("lint", str(files), stdout=subprocess.PIPE).returncode == 1
    assert started("lnt", stdout=subprocess.PIPE).returncode == 2


def on_terminal(*arguments: str, **more: str) -> str:
    """What a command prints on a terminal of 80 columns."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = ENVIRONMENT | {"TERM": "xterm", "COLUMNS": "80"} | more
    command = [sys.executable, "-m", "anydsl", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    found = b""
    try:
        while data := os.read(ours, 2**16):
            found += data
    except OSError:  # the end, as Linux says it
        pass
    process.wait()
    os.close(ours)
    return found.decode()


def test_colour_on_a_terminal_but_not_under_no_color(files: Path) -> None:
    path = str(files / "falling.anynet")
    assert "\033[" in on_terminal("lint", path)
    plain = on_terminal("lint", path, NO_COLOR="1")
    assert "\033[" not in plain
    assert "warning[nondecreasing_width]: " in plain
    assert "\033[" not in on_terminal("lint", "no.anynet", NO_COLOR="1")
    ran = started("lint", path, stdout=subprocess.PIPE)
    assert "\033[" not in ran.stdout + ran.stderr


def test_a_terminal_of_80_columns_cuts_no_number() -> None:
    shown = on_terminal("show", "std:d2l/regnetx32", NO_COLOR="1")
    for number in ("177,322", "40,293,162", "622,090", "17,694,720"):
        assert number in shown
    assert "…" not in shown


def test_an_output_that_knows_ascii_only(spec: Path) -> None:
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}
    for arguments in (["--help"], ["explain", "shared_groups"], ["show", str(spec)]):
        command = [sys.executable, "-m", "anydsl", *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
