"""Findings as failed test cases, for CI servers that read JUnit's XML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anydsl.language.diagnostics import Diagnostic

_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(found: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """A suite for each file; one without findings is one passed case. Notes don't fail."""
    suites: dict[str, list[Diagnostic]] = {path: [] for path in files}
    for d in found:
        suites.setdefault(d.at.source.path, []).append(d)
    cases = sum(max(1, len(own)) for own in suites.values())
    failures = sum(d.level != "note" for d in found)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="anydsl lint" tests="{cases}" failures="{failures}" errors="0">',
    ]
    for path, own in suites.items():
        failed = sum(d.level != "note" for d in own)
        lines.append(
            f"  <testsuite name={_quoted(path)} "
            f'tests="{max(1, len(own))}" failures="{failed}" errors="0" skipped="0">'
        )
        if not own:
            lines.append(f'    <testcase name="lint" classname={_quoted(path)}/>')
        for d in own:
            lines += _case(d, path)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(d: Diagnostic, path: str) -> list[str]:
    line, column = d.at.source.position(d.at.start)
    name = f"{d.kind.name} {line}:{column}"
    head = (
        f"    <testcase name={_quoted(name)} classname={_quoted(path)} "
        f'file={_quoted(path)} line="{line}">'
    )
    text = _escaped(d.concise() + (f"\nhelp: {d.help}" if d.help else ""))
    if d.level == "note":
        return [head, f"      <system-out>{text}</system-out>", "    </testcase>"]
    failure = (
        f"      <failure type={_quoted(d.level)} message={_quoted(d.message)}>{text}</failure>"
    )
    return [head, failure, "    </testcase>"]


def _escaped(text: str) -> str:
    plain = _ILLEGAL.sub("\ufffd", text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    escaped = _escaped(text).replace('"', "&quot;")
    for letter in "\t\n\r":
        escaped = escaped.replace(letter, f"&#{ord(letter)};")
    return f'"{escaped}"'
