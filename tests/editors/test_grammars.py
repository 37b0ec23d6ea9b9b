"""The grammars that editors read: current, and right about words whose sort is known."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GRAMMAR: dict[str, Any] = json.loads(
    (ROOT / "editors/vscode/syntaxes/anynet.tmLanguage.json").read_text(encoding="utf-8")
)
SPECS = sorted(ROOT.glob("specs/**/*.anynet"))


def scopes(line: str) -> list[tuple[str, str]]:
    """What TextMate's own way of matching makes of a line: the leftmost, then the first pattern."""
    patterns = [(re.compile(p["match"]), p) for p in GRAMMAR["patterns"]]
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(line):
        matches = [
            (m.start(), i, m, p)
            for i, (r, p) in enumerate(patterns)
            if (m := r.search(line, place))
        ]
        if not matches:
            break
        _, _, match, pattern = min(matches, key=lambda one: one[:2])
        assert match.end() > match.start()
        if "name" in pattern:
            found.append((match[0], pattern["name"]))
        for group, capture in pattern.get("captures", {}).items():
            found.append((match[int(group)], capture["name"]))
        place = match.end()
    return found


def test_they_are_current() -> None:
    script = str(ROOT / "editors" / "generate.py")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("line", "word", "scope"),
    [
        ("anynet 1", "anynet", "keyword.control.edition"),
        ("net A extends B {", "B", "entity.other.inherited-class"),
        ("  stage s1 { d = 4 }", "s1", "entity.name.section"),
        ("  stage s1 { d = 4 }", "d", "variable.other.property"),
        ("  input = 3x224x224", "3x224x224", "constant.numeric.size"),
        ("    -> conv(inner, k = 1) -> bn -> act", "bn", "support.function.operation"),
        ("block = resnext", "resnext", "support.function.block"),
        ("schedule = step", "step", "support.constant"),
        ("w ~ uniform(1..9 step 2)", "step", "keyword.control"),
        ("b = 1/4  # 🧪 ratio", "# 🧪 ratio", "comment.line.number-sign"),
        ('require a <= 1 because "x # y"', '"x # y"', "string.quoted.double"),
        ("x.w == w and s == 1", "w", "variable.other"),
    ],
)
def test_scopes(line: str, word: str, scope: str) -> None:
    assert (word, f"{scope}.anynet") in scopes(line)


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_nothing_of_a_shipped_spec_is_left_over_or_invalid(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        found = scopes(line)
        assert not [text for text, scope in found if scope.startswith("invalid")]
        left = line
        for text, _ in found:
            assert text in left
            left = left.replace(text, "", 1)
        assert left.strip() == ""


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "editors/vscode/package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_the_commands_are_those_of_the_server() -> None:
    from anydsl.lsp import actions, lenses

    text = (ROOT / "editors/vscode/src/extension.ts").read_text(encoding="utf-8")
    verbs = re.search(r"VERBS = \[(.*?)\]", text)
    assert verbs is not None
    assert re.findall(r'"(\w+)"', verbs[1]) == [
        name.removeprefix("anydsl.") for name in (lenses.SHOW, lenses.COMPILE, lenses.TRAIN)
    ]
    assert f'"{actions.REASON}"' in text
