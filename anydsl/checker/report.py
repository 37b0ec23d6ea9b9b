"""Diagnostics as text: with the code that they speak of, in one line, or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anydsl.language.diagnostics import Diagnostic, visible
from anydsl.language.source import Span

_COLOURS = {"error": "31", "warning": "33", "note": "36"}
_WIDEST = 160


def full(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Each diagnostic with the lines that it speaks of, its help and its fixes."""
    return "\n".join(_full(d, colour) for d in diagnostics)


def concise(diagnostics: Sequence[Diagnostic]) -> str:
    """Each diagnostic in one line."""
    return "".join(visible(d.concise()) + "\n" for d in diagnostics)


def statistics(diagnostics: Sequence[Diagnostic], *, as_json: bool = False) -> str:
    """How often each rule was broken, the most frequent first; `*` where `--fix` mends some."""
    counts: dict[tuple[str, str], list[int]] = {}
    for d in diagnostics:
        count = counts.setdefault((d.kind.code, d.kind.name), [0, 0])
        count[0] += 1
        count[1] += any(fix.safe for fix in d.fixes)
    ordered = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    if as_json:
        import json

        table = [
            {"code": code, "rule": name, "count": count, "fixable": fixable}
            for (code, name), (count, fixable) in ordered
        ]
        return json.dumps(table, indent=2) + "\n"
    width = max((len(str(count)) for _, (count, _) in ordered), default=0)
    return "".join(
        f"{count:>{width}}  {code}  [{'*' if fixable else ' '}] {name}\n"
        for (code, name), (count, fixable) in ordered
    )


def as_json(diagnostics: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """Diagnostics as plain data; lines and columns from 1, in code points."""
    return [
        {
            "rule": d.kind.name,
            "code": d.kind.code,
            "severity": d.level,
            "message": d.message,
            "path": d.at.source.path,
            **_range(d.at),
            "labels": [
                {"message": label.message, "path": label.at.source.path, **_range(label.at)}
                for label in d.labels
            ],
            "help": d.help or None,
            "fixes": [
                {
                    "safe": fix.safe,
                    "message": fix.message,
                    "edits": [
                        {"path": e.at.source.path, **_range(e.at), "text": e.text}
                        for e in fix.edits
                    ],
                }
                for fix in d.fixes
            ],
        }
        for d in diagnostics
    ]


def summary(diagnostics: Sequence[Diagnostic], files: int) -> str:
    """One line: how many findings of each sort there were."""
    counts = [
        f"{n} {level}{'s' if n > 1 else ''}"
        for level in _COLOURS
        if (n := sum(d.level == level for d in diagnostics))
    ]
    fixable = sum(any(fix.safe for fix in d.fixes) for d in diagnostics)
    more = f"; {fixable} can be fixed with --fix" if fixable else ""
    where = f"in {files} file{'s' if files != 1 else ''}"
    return f"{', '.join(counts)} {where}{more}" if counts else f"no findings {where}"


def _range(span: Span) -> dict[str, int]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _full(diagnostic: Diagnostic, colour: bool) -> str:
    def paint(text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if colour else text

    level = diagnostic.level
    head = paint(f"{level}[{diagnostic.kind.name}]", f"1;{_COLOURS[level]}")
    lines = [f"{head}: {paint(visible(diagnostic.message), '1')}"]
    marks = [(diagnostic.at, "", _COLOURS[level], "^")]
    marks += [(label.at, label.message, "34", "-") for label in diagnostic.labels]
    gutter = max(len(str(span.source.position(span.start)[0])) for span, *_ in marks)
    path = ""
    last = 0
    own = [mark for mark in marks if mark[0].source is diagnostic.at.source]
    others = [mark for mark in marks if mark[0].source is not diagnostic.at.source]
    ordered = sorted(own, key=lambda mark: mark[0].start) + others
    for span, message, code, mark in ordered:
        line, column = span.source.position(span.start)
        if span.source.path != path:
            path, last = span.source.path, 0
            where = diagnostic.at if span.source is diagnostic.at.source else span
            at = "{}:{}:{}".format(visible(path), *where.source.position(where.start))
            lines.append(f"{' ' * gutter} {paint('-->', '34')} {at}")
            lines.append(paint(f"{' ' * gutter} |", "34"))
        elif last and line > last + 1:
            lines.append(paint("...", "34"))
        text, offset = _clip(span.source.line(line), column)
        text = visible(text.replace("\t", " "))
        if line != last:
            lines.append(f"{paint(f'{line:>{gutter}} |', '34')} {text}".rstrip())
        width = max(1, min(span.end - span.start, len(text) - offset + 1))
        under = paint(mark * width + (f" {visible(message)}" if message else ""), code)
        lines.append(f"{paint(' ' * gutter + ' |', '34')} {' ' * offset}{under}")
        last = line
    if diagnostic.help:
        lines.append(f"{' ' * gutter} {paint('= help:', '1')} {visible(diagnostic.help)}")
    else:
        for fix in diagnostic.fixes:
            way = "--fix" if fix.safe else "--unsafe-fixes"
            lines.append(f"{' ' * gutter} {paint('= fix:', '1')} {visible(fix.message)} ({way})")
    return "\n".join(lines) + "\n"


def _clip(text: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and where the column is in it."""
    if len(text) <= _WIDEST:
        return text, column - 1
    start = max(0, column - _WIDEST // 2)
    cut = text[start : start + _WIDEST]
    return ("…" + cut[1:] if start else cut), column - 1 - start
