"""An editor for tests: it opens, types, and asks by a mark in the text instead of by numbers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

ROOT = Path(__file__).parents[2]
PUBLISHED = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
COMMAND = [sys.executable, "-m", "anydsl", "lsp"]
ASKED = (
    types.CLIENT_REGISTER_CAPABILITY,
    types.WORKSPACE_INLAY_HINT_REFRESH,
    types.WORKSPACE_CODE_LENS_REFRESH,
)


class Client(LanguageClient):
    """Remembers what is said of which version, and of complaints of the server."""

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter)
        self.published: list[types.PublishDiagnosticsParams] = []
        self.more = asyncio.Event()
        self.offered = types.ServerCapabilities()
        self.asked: list[str] = []
        asked = {method: partial(self._ask, method) for method in ASKED}
        register_lsp_features(self, {**DEFAULT_CLIENT_FEATURES, PUBLISHED: _remember, **asked})

    def _ask(self, method: str, *_: object) -> None:
        self.asked.append(method)


def _remember(client: Client, params: types.PublishDiagnosticsParams) -> None:
    client.published.append(params)
    client.more.set()


CONFIG = ClientServerConfig(server_command=COMMAND, client_factory=Client)


def capabilities() -> types.ClientCapabilities:
    """VS Code's, counting in UTF-16."""
    return client_capabilities("visual-studio-code")


def utf16(text: str, offset: int) -> types.Position:
    """An offset as the protocol counts it; written without the server's own code."""
    before = text[:offset].replace("\r\n", "\n").split("\n")
    return types.Position(len(before) - 1, len(before[-1].encode("utf-16-le")) // 2)


def offset_of(text: str, at: types.Position) -> int:
    """The other way round."""
    lines = text.split("\n")
    units = lines[at.line].encode("utf-16-le")[: 2 * at.character]
    return sum(len(line) + 1 for line in lines[: at.line]) + len(units.decode("utf-16-le"))


def applied(text: str, edits: Any) -> str:
    """A text after edits of the protocol."""
    spans = [
        (offset_of(text, e.range.start), offset_of(text, e.range.end), e.new_text) for e in edits
    ]
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


class Editor:
    """One file in an editor."""

    def __init__(self, client: Client, path: Path) -> None:
        self.client = client
        self.path = path
        self.uri = path.as_uri()
        self.text = ""
        self.version = 0

    @property
    def it(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)

    async def open(self, text: str | None = None) -> list[types.Diagnostic]:
        """Open the file, with another text than it has where one is given."""
        self.text = self.path.read_text(encoding="utf-8") if text is None else text
        self.version += 1
        item = types.TextDocumentItem(self.uri, "anynet", self.version, self.text)
        return await self.checked(
            lambda: self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        )

    async def type(self, text: str) -> list[types.Diagnostic]:
        """Give the file another text."""
        return await self.checked(lambda: self.send(text))

    async def insert(self, before: str, text: str) -> list[types.Diagnostic]:
        """Type something in front of a piece of the text, as a change of that place alone."""
        return await self.replace(before, "", text)

    async def replace(self, before: str, old: str, new: str) -> list[types.Diagnostic]:
        """Type over the piece that stands before another."""
        start = self.text.index(old + before)
        edit = types.Range(utf16(self.text, start), utf16(self.text, start + len(old)))
        self.text = self.text[:start] + new + self.text[start + len(old) :]
        change = types.TextDocumentContentChangePartial(edit, new)
        return await self.checked(lambda: self.send(self.text, change))

    def send(self, text: str, change: types.TextDocumentContentChangeEvent | None = None) -> None:
        self.text = text
        self.version += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri=self.uri, version=self.version),
                [change or types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def checked(self, action: Callable[[], None]) -> list[types.Diagnostic]:
        """Do something, then wait for what is said of the newest version."""
        done = len(self.client.published)
        action()
        while True:
            for said in self.client.published[done:]:
                if said.uri == self.uri and said.version == self.version:
                    return list(said.diagnostics)
            done = len(self.client.published)
            self.client.more.clear()
            await asyncio.wait_for(self.client.more.wait(), 20)

    async def close(self) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.it))

    def at(self, mark: str, within: str = "") -> types.Position:
        """The place marked `|` in a piece of the text, such as `b|ody`; the first that is found."""
        before, _, after = mark.partition("|")
        start = self.text.index(within) if within else 0
        return utf16(self.text, self.text.index(before + after, start) + len(before))

    def read(self, at: types.Range) -> str:
        """What stands at a range."""
        return self.text[offset_of(self.text, at.start) : offset_of(self.text, at.end)]

    # ------------------------------------------------------------------------- requests

    async def hover(self, mark: str, within: str = "") -> str:
        found = await self.client.text_document_hover_async(
            types.HoverParams(self.it, self.at(mark, within))
        )
        return found.contents.value if found else ""

    async def complete(self, mark: str, within: str = "") -> dict[str, types.CompletionItem]:
        found = await self.client.text_document_completion_async(
            types.CompletionParams(self.it, self.at(mark, within))
        )
        return {item.label: item for item in found.items}

    async def actions(self, at: types.Range, *only: str) -> list[types.CodeAction]:
        context = types.CodeActionContext([], only or None)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(self.it, at, context)
        )
        return list(found or [])

    async def definition(self, mark: str, within: str = "") -> types.Location | None:
        return await self.client.text_document_definition_async(
            types.DefinitionParams(self.it, self.at(mark, within))
        )

    async def references(self, mark: str, within: str = "") -> list[types.Location]:
        found = await self.client.text_document_references_async(
            types.ReferenceParams(types.ReferenceContext(True), self.it, self.at(mark, within))
        )
        return list(found or [])

    async def rename(self, mark: str, new: str, within: str = "") -> dict[str, Any]:
        found = await self.client.text_document_rename_async(
            types.RenameParams(self.it, self.at(mark, within), new)
        )
        return dict(found.changes)

    async def hints(self) -> dict[int, str]:
        """The hints by their lines, counted from 1."""
        end = utf16(self.text, len(self.text))
        found = await self.client.text_document_inlay_hint_async(
            types.InlayHintParams(self.it, types.Range(types.Position(0, 0), end))
        )
        return {hint.position.line + 1: str(hint.label) for hint in found}
