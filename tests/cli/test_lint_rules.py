"""`anydsl lint`: which rules are on, by options and by `[tool.anydsl]`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anydsl.cli import main
from tests.cli.conftest import NET, write

PADDED = NET.replace("w = 24", "w = 20").replace("g = 8", "g = 4")
FALLING = NET.replace("w = 48", "w = 16")
REPEATED = NET.replace("w = 24", "w = 24, g = 8")


def rules(run, *arguments: str | Path) -> list[str]:
    ran = run("lint", "--output-format", "json", *arguments)
    assert ran.status in (0, 1), ran.err
    return [d["rule"] for d in json.loads(ran.out)]


@pytest.fixture
def file(tmp_path: Path, monkeypatch) -> Path:
    """A file that falls, repeats itself and pads its width."""
    text = PADDED.replace("w = 48", "w = 16").replace("w = 20", "w = 20, g = 4")
    return write(tmp_path / "specs" / "net.anynet", text)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()


def test_what_is_on_by_itself(run, file: Path) -> None:
    assert rules(run, file) == ["repeated_setting", "nondecreasing_width"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--select", "P"], ["nondecreasing_width"]),
        (["--select", "P003"], ["nondecreasing_width"]),
        (["--select", "nondecreasing-width"], ["nondecreasing_width"]),
        (["--select", "NONDECREASING_WIDTH,R"], ["repeated_setting", "nondecreasing_width"]),
        (["--select", "R", "--select", "P"], ["repeated_setting", "nondecreasing_width"]),
        (["--select", "H001"], ["padded_width"]),
        (["--extend-select", "H001", "--ignore", "P"], ["padded_width", "repeated_setting"]),
        (["--ignore", "R001"], ["nondecreasing_width"]),
        (["--ignore", "ALL"], []),
        (["--ignore", "ALL", "--select", "P003"], ["nondecreasing_width"]),
        (["--select", "ALL", "--ignore", "P,H,R002"], ["repeated_setting"]),
        (["--select", "R", "--ignore", "R001"], []),
        (["--select", "R001", "--ignore", "R"], ["repeated_setting"]),
        (["--select", "E"], []),
    ],
)
def test_selecting(run, file: Path, arguments: list[str], expected: list[str]) -> None:
    found = rules(run, *arguments, file)
    assert sorted(found) == sorted(expected)


def test_errors_stay(run, file: Path) -> None:
    file.write_text(file.read_text().replace("d = 1", "d = x"))
    assert rules(run, "--select", "R", file) == ["unknown_name"]
    assert rules(run, "--ignore", "ALL", file) == ["unknown_name"]
    ran = run("lint", "--ignore", "unknown_name", file)
    assert ran.status == 2
    assert "errors can't be ignored" in ran.err


@pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select"])
def test_a_rule_that_there_is_not(run, file: Path, option: str) -> None:
    ran = run("lint", option, "nondecreasing_widht", file)
    assert ran.status == 2
    assert ran.err.endswith("did you mean `nondecreasing_width`?\n")


def configure(folder: Path, text: str) -> None:
    write(folder / "pyproject.toml", f"[tool.anydsl]\n{text}\n")


def test_a_configuration(run, file: Path, tmp_path: Path) -> None:
    configure(tmp_path, 'select = ["P"]')
    assert rules(run, file) == ["nondecreasing_width"]
    assert rules(run, "--select", "R", file) == ["repeated_setting"]
    assert rules(run, "--ignore", "P003", file) == []
    assert rules(run, "--extend-select", "R001", file) == [
        "repeated_setting",
        "nondecreasing_width",
    ]
    assert rules(run, "--isolated", file) == ["repeated_setting", "nondecreasing_width"]
    configure(tmp_path, 'ignore = ["R"]\nextend-select = ["padded_width"]')
    assert rules(run, file) == ["padded_width", "nondecreasing_width"]
    configure(tmp_path, "select = []")
    assert rules(run, file) == []


def test_the_nearest_configuration_counts(run, file: Path, tmp_path: Path) -> None:
    configure(tmp_path, 'select = ["P"]')
    write(file.parent / "pyproject.toml", '[project]\nname = "anydsl-specs"\n')
    assert rules(run, file) == ["nondecreasing_width"]
    configure(file.parent, 'select = ["R"]')
    assert rules(run, file) == ["repeated_setting"]
    other = write(tmp_path / "other.anynet", file.read_text().replace("Small", "Other"))
    assert rules(run, file, other) == ["nondecreasing_width", "repeated_setting"]
    assert rules(run, "--config", tmp_path / "pyproject.toml", file) == ["nondecreasing_width"]


def test_per_file_ignores(run, file: Path, tmp_path: Path) -> None:
    for pattern in ("specs/*.anynet", "*.anynet", "**/net.anynet", "./specs/net.anynet"):
        configure(tmp_path, f'per-file-ignores = {{ "{pattern}" = ["R", "P003"] }}')
        assert rules(run, file) == []
    configure(tmp_path, 'per-file-ignores = { "other/*" = ["R", "P003"] }')
    assert len(rules(run, file)) == 2
    configure(tmp_path, '[tool.anydsl.per-file-ignores]\n"specs/*" = ["P"]')
    write(tmp_path / "pyproject.toml", '[tool.anydsl.per-file-ignores]\n"specs/*" = ["P"]\n')
    assert rules(run, file) == ["repeated_setting"]


def test_severities(run, file: Path, tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        '[tool.anydsl.severities]\nP003 = "error"\nrepeated_setting = "note"\n',
    )
    found = json.loads(run("lint", "--output-format", "json", file).out)
    assert {d["rule"]: d["severity"] for d in found} == {
        "repeated_setting": "note",
        "nondecreasing_width": "error",
    }
    write(tmp_path / "pyproject.toml", '[tool.anydsl.severities]\nP = "note"\nR = "note"\n')
    assert run("lint", file).status == 0


def test_a_milder_finding_stays_milder(run, tmp_path: Path) -> None:
    """The last stage alone may be shallower: a severity for the rule is not for that."""
    text = NET.replace("d = 1", "d = 3")
    path = write(tmp_path / "net.anynet", text)
    write(tmp_path / "pyproject.toml", '[tool.anydsl.severities]\nP004 = "error"\n')
    assert run("lint", path).status == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("selekt = []", "did you mean `select`?"),
        ('select = "P"', "is a list of rules"),
        ("select = [1]", "is a list of rules"),
        ('select = ["nonsense"]', "no rule is called `nonsense`"),
        ('ignore = ["E003"]', "errors can't be ignored"),
        ('per-file-ignores = ["P"]', "is a table"),
        ('per-file-ignores = { "*" = ["nonsense"] }', "no rule is called `nonsense`"),
        ('severities = { P001 = "fatal" }', "is one of error, warning, note"),
        ('severities = { nonsense = "note" }', "no rule is called `nonsense`"),
        ('severities = { E003 = "note" }', "errors can't be ignored"),
        ("select = [", "is no TOML"),
    ],
)
def test_a_wrong_configuration(run, file: Path, tmp_path: Path, text: str, said: str) -> None:
    configure(tmp_path, text)
    ran = run("lint", file)
    assert ran.status == 2
    assert ran.err.startswith(f"error: {tmp_path / 'pyproject.toml'}")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert run("lint", "--isolated", file).status == 1


def test_a_table_that_is_none(run, file: Path, tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool]\nanydsl = 3\n")
    assert "`tool.anydsl` is a table" in run("lint", file).err
    write(tmp_path / "pyproject.toml", "[tool]\nanydsl = { select = ['R'] }\n")
    assert rules(run, file) == ["repeated_setting"]
    write(tmp_path / "pyproject.toml", "tool.anydsl.select = ['R']\n")
    assert rules(run, file) == ["repeated_setting"]
    write(tmp_path / "pyproject.toml", "[ 'tool' . 'anydsl' ]\nselect = ['R']\n")
    assert rules(run, file) == ["repeated_setting"]
    write(tmp_path / "pyproject.toml", "# anydsl\n[project]\nname = 'tool'\n")
    assert len(rules(run, file)) == 2


def test_config_has_to_be_one(run, file: Path, tmp_path: Path) -> None:
    assert run("lint", "--config", tmp_path / "no.toml", file).status == 2
    path = write(tmp_path / "empty.toml", "[project]\n")
    assert "has no table `tool.anydsl`" in run("lint", "--config", path, file).err


def test_standard_input_takes_the_configuration_of_its_name(
    run, typed, file: Path, tmp_path: Path
) -> None:
    configure(tmp_path, 'per-file-ignores = { "specs/*" = ["R"] }')
    typed(file.read_text())
    ran = run("lint", "--output-format", "concise", "--stdin-filename", file, "-")
    assert ran.out.startswith(f"{file}:10:27: warning[nondecreasing_width]")
    assert len(ran.out.splitlines()) == 1


def test_standard_input_finds_its_imports(run, typed, tmp_path: Path) -> None:
    write(tmp_path / "base.anynet", NET)
    text = 'anynet 1\n\nfrom "base.anynet" import Small\n\n'
    text += "net N extends Small { head { classes = 2 } }\n"
    typed(text)
    assert run("lint", "--stdin-filename", tmp_path / "new.anynet", "-").status == 0
    typed(text)
    assert "can't be read" in run("lint", "-").out
    ran = run("lint", "--stdin-filename", "x.anynet", tmp_path / "base.anynet")
    assert ran.status == 2
    assert "there is no -" in ran.err


def test_no_configuration_is_read_where_there_is_none(monkeypatch, file: Path) -> None:
    """tomllib takes a while to load, and nobody should wait for it in vain."""
    import sys

    monkeypatch.delitem(sys.modules, "tomllib", raising=False)
    main(["lint", str(file)])
    assert "tomllib" not in sys.modules
