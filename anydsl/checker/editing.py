"""Edits of a text: taking a statement out, and what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from anydsl.language import tree
from anydsl.language.diagnostics import Edit
from anydsl.language.lexer import comments
from anydsl.language.source import Source, Span

_COMMENT = re.compile(r"[ \t]*#[^\r\n]*")
_END = re.compile(r"[ \t]*(?:\r\n|\n|\r)")
_DOC = re.compile(r"^[ \t]*##[^\r\n]*(?:\r\n|\n|\r)", re.M)


def take_out(span: Span) -> tuple[Edit, bool]:
    """The edit that removes a statement, and whether a comment behind it goes with it."""
    source, text = span.source, span.source.text
    start, end, lost = span.start, span.end, False
    before = start
    while before and text[before - 1] in " \t":
        before -= 1
    after = end
    while after < len(text) and text[after] in " \t":
        after += 1
    following = text[after : after + 1]
    if before == 0 or text[before - 1] in "\r\n":
        if following == "#":
            comment = _COMMENT.match(text, end)
            assert comment is not None
            after, lost = comment.end(), True
            following = text[after : after + 1]
        if following in ("", "\r", "\n"):
            ending = _END.match(text, after)
            start, end = before, ending.end() if ending else after
        elif following == ",":
            end = _past_comma(text, after)
        else:
            end = after
    elif text[before - 1] == ",":
        start = before - 1
    elif following == ",":
        end = _past_comma(text, after)
    elif following == "}":
        start, end = before, after
    return Edit(Span(source, start, end), ""), lost


def with_doc(block: tree.Block) -> Span:
    """A declaration and the doc comment that belongs to it."""
    if not block.doc:
        return block.span
    start = block.span.start
    text = block.span.source.text
    while True:
        line = text.rfind("\n", 0, max(0, start - 1)) + 1
        match = _DOC.match(text, line)
        if match is None or match.end() != start:
            return Span(block.span.source, start, block.span.end)
        start = line


def commented(source: Source, start: int, end: int) -> bool:
    """Whether a comment stands between two offsets, neither of them within a text or a comment."""
    return bool(comments(source.text[start:end]))


def assignments(block: tree.Block) -> Iterator[tree.Assign]:
    """The settings of a block and of all blocks within it."""
    for statement in block.body:
        if isinstance(statement, tree.Assign):
            yield statement
        elif isinstance(statement, tree.Block):
            yield from assignments(statement)


def _past_comma(text: str, comma: int) -> int:
    end = comma + 1
    while end < len(text) and text[end] in " \t":
        end += 1
    return end
