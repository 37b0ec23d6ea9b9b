"""To where a name is declared, and to all places that use it."""

from __future__ import annotations

from lsprotocol import types

from anydsl.design.symbols import Use
from anydsl.language.source import Span
from anydsl.lsp import positions
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Feature, Server
from anydsl.lsp.workspace import uses_of


def definition(ls: Server, params: types.DefinitionParams) -> types.Location | None:
    """Where a name is declared; for an import the file, for shipped specs that of the library."""
    document = ls.document(params.text_document)
    use = document.use_at(document.offset(params.position))
    if use is None:
        return None
    if use.role == "path":
        target = _imported(document, use)
        return ls.documents.location(target) if target else None
    return ls.documents.location(use.definition) if use.definition else None


def references(ls: Server, params: types.ReferenceParams) -> list[types.Location] | None:
    """All uses of a name in the folders of the workspace and the open files."""
    document = ls.document(params.text_document)
    use = document.use_at(document.offset(params.position))
    if use is None or use.target is None:
        return None
    declared = params.context.include_declaration
    return [
        ls.documents.location(other.at)
        for other in uses_of(ls, document, use)
        if declared or not other.declares
    ]


def highlights(
    ls: Server, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight] | None:
    """The uses of a name in its own file."""
    document = ls.document(params.text_document)
    use = document.use_at(document.offset(params.position))
    if use is None or use.target is None:
        return None
    write, read = types.DocumentHighlightKind.Write, types.DocumentHighlightKind.Read
    return [
        types.DocumentHighlight(
            positions.range_of(document.codec, other.at), write if other.declares else read
        )
        for other in document.uses
        if other.target == use.target
    ]


def _imported(document: Document, use: Use) -> Span | None:
    for statement, module in document.module.imports:
        if statement.path.span == use.at:
            return Span(module.source, 0, 0)
    return None


FEATURES = (
    Feature(types.TEXT_DOCUMENT_DEFINITION, definition),
    Feature(types.TEXT_DOCUMENT_REFERENCES, references),
    Feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, highlights),
)
