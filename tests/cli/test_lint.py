"""`anydsl lint`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DIAGNOSTIC = {
    "rule": str,
    "code": str,
    "severity": str,
    "message": str,
    "path": str,
    "line": int,
    "column": int,
    "end_line": int,
    "end_column": int,
    "labels": list,
    "help": (str, type(None)),
    "fixes": list,
}
PLACE = {"line": int, "column": int, "end_line": int, "end_column": int}


def holds(found: dict[str, Any], schema: dict[str, Any]) -> None:
    for key, kind in schema.items():
        assert isinstance(found[key], kind), key


def test_nothing_to_say(run, spec: Path) -> None:
    assert run("lint", spec) == (0, "", "no findings in 1 file\n")


def test_full(run, files: Path) -> None:
    ran = run("lint", files / "falling.anynet")
    assert ran.status == 1
    assert ran.out == (
        "warning[nondecreasing_width]: `w` falls from 24 in s1 to 16 in s2\n"
        f"   --> {files / 'falling.anynet'}:10:27\n"
        "   |\n"
        " 9 |     stage s1 { d = 1, w = 24 }\n"
        "   |                           -- it falls from this\n"
        "10 |     stage s2 { d = 2, w = 16 }\n"
        "   |                           ^^\n"
        '   = help: where it is on purpose: waive nondecreasing(w) because "…"\n'
        "\n"
    )
    assert ran.err == "1 warning in 1 file\n"


def test_concise(run, files: Path) -> None:
    ran = run("lint", "--output-format", "concise", files / "falling.anynet")
    assert ran.out == (
        f"{files / 'falling.anynet'}:10:27: warning[nondecreasing_width] "
        "`w` falls from 24 in s1 to 16 in s2\n"
    )


def test_json(run, files: Path) -> None:
    ran = run("lint", "--output-format", "json", files)
    found = json.loads(ran.out)
    assert ran.status == 1
    assert ran.err == ""
    assert {d["severity"] for d in found} == {"error", "warning"}
    for diagnostic in found:
        assert set(diagnostic) == set(DIAGNOSTIC)
        holds(diagnostic, DIAGNOSTIC)
        for label in diagnostic["labels"]:
            holds(label, {"message": str, "path": str} | PLACE)
    (falls,) = (d for d in found if d["rule"] == "nondecreasing_width")
    assert (falls["code"], falls["severity"]) == ("P003", "warning")
    place = [falls[key] for key in ("line", "column", "end_line", "end_column")]
    assert place == [10, 27, 10, 29]
    assert falls["labels"][0]["line"] == 9


def test_fixes_in_json(run, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("w = 24", "w = 25"))
    (found,) = json.loads(run("lint", "--output-format", "json", spec).out)
    assert [fix["edits"][0]["text"] for fix in found["fixes"]] == ["24", "32"]
    for fix in found["fixes"]:
        holds(fix, {"safe": bool, "message": str, "edits": list})
        for edit in fix["edits"]:
            holds(edit, {"text": str} | PLACE)
            assert [edit[key] for key in PLACE] == [9, 27, 9, 29]


def test_columns_are_code_points(run, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("g = 8", 'require params < 3 because "𝄞é", h = 1'))
    found = json.loads(run("lint", "--output-format", "json", spec).out)
    (last,) = (d for d in found if "`h`" in d["message"])
    assert (last["line"], last["column"]) == (8, 38)


def test_no_findings_are_an_empty_list(run, spec: Path) -> None:
    assert json.loads(run("lint", "--output-format", "json", spec).out) == []


def test_strict_makes_errors_of_warnings(run, files: Path) -> None:
    ran = run("lint", "--strict", "--output-format", "json", files / "falling.anynet")
    assert ran.status == 1
    assert [d["severity"] for d in json.loads(ran.out)] == ["error"]


def test_a_note_is_fine(run, spec: Path) -> None:
    text = spec.read_text()
    spec.write_text(
        text.replace("d = 1, w = 24", "d = 2, w = 24").replace("d = 2, w = 48", "d = 1, w = 48")
    )
    for arguments in ([], ["--strict"]):
        ran = run("lint", *arguments, spec)
        assert ran.status == 0
        assert ran.out.startswith("note[nondecreasing_depth]")


def test_folders_are_searched(run, files: Path) -> None:
    (files / "deep").mkdir()
    (files / "clean.anynet").rename(files / "deep" / "clean.anynet")
    (files / "deep" / "other.txt").write_text("{{{")
    ran = run("lint", files)
    assert ran.status == 1
    assert ran.err.endswith("in 4 files\n")


def test_a_folder_without_specs(run, tmp_path: Path) -> None:
    ran = run("lint", tmp_path)
    assert ran.status == 2
    assert "holds no .anynet files" in ran.err


def test_a_file_that_is_named_twice_is_read_once(run, files: Path) -> None:
    ran = run("lint", files / "falling.anynet", files)
    assert ran.out.count("nondecreasing_width") == 1


def test_links_and_detours_lead_to_one_file(run, files: Path, monkeypatch) -> None:
    monkeypatch.chdir(files)
    (files / "link.anynet").symlink_to("falling.anynet")
    for arguments in (["falling.anynet", "./falling.anynet", "link.anynet"], ["link.anynet", "."]):
        assert run("lint", *arguments).out.count("nondecreasing_width") == 1
    assert run("lint", "falling.anynet::Small", "falling.anynet").err == "1 warning in 1 file\n"
    assert run("lint", "two.anynet::Small", "two.anynet::Other").err == "no findings in 2 files\n"


def test_files_are_in_the_order_of_their_paths(run, files: Path, monkeypatch) -> None:
    monkeypatch.chdir(files)
    falling = (files / "falling.anynet").read_text()
    for name in ("z.anynet", "a.anynet", "b/c.anynet"):
        (files / name).parent.mkdir(exist_ok=True)
        (files / name).write_text(falling)
    (files / ".hidden").mkdir()
    (files / ".hidden" / "a.anynet").write_text(falling)
    ran = run("lint", "--output-format", "concise", "z.anynet", "b", "a.anynet")
    assert [line.partition(":")[0] for line in ran.out.splitlines()] == [
        "a.anynet",
        "b/c.anynet",
        "z.anynet",
    ]
    assert ".hidden" not in run("lint", ".").out
    assert ".hidden" in run("lint", ".hidden").out


def test_a_misspelt_word_has_a_fix(run, spec: Path) -> None:
    text = spec.read_text()
    spec.write_text(text.replace("resnext", "resnxt"))
    (found,) = json.loads(run("lint", "--output-format", "json", spec).out)
    assert [(f["safe"], f["edits"][0]["text"]) for f in found["fixes"]] == [(False, "resnext")]
    assert run("lint", "--fix", spec).status == 1
    assert run("lint", "--unsafe-fixes", spec).status == 0
    assert spec.read_text() == text


def test_standard_input(run, typed: Callable[[str], None], files: Path) -> None:
    typed((files / "falling.anynet").read_text())
    ran = run("lint", "--output-format", "concise", "-")
    assert ran.status == 1
    assert ran.out.startswith("<stdin>:10:27: warning")


def test_a_shipped_spec(run) -> None:
    assert run("lint", "std:d2l/regnetx32").status == 0


def test_one_declaration(run, files: Path) -> None:
    path = files / "two.anynet"
    head, tail = path.read_text().split("net Other")
    path.write_text(head + "net Other" + tail.replace("w = 48", "w = 16"))
    assert run("lint", f"{path}::Small").status == 0
    assert run("lint", f"{path}::Other").status == 1


@pytest.mark.parametrize("text", ["", "\n", "anynet 1", "\ufeffanynet 1\r\n", "anynet 2\n", "{"])
def test_short_files(run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.anynet"
    path.write_text(text, newline="", encoding="utf-8")
    assert run("lint", path).status == (0 if "anynet 1" in text else 1)
