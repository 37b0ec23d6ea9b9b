"""Findings as SARIF 2.1.0 (OASIS, 2023): what code scanning services read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anydsl import __version__
from anydsl.checker.formats.places import fingerprints, relative
from anydsl.checker.registry import kinds
from anydsl.language.diagnostics import Diagnostic, Fix, Kind, Label
from anydsl.language.source import Source, Span

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"


def write(found: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """One run; all rules are declared, broken or not."""
    import json

    del files
    every = kinds()
    places = {kind.name: place for place, kind in enumerate(every)}
    marks = fingerprints(found)
    run = {
        "tool": {
            "driver": {
                "name": "anydsl",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(kind) for kind in every],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the folder of the run"}}},
        "results": [
            _result(d, places[d.kind.name], mark) for d, mark in zip(found, marks, strict=True)
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(kind: Kind) -> dict[str, Any]:
    first, _, rest = kind.page.partition("\n")
    text = rest.strip() or first
    return {
        "id": kind.code,
        "name": "".join(word.capitalize() for word in kind.name.split("_")),
        "shortDescription": {"text": first},
        "fullDescription": {"text": first},
        "help": {"text": text, "markdown": kind.page},
        "defaultConfiguration": {
            "level": kind.severity,
            "enabled": kind.on,
        },
        "properties": {"tags": [kind.name]},
    }


def _result(d: Diagnostic, place: int, mark: str) -> dict[str, Any]:
    text = d.message + (f"\n{d.help}" if d.help else "")
    result: dict[str, Any] = {
        "ruleId": d.kind.code,
        "ruleIndex": place,
        "level": d.level,
        "message": {"text": text},
        "locations": [{"physicalLocation": _physical(d.at)}],
        "partialFingerprints": {"anydsl/v1": mark},
    }
    if d.labels:
        result["relatedLocations"] = [_related(label) for label in d.labels]
    if d.fixes:
        result["fixes"] = [_fix(fix) for fix in d.fixes]
    return result


def _related(label: Label) -> dict[str, Any]:
    return {"physicalLocation": _physical(label.at), "message": {"text": label.message}}


def _fix(fix: Fix) -> dict[str, Any]:
    sources = list(dict.fromkeys(edit.at.source for edit in fix.edits))
    return {
        "description": {"text": fix.message if fix.safe else f"{fix.message} (unsafe)"},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(source),
                "replacements": [
                    {
                        "deletedRegion": _region(edit.at),
                        "insertedContent": {"text": edit.text},
                    }
                    for edit in sorted(fix.edits, key=lambda e: e.at.start)
                    if edit.at.source is source
                ],
            }
            for source in sources
        ],
    }


def _physical(at: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(at.source), "region": _region(at)}


def _artifact(source: Source) -> dict[str, Any]:
    from pathlib import Path
    from urllib.parse import quote

    path = relative(source)
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path, errors="surrogatepass"), "uriBaseId": _ROOT}


def _region(at: Span) -> dict[str, int]:
    line, column = at.source.position(at.start)
    end_line, end_column = at.source.position(at.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }
