"""Findings as a JSON list."""

from __future__ import annotations

from collections.abc import Sequence

from anydsl.checker.report import as_json
from anydsl.language.diagnostics import Diagnostic


def write(found: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """All findings as one list."""
    import json

    del files
    return json.dumps(as_json(found), indent=2, ensure_ascii=False) + "\n"
