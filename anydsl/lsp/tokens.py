"""Semantic tokens: what each word is, which a grammar of regular expressions can't tell."""

from __future__ import annotations

import re

from lsprotocol import types

from anydsl.design.outline import PARTS
from anydsl.graph.catalog import OPERATIONS
from anydsl.language.lexer import KEYWORDS, NAME, NEWLINE, UNCLOSED, comments
from anydsl.lsp import positions, words
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Feature, Server

TYPES = (
    "comment",
    "keyword",
    "string",
    "number",
    "operator",
    "class",
    "struct",
    "function",
    "property",
    "parameter",
    "variable",
    "enumMember",
)
MODIFIERS = ("declaration", "readonly", "defaultLibrary", "documentation")
_ROLES = {
    "net": "class",
    "space": "class",
    "block": "function",
    "recipe": "struct",
    "study": "struct",
    "constant": "variable",
    "parameter": "parameter",
    "line": "variable",
    "given": "parameter",
    "stage": "property",
    "key": "property",
    "kind": "keyword",
    "function": "function",
    "predicate": "function",
    "distribution": "function",
    "generator": "function",
    "total": "variable",
    "rule": "enumMember",
    "path": "string",
    "word": "enumMember",
}
_LIBRARY = ("function", "predicate", "distribution", "generator", "total", "given")
_LITERALS = {"NUMBER": "number", "SIZE": "number", "STRING": "string", UNCLOSED: "string"}
_OPERATORS = re.compile(r"->|\.\.|//|[-+*/%=~]|[<>=!]=?")

_Token = tuple[int, int, str, int]  # start, end, type, modifiers


def semantic_tokens(ls: Server, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """All tokens of a file, each relative to the one before, as the protocol wants them."""
    document = ls.document(params.text_document)
    source = document.source
    data: list[int] = []
    line, character = 0, 0
    for start, end, kind, modifiers in classified(document):
        at = positions.position(document.codec, source, start)
        length = document.codec.client_num_units(source.text[start:end])
        step = at.line - line
        data += [
            step,
            at.character - (0 if step else character),
            length,
            TYPES.index(kind),
            modifiers,
        ]
        line, character = at.line, at.character
    return types.SemanticTokens(data)


def classified(document: Document) -> list[_Token]:
    """Start, end, type and modifiers of each token, in order."""
    text = document.source.text
    roles = _roles(document)
    found: list[_Token] = []
    for start, end in comments(text):
        doc = _modifiers("documentation") if text.startswith("##", start) else 0
        found.append((start, end, "comment", doc))
    for kind, start, end in document.tokens:
        if kind == NEWLINE:
            continue
        if start in roles:
            found.append((start, end, *roles[start]))
        elif kind in KEYWORDS:
            found.append((start, end, "keyword", 0))
        elif kind in _LITERALS:
            found.append((start, end, _LITERALS[kind], 0))
        elif kind == NAME:
            word = text[start:end]
            known = word in words.KINDS or word in PARTS
            found.append((start, end, "keyword" if known else "variable", 0))
        elif _OPERATORS.fullmatch(text, start, end):
            found.append((start, end, "operator", 0))
    return sorted(found)


def _roles(document: Document) -> dict[int, tuple[str, int]]:
    """Type and modifiers of the names that the tree knows."""
    found: dict[int, tuple[str, int]] = {}
    for use in document.uses:
        kind, role = _ROLES[use.role], use.role
        library = role in _LIBRARY
        if role == "word" and use.at.text in OPERATIONS:
            kind, library = "function", True
        if role == "word" and use.at.text in words.OTHERS:
            kind, library = "function", True
        if use.definition is not None and use.definition.source is not document.source:
            library = library or use.definition.source.path.startswith("std:")
        names = ["declaration"] * use.declares + ["readonly"] * (role == "constant")
        found[use.at.start] = kind, _modifiers(*names, *["defaultLibrary"] * library)
    return found


def _modifiers(*names: str) -> int:
    return sum(1 << MODIFIERS.index(name) for name in names)


FEATURES = (
    Feature(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
        semantic_tokens,
        types.SemanticTokensLegend(list(TYPES), list(MODIFIERS)),
    ),
)
