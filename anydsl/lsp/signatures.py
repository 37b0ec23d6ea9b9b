"""What can stand in the brackets that one is typing in."""

from __future__ import annotations

from lsprotocol import types

from anydsl.language.cursor import cursor
from anydsl.lsp import words
from anydsl.lsp.session import Feature, Server


def signature(ls: Server, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    """The signature of the operation, block or function whose brackets are open."""
    document = ls.document(params.text_document)
    offset = document.offset(params.position)
    at = cursor(document.source.text, document.tokens, offset)
    if at.kind == "COMMENT":
        return None
    for call in reversed(at.calls):
        word = words.callable_word(document.module, call.callee, at.frames) if call.callee else None
        if word is None:
            continue
        names = [parameter.name for parameter in word.parameters]
        active = names.index(call.argument) if call.argument in names else call.place
        shown = types.SignatureInformation(
            word.shown,
            types.MarkupContent(types.MarkupKind.Markdown, word.doc),
            [
                types.ParameterInformation(
                    parameter.shown,
                    types.MarkupContent(types.MarkupKind.Markdown, parameter.doc),
                )
                for parameter in word.parameters
                if parameter.shown in word.shown
            ],
        )
        return types.SignatureHelp([shown], 0, active if names else 0)
    return None


FEATURES = (
    Feature(
        types.TEXT_DOCUMENT_SIGNATURE_HELP,
        signature,
        types.SignatureHelpOptions(trigger_characters=["(", ","]),
    ),
)
