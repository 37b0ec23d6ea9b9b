"""Formatting: what `anydsl fmt` makes of a file, and nothing where it can't be read."""

from __future__ import annotations

from lsprotocol import types

from anydsl.language.parser import parse
from anydsl.language.printer import Unformattable, format_text
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Feature, Server


def formatting(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """The change that formats a file; it spares what stands before and behind, and the cursor."""
    document = ls.document(params.text_document)
    if parse(document.source).diagnostics:
        return None
    try:
        formatted = format_text(document.source.text)
    except Unformattable:
        return None
    return replaced(document, formatted)


def replaced(document: Document, text: str) -> list[types.TextEdit]:
    """One edit that makes a file's text another, by whole lines."""
    before, after = (t.splitlines(keepends=True) for t in (document.source.text, text))
    if before == after:
        return []
    most = min(len(before), len(after))
    first = next((i for i in range(most) if before[i] != after[i]), most)
    last = next((i for i in range(most - first) if before[-1 - i] != after[-1 - i]), most - first)
    start = sum(map(len, before[:first]))
    end = len(document.source.text) - sum(map(len, before[len(before) - last :]))
    new = "".join(after[first : len(after) - last])
    return [types.TextEdit(document.range(start, end), new)]


FEATURES = (Feature(types.TEXT_DOCUMENT_FORMATTING, formatting),)
