"""The server that features are registered with, and what a feature is."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from anydsl import __version__
from anydsl.lsp.documents import Document, Documents


class Protocol(LanguageServerProtocol):
    """Leaves texts to `Documents`, which cuts them into lines as the protocol says."""

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """Pass a change on."""
        manager: Any = self.fm
        yield manager.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None


class Server(LanguageServer):
    """The server; `ls` in the features.

    Attributes:
        documents: the open files.
        commands: what the client carries out, as it says itself.
        complained: what was last said of a configuration that is wrong.
        timers: what is still to be said of a file once its reader stops typing, by its address.
    """

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "anydsl", __version__, protocol_cls=Protocol
        )
        self.documents = Documents()
        self.timers: dict[str, Any] = {}
        self.commands: tuple[str, ...] = ()
        self.complained = ""

    def document(self, identifier: types.TextDocumentIdentifier) -> Document:
        """The file that a request speaks of."""
        return self.documents.get(identifier.uri)


class Feature(NamedTuple):
    """What a file of this folder answers: a method of the protocol, by a function of the server."""

    method: str
    answer: Callable[[Server, Any], Any]
    options: Any = None
