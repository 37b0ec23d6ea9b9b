"""`anydsl explain`."""

from __future__ import annotations

import pytest

from anydsl.checker.registry import kinds


def test_the_list_has_each_kind_in_one_line(run) -> None:
    ran = run("explain")
    assert ran.status == 0
    assert [line.split()[:3] for line in ran.out.splitlines()] == [
        [kind.code, kind.name, kind.severity] for kind in kinds()
    ]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_a_page_by_name_or_code(run, kind) -> None:
    ran = run("explain", kind.name)
    assert ran.status == 0
    assert ran.out.startswith(f"# {kind.name} ({kind.code}, {kind.severity})\n")
    for word in (kind.code, kind.code.lower(), kind.name.replace("_", "-"), kind.name.upper()):
        assert run("explain", word) == ran


def test_a_rule_that_there_is_not(run) -> None:
    ran = run("explain", "shared_bottlenek")
    assert ran.status == 2
    assert ran.err.endswith("did you mean `shared_bottleneck`?\n")
    assert run("explain", "zzz").status == 2
