"""Findings as the workflow commands that GitHub Actions shows beside the code."""

from __future__ import annotations

from collections.abc import Sequence

from anydsl.checker.formats.places import relative
from anydsl.language.diagnostics import Diagnostic

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def write(found: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """One line a finding."""
    del files
    return "".join(_line(d) for d in found)


def _line(d: Diagnostic) -> str:
    line, column = d.at.source.position(d.at.start)
    end_line, end_column = d.at.source.position(d.at.end)
    properties = {
        "title": f"anydsl ({d.kind.name})",
        "file": relative(d.at.source),
        "line": str(line),
        "col": str(column),
        "endLine": str(end_line),
    }
    if end_line == line:  # GitHub takes columns within one line only
        properties["endColumn"] = str(end_column)
    else:
        del properties["col"]
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    text = d.message + (f"\n{d.help}" if d.help else "")
    return f"::{_LEVELS[d.level]} {written}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
