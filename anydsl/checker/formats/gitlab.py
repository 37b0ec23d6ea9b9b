"""Findings as a report of GitLab's Code Quality."""

from __future__ import annotations

from collections.abc import Sequence

from anydsl.checker.formats.places import fingerprints, relative
from anydsl.language.diagnostics import Diagnostic

_LEVELS = {"error": "major", "warning": "minor", "note": "info"}


def write(found: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """All findings as one JSON list."""
    import json

    del files
    issues = [
        {
            "description": d.message,
            "check_name": d.kind.name,
            "fingerprint": fingerprint,
            "severity": _LEVELS[d.level],
            "location": {
                "path": relative(d.at.source),
                "positions": {"begin": _place(d, d.at.start), "end": _place(d, d.at.end)},
            },
        }
        for d, fingerprint in zip(found, fingerprints(found), strict=True)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _place(d: Diagnostic, offset: int) -> dict[str, int]:
    line, column = d.at.source.position(offset)
    return {"line": line, "column": column}
