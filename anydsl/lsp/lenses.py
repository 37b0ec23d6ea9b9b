"""Above each net what it costs, and the commands that compile and train it."""

from __future__ import annotations

from lsprotocol import types

from anydsl.lsp import costs
from anydsl.lsp.session import Feature, Server

SHOW, COMPILE, TRAIN = "anydsl.show", "anydsl.compile", "anydsl.train"
"""Commands of the client, each of two arguments: the path of the spec and the name of the net."""


def lenses(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    """The lenses of a file; the client carries the commands out, in a terminal."""
    document = ls.document(params.text_document)
    path = document.path or document.uri
    found: list[types.CodeLens] = []
    for net, checked in costs.nets(document):
        at = document.range(net.kind.span.start, net.head.end)
        titles = [("compile", COMPILE), ("train", TRAIN)]
        if checked.measured is not None:
            titles.insert(0, (costs.total(checked.measured), SHOW))
        arguments = [path, checked.name]
        for title, command in titles:
            found.append(types.CodeLens(at, types.Command(title, command, arguments=arguments)))
    return found


FEATURES = (Feature(types.TEXT_DOCUMENT_CODE_LENS, lenses),)
