"""`anydsl lint --output-format`: what other tools read.

The schema in `tests/cases/sarif-2.1.0.json` is the one of OASIS, as npm's `@microsoft/jest-sarif`
ships it (2.1.0-rtm.5), without its descriptions.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from anydsl.checker.registry import kinds
from tests.cli.conftest import FALLING, NET, write

SCHEMA = json.loads((Path(__file__).parents[1] / "cases" / "sarif-2.1.0.json").read_text())


@pytest.fixture
def folder(files: Path, monkeypatch) -> Path:
    """Files with errors, a warning, notes, fixes and strange names."""
    write(files / "a, b: c%.anynet", FALLING.replace("Small", "Strange"))
    write(files / "note.anynet", NET.replace("d = 1", "d = 3"))
    write(files / "odd.anynet", NET.replace("w = 24", "w = 25"))
    text = NET.replace("g = 8", 'require params < 3 because "𝄞 & <é>", h = 1')
    write(files / "wide.anynet", text)
    (files / "deep").mkdir()
    write(files / "deep" / "same.anynet", FALLING)
    monkeypatch.chdir(files)
    return files


def sarif(run, *arguments: str | Path) -> dict[str, Any]:
    ran = run("lint", "--output-format", "sarif", *arguments)
    log = json.loads(ran.out)
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    return log


def test_the_schema_is_one() -> None:
    jsonschema.Draft4Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SCHEMA).validate({"version": "2.1.0", "runs": [{}]})


def test_sarif(run, folder: Path) -> None:
    (own,) = sarif(run, ".")["runs"]
    declared = own["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in declared] == [kind.code for kind in kinds()]
    assert all(rule["help"]["text"] and rule["help"]["markdown"] for rule in declared)
    plain = json.loads(run("lint", "--output-format", "json", ".").out)
    assert len(own["results"]) == len(plain)
    for result, d in zip(own["results"], plain, strict=True):
        assert declared[result["ruleIndex"]]["id"] == result["ruleId"] == d["code"]
        assert result["level"] == d["severity"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"] == {
            "startLine": d["line"],
            "startColumn": d["column"],
            "endLine": d["end_line"],
            "endColumn": d["end_column"],
        }
        assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        assert len(result.get("fixes", ())) == len(d["fixes"])
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in own["results"]
    }
    assert "deep/same.anynet" in uris
    assert "a%2C%20b%3A%20c%25.anynet" in uris
    off = {rule["name"] for rule in declared if not rule["defaultConfiguration"]["enabled"]}
    assert "PaddedWidth" in off and "SharedBottleneck" not in off


def test_no_results_are_a_run_too(run, spec: Path) -> None:
    (own,) = sarif(run, spec)["runs"]
    assert own["results"] == []


def test_files_outside_of_the_folder_have_whole_addresses(run, folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder / "deep")
    (own,) = sarif(run, folder / "falling.anynet")["runs"]
    location = own["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": (folder / "falling.anynet").as_uri()}


def marks(run, *arguments: str | Path) -> list[str]:
    (own,) = sarif(run, *arguments)["runs"]
    return [result["partialFingerprints"]["anydsl/v1"] for result in own["results"]]


def test_fingerprints_do_not_move_with_lines(run, folder: Path) -> None:
    before = marks(run, ".")
    assert len(set(before)) == len(before)
    for path in folder.rglob("*.anynet"):
        text = path.read_text().replace("anynet 1\n", "anynet 1\n\n# one\n# two\n", 1)
        path.write_text(text.replace("  body {", "    body   {"))
    assert marks(run, ".") == before
    path = folder / "falling.anynet"
    path.write_text(path.read_text().replace("w = 16 }", "w = 8 }"))
    assert len(set(marks(run, ".")) & set(before)) == len(before) - 1


def test_github(run, folder: Path) -> None:
    ran = run("lint", "--output-format", "github", ".")
    lines = ran.out.splitlines()
    pattern = re.compile(r"::(error|warning|notice) [^:]*::[^\r\n]+")
    assert all(pattern.fullmatch(line) for line in lines)
    assert (
        "::warning title=anydsl (nondecreasing_width),file=falling.anynet,line=10,col=27,"
        "endLine=10,endColumn=29::`w` falls from 24 in s1 to 16 in s2%0A"
        'where it is on purpose: waive nondecreasing(w) because "…"'
    ) in lines
    assert any("file=a%2C b%3A c%25.anynet" in line for line in lines)
    assert {line.split()[0] for line in lines} == {"::error", "::warning", "::notice"}


def test_actions_get_annotations_by_themselves(run, folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("lint", ".").out == run("lint", "--output-format", "github", ".").out
    assert run("lint", "--output-format", "concise", "falling.anynet").out.startswith("falling.")
    monkeypatch.setenv("GITHUB_ACTIONS", "")
    assert run("lint", "falling.anynet").out.startswith("warning[")


def test_gitlab(run, folder: Path) -> None:
    """https://docs.gitlab.com/ci/testing/code_quality: the members that it needs."""
    found = json.loads(run("lint", "--output-format", "gitlab", ".").out)
    for issue in found:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert set(issue["location"]["positions"]) == {"begin", "end"}
        assert not issue["location"]["path"].startswith(("/", "./"))
    assert len({issue["fingerprint"] for issue in found}) == len(found)
    falls = [i for i in found if i["location"]["path"] == "falling.anynet"]
    assert falls[0]["location"]["positions"]["begin"] == {"line": 10, "column": 27}
    assert json.loads(run("lint", "--output-format", "gitlab", "clean.anynet").out) == []


def test_junit(run, folder: Path) -> None:
    ran = run("lint", "--output-format", "junit", ".")
    root = ElementTree.fromstring(ran.out.encode())
    suites = {suite.get("name"): suite for suite in root}
    assert root.tag == "testsuites"
    assert len(suites) == len(list(folder.rglob("*.anynet")))
    assert sum(int(s.get("tests", 0)) for s in root) == int(root.get("tests", 0))
    assert sum(len(s.findall("testcase/failure")) for s in root) == int(root.get("failures", 0))
    for suite in root:
        assert len(suite.findall("testcase")) == int(suite.get("tests", 0))
    (clean,) = suites["./clean.anynet"]
    assert list(clean) == []
    (falls,) = suites["./falling.anynet"]
    failure = falls.find("failure")
    assert failure is not None
    assert failure.get("message") == "`w` falls from 24 in s1 to 16 in s2"
    assert suites["./note.anynet"].get("failures") == "0"
    assert suites["./wide.anynet"].get("failures") != "0"


def test_control_characters_are_no_xml(run, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.anynet", "anynet 1\n\x01\x0b = 3\nx = \ufffe\n")
    ElementTree.fromstring(run("lint", "--output-format", "junit", path).out.encode())


def test_statistics(run, folder: Path) -> None:
    write(folder / "repeated.anynet", NET.replace("w = 24", "w = 24, g = 8"))
    ran = run("lint", "--statistics", ".")
    assert ran.status == 1
    lines = ran.out.splitlines()
    counts = [int(line.split()[0]) for line in lines]
    assert counts == sorted(counts, reverse=True)
    assert "3  P003  [ ] nondecreasing_width" in lines
    assert "1  R001  [*] repeated_setting" in lines
    table = json.loads(run("lint", "--statistics", "--output-format", "json", ".").out)
    assert {"code": "R001", "rule": "repeated_setting", "count": 1, "fixable": 1} in table
    assert sum(row["count"] for row in table) == sum(counts)


@pytest.mark.parametrize("name", ["full", "concise", "json", "sarif", "github", "gitlab", "junit"])
def test_the_status_is_that_of_the_findings(run, folder: Path, name: str) -> None:
    assert run("lint", "--output-format", name, "falling.anynet").status == 1
    assert run("lint", "--output-format", name, "clean.anynet", "note.anynet").status == 0


def test_standard_input_in_each_format(run, typed) -> None:
    for name in ("sarif", "github", "gitlab", "junit", "json"):
        typed(FALLING)
        assert "stdin" in run("lint", "--output-format", name, "-").out
