"""What can be folded: bodies in braces, runs of comment lines, imports."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from anydsl.language import tree
from anydsl.language.lexer import comments
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Feature, Server


def folding(ls: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    """All that can be folded in a file, also in one that is wrong."""
    document = ls.document(params.text_document)
    found = [types.FoldingRange(a, b) for a, b in _braces(document)]
    found += [
        types.FoldingRange(a, b, kind=types.FoldingRangeKind.Comment)
        for a, b in _comments(document)
    ]
    imports = [s for s in document.module.file.statements if isinstance(s, tree.Import)]
    if len(imports) > 1:
        first, last = _line(document, imports[0].span.start), _line(document, imports[-1].span.end)
        found.append(types.FoldingRange(first, last, kind=types.FoldingRangeKind.Imports))
    return found


def _line(document: Document, offset: int) -> int:
    return document.source.position(offset)[0] - 1


def _braces(document: Document) -> Iterator[tuple[int, int]]:
    open_: list[int] = []
    for kind, start, _ in document.tokens:
        if kind == "{":
            open_.append(_line(document, start))
        elif kind == "}" and open_:
            first, last = open_.pop(), _line(document, start) - 1
            if last > first:
                yield first, last


def _comments(document: Document) -> Iterator[tuple[int, int]]:
    """Comments alone on their lines, two lines or more below each other."""
    source = document.source
    lines = [
        line
        for start, _ in comments(source.text)
        if source.line(line := _line(document, start) + 1).lstrip().startswith("#")
    ]
    run: list[int] = []
    for line in [*lines, -1]:
        if run and line != run[-1] + 1:
            if len(run) > 1:
                yield run[0] - 1, run[-1] - 1
            run = []
        run.append(line)


FEATURES = (Feature(types.TEXT_DOCUMENT_FOLDING_RANGE, folding),)
