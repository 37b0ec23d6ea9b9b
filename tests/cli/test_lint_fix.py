"""`anydsl lint --fix`, `--unsafe-fixes` and `--diff`."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from anydsl.checker import fixing
from anydsl.language.printer import format_text
from tests.cli.conftest import NET, write

REPEATED = NET.replace("w = 24", "w = 24, g = 8")
JOINED = NET.replace("  head {", "  require params <= 1M and flops <= 1G\n  head {")
ODD = NET.replace("w = 24", "w = 25")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "net.anynet", REPEATED)


def test_a_safe_fix(run, file: Path) -> None:
    ran = run("lint", "--fix", file)
    assert ran == (0, "", "fixed 1 finding\nno findings in 1 file\n")
    assert file.read_text() == NET


def test_what_can_be_fixed_is_said(run, file: Path) -> None:
    ran = run("lint", file)
    assert ran.status == 1
    assert "  = fix: take `g` out (--fix)\n" in ran.out
    assert ran.err == "1 warning in 1 file; 1 can be fixed with --fix\n"
    assert file.read_text() == REPEATED


def test_unsafe_fixes_wait(run, tmp_path: Path) -> None:
    file = write(tmp_path / "net.anynet", NET.replace("w = 48", "w = 16"))
    before = file.read_text()
    assert run("lint", "--fix", file).status == 1
    assert file.read_text() == before
    assert run("lint", "--unsafe-fixes", file).status == 0
    assert file.read_text() == NET.replace("w = 48", "w = 24")


def test_of_two_ways_the_first_is_taken(run, tmp_path: Path) -> None:
    file = write(tmp_path / "net.anynet", ODD)
    assert run("lint", "--unsafe-fixes", file).status == 0
    assert file.read_text() == NET


def test_until_nothing_changes(run, tmp_path: Path) -> None:
    """A setting of all stages goes to the body, which leaves others to take out, and so on."""
    text = NET.replace("    g = 8\n", "").replace("w = 24", "w = 24, g = 8, act = silu")
    text = text.replace("w = 48", "w = 48, g = 8, act = silu")
    file = write(tmp_path / "net.anynet", text)
    assert run("lint", "--fix", file).status == 0
    fixed = file.read_text()
    assert "    g = 8\n    act = silu\n" in fixed or "    act = silu\n    g = 8\n" in fixed
    assert "w = 24 }" in fixed


def test_other_rules_are_left(run, file: Path) -> None:
    assert run("lint", "--fix", "--ignore", "R", file).status == 0
    assert file.read_text() == REPEATED


def test_a_diff_changes_nothing(run, file: Path) -> None:
    before = file.stat().st_mtime_ns
    ran = run("lint", "--diff", file)
    assert ran.status == 1
    assert ran.out == (
        f"--- {file}\n+++ {file}\n@@ -6,7 +6,7 @@\n   body {{\n     block = resnext\n     g = 8\n"
        "-    stage s1 { d = 1, w = 24, g = 8 }\n+    stage s1 { d = 1, w = 24 }\n"
        "     stage s2 { d = 2, w = 48 }\n   }\n   head { classes = 10 }\n"
    )
    assert ran.err == "would fix 1 finding in 1 file\n"
    assert file.read_text() == REPEATED
    assert file.stat().st_mtime_ns == before
    assert run("lint", "--diff", write(file, NET)) == (0, "", "nothing to fix\n")
    assert run("lint", "--diff", "--fix", write(file, REPEATED)).status == 1
    assert file.read_text() == REPEATED


def test_standard_input_goes_to_standard_output(run, typed) -> None:
    typed(REPEATED)
    ran = run("lint", "--fix", "-")
    assert ran == (0, NET, "fixed 1 finding\nno findings in 1 file\n")
    typed(NET)
    assert run("lint", "--fix", "-").out == NET
    typed(NET.replace("w = 48", "w = 16, g = 8"))
    ran = run("lint", "--fix", "-")
    assert ran.status == 1
    assert ran.out == NET.replace("w = 48", "w = 16")
    assert "warning[nondecreasing_width]" in ran.err
    typed(REPEATED)
    ran = run("lint", "--diff", "-")
    assert ran.status == 1
    assert ran.out.startswith("--- <stdin>\n")


def test_an_untouched_file_is_not_written(run, tmp_path: Path) -> None:
    file = write(tmp_path / "net.anynet", NET)
    os.utime(file, ns=(1, 1))
    assert run("lint", "--fix", file).status == 0
    assert file.stat().st_mtime_ns == 1


def test_links_and_modes_stay(run, file: Path) -> None:
    file.chmod(0o640)
    link = file.with_name("link.anynet")
    link.symlink_to(file.name)
    assert run("lint", "--fix", link).status == 0
    assert link.is_symlink()
    assert file.read_text() == NET
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(p.name for p in file.parent.iterdir()) == ["link.anynet", "net.anynet"]


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_stay(run, tmp_path: Path, start: str, end: str) -> None:
    file = write(tmp_path / "net.anynet", start + REPEATED.replace("\n", end))
    assert run("lint", "--fix", file).status == 0
    assert file.read_bytes() == NET.replace("\n", end).encode(), "as `anydsl fmt`"


def test_a_file_with_a_syntax_error_is_left(run, tmp_path: Path) -> None:
    file = write(tmp_path / "net.anynet", REPEATED + "net {{{\n")
    ran = run("lint", "--fix", file)
    assert ran.status == 1
    assert "not fixed: " in ran.err
    assert "could not be read" in ran.err
    assert file.read_text() == REPEATED + "net {{{\n"


def test_a_missing_first_line(run, tmp_path: Path) -> None:
    file = write(tmp_path / "net.anynet", NET.removeprefix("anynet 1\n\n"))
    assert run("lint", "--fix", file).status == 0
    assert file.read_text() == NET


def test_what_is_not_text_is_left(run, tmp_path: Path) -> None:
    file = tmp_path / "net.anynet"
    data = REPEATED.encode() + b"# \xff\n"
    file.write_bytes(data)
    assert run("lint", "--fix", file).status == 1
    assert file.read_bytes() == data


def test_shipped_specs_are_left(run) -> None:
    assert run("lint", "--fix", "--select", "ALL", "std:digits").status == 0


def test_imported_files_are_changed_only_if_they_are_named(run, tmp_path: Path) -> None:
    base = write(tmp_path / "base.anynet", REPEATED)
    text = 'anynet 1\n\nfrom "base.anynet" import Small\n\n'
    text += "net N extends Small { head { classes = 2 } }\n"
    main = write(tmp_path / "main.anynet", text)
    run("lint", "--fix", main)
    assert base.read_text() == REPEATED
    assert run("lint", "--fix", tmp_path).status == 0
    assert base.read_text() == NET


def test_one_declaration(run, tmp_path: Path) -> None:
    other = REPEATED.replace("anynet 1\n", "").replace("Small", "Other")
    file = write(tmp_path / "net.anynet", REPEATED + other)
    assert run("lint", "--fix", f"{file}::Other").status == 0
    assert file.read_text() == REPEATED + other.replace("w = 24, g = 8", "w = 24")


def test_comments_are_not_lost(run, tmp_path: Path) -> None:
    text = NET.replace("d = 1, w = 24", "d = 1\n      w = 24\n      g = 8  # why\n   ")
    file = write(tmp_path / "net.anynet", text)
    assert run("lint", "--fix", file).status == 1
    assert file.read_text() == text
    assert run("lint", "--unsafe-fixes", file).status == 0
    assert "# why" not in file.read_text()


def test_the_result_is_formatted(run, tmp_path: Path) -> None:
    text = REPEATED.replace("  body {", "body   {")
    file = write(tmp_path / "net.anynet", text)
    assert run("lint", "--fix", file).status == 0
    assert file.read_text() == NET == format_text(NET)


def test_a_fix_that_breaks_a_text_is_dropped_and_said(run, tmp_path: Path, monkeypatch) -> None:
    """One wrong fix among right ones does no harm."""
    from anydsl.checker.rules.redundancy import joined_requirements
    from anydsl.language.diagnostics import Edit, Fix

    def broken(statement, parts):
        return (Fix("break it", (Edit(statement.span, "require require"),), safe=True),)

    monkeypatch.setattr(joined_requirements, "_split", broken)
    text = JOINED.replace("w = 24", "w = 24, g = 8")
    file = write(tmp_path / "net.anynet", text)
    ran = run("lint", "--fix", file)
    assert ran.status == 1
    assert "not fixed" in ran.err and "joined_requirements" in ran.err
    assert file.read_text() == JOINED


def test_a_safe_fix_that_changes_a_network_is_dropped(run, tmp_path: Path, monkeypatch) -> None:
    from anydsl.checker.rules.redundancy import joined_requirements
    from anydsl.language.diagnostics import Edit, Fix
    from anydsl.language.source import Span

    def wrong(statement, parts):
        at = statement.span.source.text.find("w = 48")
        if at < 0:
            return ()
        edit = Edit(Span(statement.span.source, at, at + 6), "w = 56")
        return (Fix("change it", (edit,), safe=True),)

    monkeypatch.setattr(joined_requirements, "_split", wrong)
    file = write(tmp_path / "net.anynet", JOINED)
    assert "(a network would change)" in run("lint", "--fix", file).err
    assert file.read_text() == JOINED


def test_an_unsafe_fix_that_makes_an_error_is_dropped(run, tmp_path: Path) -> None:
    """The fall could be mended but for what the net requires of itself."""
    text = NET.replace("w = 48", "w = 16").replace("  head {", "  require params < 9K\n  head {")
    file = write(tmp_path / "net.anynet", text)
    ran = run("lint", "--unsafe-fixes", file)
    assert "nondecreasing_width" in ran.err
    assert "(there would be an error that there is not now)" in ran.err
    assert file.read_text() == text


def test_errors_are_fixed_first_and_may_lead_to_others(run, tmp_path: Path) -> None:
    text = NET.replace("d = 1, w = 24", "d = 1 w = 25").replace("w = 48", "w = 48, g = 8")
    file = write(tmp_path / "net.anynet", text)
    assert run("lint", "--fix", file).status == 1
    assert "d = 1, w = 25" in file.read_text()
    assert run("lint", "--unsafe-fixes", file).status == 0
    assert file.read_text() == NET


def test_fixes_that_undo_each_other_end(run, tmp_path: Path, monkeypatch) -> None:
    from anydsl.checker.rules.redundancy import joined_requirements
    from anydsl.language.diagnostics import Edit, Fix

    def turned(statement, parts):
        left, right = (part.span.text for part in parts)
        text = f"require {right} and {left}"
        return (Fix("turn it", (Edit(statement.span, text),), safe=True),)

    monkeypatch.setattr(joined_requirements, "_split", turned)
    file = write(tmp_path / "net.anynet", JOINED)
    assert "(it is undone by another fix)" in run("lint", "--fix", file).err
    assert fixing.MOST_ROUNDS > 10
