"""`anydsl explain`."""

from __future__ import annotations

import re

import pytest

from anydsl.checker.registry import kinds


def test_the_list_has_each_kind_in_one_line(run) -> None:
    ran = run("explain")
    assert ran.status == 0
    assert [line.split()[:3] for line in ran.out.splitlines()] == [
        [kind.code, kind.name, kind.severity] for kind in kinds()
    ]
    by_name = {line.split()[1]: line for line in ran.out.splitlines()}
    assert by_name["repeated_setting"].split()[3:5] == ["on", "safe"]
    assert by_name["padded_width"].split()[3:5] == ["off", "unsafe"]
    assert by_name["syntax"].split()[3] == "on"


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_page_by_name_or_code(run, kind) -> None:
    ran = run("explain", kind.name)
    assert ran.status == 0
    off = "" if kind.on else ", off unless selected"
    assert ran.out.startswith(f"# {kind.name} ({kind.code}, {kind.severity}{off})\n")
    for word in (kind.code, kind.code.lower(), kind.name.replace("_", "-"), kind.name.upper()):
        assert run("explain", word) == ran


def test_a_rule_that_there_is_not(run) -> None:
    ran = run("explain", "shared_bottlenek")
    assert ran.status == 2
    assert ran.err.endswith("did you mean `shared_bottleneck`?\n")
    assert run("explain", "zzz").status == 2


def test_a_page_on_a_terminal(run, monkeypatch) -> None:
    monkeypatch.setattr("anydsl.cli.explain.colour", lambda stream: True)
    ran = run("explain", "common_setting")
    assert ran.out.startswith("\033[1mcommon_setting (R003, warning)\033[0m\n\n")
    assert "```" not in ran.out and "##" not in ran.out
    assert "  \033[36m  g = 8\033[0m\n" in ran.out
    plain = re.sub("\033\\[[0-9;]*m", "", ran.out)
    monkeypatch.undo()
    words = run("explain", "common_setting").out.replace("`", "").replace("#", "").split()
    assert [w for w in words if w != "anynet"] == plain.split()
