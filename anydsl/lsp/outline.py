"""The outline of a file: what it declares, and the parts of that."""

from __future__ import annotations

from lsprotocol import types

from anydsl.language import tree
from anydsl.language.source import Span
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Feature, Server

_KINDS = {
    "net": types.SymbolKind.Class,
    "space": types.SymbolKind.Interface,
    "block": types.SymbolKind.Function,
    "recipe": types.SymbolKind.Struct,
    "study": types.SymbolKind.Event,
    "stage": types.SymbolKind.Field,
    "stages": types.SymbolKind.Field,
}


def outline(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """Declarations, in them stem, body and head, in the body the stages."""
    document = ls.document(params.text_document)
    found: list[types.DocumentSymbol] = []
    for statement in document.module.file.statements:
        match statement:
            case tree.Assign():
                kind = types.SymbolKind.Constant
                found.append(_symbol(document, statement.name, kind, statement.span))
            case tree.Block():
                found.append(_block(document, statement))
            case _:
                pass
    return found


def _block(document: Document, block: tree.Block) -> types.DocumentSymbol:
    kind = block.kind.text
    name = block.label.name if block.label else block.kind
    symbol = _symbol(
        document, name, _KINDS.get(kind, types.SymbolKind.Namespace), block.span, block.label
    )
    symbol.detail = kind if block.label else None
    inner = [s for s in block.body if isinstance(s, tree.Block)]
    lines = [s for s in block.body if isinstance(s, tree.Assign)] if kind == "block" else []
    symbol.children = [_block(document, s) for s in inner]
    symbol.children += [_symbol(document, s.name, types.SymbolKind.Variable, s.span) for s in lines]
    return symbol


def _symbol(
    document: Document,
    name: tree.Name,
    kind: types.SymbolKind,
    span: Span,
    label: tree.Label | None = None,
) -> types.DocumentSymbol:
    shown = label.span.text if label else name.text
    whole = document.range(span.start, span.end)
    return types.DocumentSymbol(shown, kind, whole, document.range(name.span.start, name.span.end))


FEATURES = (Feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, outline),)
