"""`anydsl show` and `anydsl expand`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import TWO

COUNTS = ("params", "flops", "acts")
PART = {"block", "output", *COUNTS}
STAGE = PART | {"name", "d", "w", "s", "b", "g", "groups", "se"}
SPECS = ("std:d2l/regnetx32", "std:regnet/regnety::RegNetY_400MF")


@pytest.mark.parametrize("spec", SPECS)
def test_json(run, spec: str) -> None:
    shown = json.loads(run("show", spec, "--format", "json").out)
    assert set(shown) == {"name", "input", *COUNTS, "depth", "stem", "stages", "head"}
    assert set(shown["stem"]) == set(shown["head"]) == PART
    assert all(set(stage) == STAGE for stage in shown["stages"])
    assert len(shown["input"]) == 3
    assert shown["depth"] == sum(stage["d"] for stage in shown["stages"])
    for count in COUNTS:
        parts = [shown["stem"], *shown["stages"], shown["head"]]
        assert sum(part[count] for part in parts) == shown[count]


def test_the_figures_of_the_book(run) -> None:
    shown = json.loads(run("show", "std:d2l/regnetx32", "--format", "json").out)
    assert shown["params"] == 177_322
    s1 = shown["stages"][0]
    assert [s1[key] for key in ("d", "w", "s", "b", "g", "groups", "se")] == [4, 32, 2, 1, 16, 2, 0]
    assert s1["output"] == [32, 24, 24]


def test_what_is_not_there_is_null(run, tmp_path: Path) -> None:
    path = tmp_path / "bare.anynet"
    path.write_text(
        "anynet 1\nnet A {\n  input = 3x8x8\n"
        "  body { block = plain, stage s1 { d = 1, w = 8 } }\n}\n"
    )
    shown = json.loads(run("show", path, "--format", "json").out)
    assert shown["stem"] is None
    assert shown["head"] is None
    stage = shown["stages"][0]
    assert [stage[key] for key in ("b", "g", "groups", "se")] == [None] * 4


def numbers(line: str) -> list[int]:
    """The three counts that a line of a table ends with."""
    return [int(word.replace(",", "")) for word in line.split()[-3:]]


def table(text: str) -> tuple[list[str], str]:
    """The lines of a table that hold counts, and its total."""
    rows = [line for line in text.splitlines() if line.split()[-1:] and line[-2].isdigit()]
    *rows, total = [row for row in rows if len(row.split()) > 3]
    assert total.split()[0] == "total"
    return rows, total


@pytest.mark.parametrize("spec", SPECS)
def test_tables_add_up(run, spec: str) -> None:
    shown = json.loads(run("show", spec, "--format", "json").out)
    expected = [shown[count] for count in COUNTS]
    for flag in ([], ["--ops"]):
        rows, total = table(run("show", spec, *flag).out)
        assert numbers(total) == expected
        assert [sum(column) for column in zip(*map(numbers, rows), strict=True)] == expected
    rows, total = table(run("show", spec, "--blocks").out)
    assert numbers(total) == expected
    assert sum(row.split()[0].startswith("s1.b") for row in rows) == shown["stages"][0]["d"]


def test_ops_are_named_as_in_the_graph(run) -> None:
    rows, _ = table(run("show", SPECS[0], "--ops").out)
    names = [row.split()[0] for row in rows]
    for name in ("stem.conv1", "s1.b1.main.conv1", "s1.b1.shortcut.bn1", "head.linear1"):
        assert name in names


@pytest.mark.parametrize("spec", SPECS)
def test_expand_says_the_same(run, tmp_path: Path, spec: str) -> None:
    expanded = run("expand", spec)
    assert expanded.status == 0
    for word in ("extends", "quantized_linear", "import"):
        assert word not in expanded.out
    path = tmp_path / "expanded.anynet"
    path.write_text(expanded.out, encoding="utf-8")
    assert run("lint", path).status == 0
    assert run("fmt", "--check", path).status == 0
    assert run("expand", path).out == expanded.out
    assert run("show", path).out == run("show", spec).out


def test_a_net_with_errors_is_not_shown(run, files: Path) -> None:
    for command in ("show", "expand"):
        ran = run(command, files / "broken.anynet")
        assert ran.status == 1
        assert ran.out == ""
        assert "error[syntax]" in ran.err


@pytest.mark.parametrize("command", ["show", "expand", "lint"])
def test_a_declaration_of_standard_input(run, typed, command: str) -> None:
    for name, status in (("Small", 0), ("Other", 0), ("Missing", 2)):
        typed(TWO)
        ran = run(command, f"-::{name}")
        assert ran.status == status
        assert name in ran.out + ran.err or command == "lint"
    assert "declares no `Missing`" in ran.err
