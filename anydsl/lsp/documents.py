"""The files that are open, with what has been made of them since the last change."""

from __future__ import annotations

import os

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import PositionCodec

from anydsl.checker.configuration import FILE, Settings
from anydsl.checker.engine import Checked, check_each, check_module
from anydsl.checker.selection import USUAL, Selection
from anydsl.design.modules import Library, Module
from anydsl.design.symbols import Use, uses
from anydsl.errors import UsageError
from anydsl.language.diagnostics import Diagnostic
from anydsl.language.lexer import Token, tokens
from anydsl.language.source import Source, Span
from anydsl.lsp import positions


class Document:
    """One file, open or not; everything about it is made when it is first asked for.

    It has a library of its own, as a file named on the command line has, so that imports reach as
    far as they do there. What the library has read of other files is kept from edit to edit.

    Attributes:
        uri: as the client writes it.
        file: its real path, None where it is not in the file system.
        version: that of the client, None where the file is not open.
        taken: seconds that checking it took the last time.
        said: the version that was checked the last time.
    """

    def __init__(self, uri: str, store: Documents, text: str | None, version: int | None) -> None:
        path = to_fs_path(uri)
        self.uri = uri
        self.path = path
        self.file = os.path.realpath(path) if path and "\0" not in path else None
        self.text = text
        self.version = version
        self.taken = 0.0
        self.said: int | None = None
        self.store = store
        self.library = Library(store.texts)
        self.codec = store.codec
        self._module: Module | None = None
        self._checked: tuple[list[Diagnostic], list[Checked]] | None = None
        self._tokens: list[Token] | None = None
        self._uses: list[Use] | None = None

    @property
    def module(self) -> Module:
        """The file as it has been read, whatever stands in it."""
        if self._module is None:
            try:
                if self.path is None or self.file is None:
                    self._module = self.library.text(self.text or "", self.uri)
                else:
                    self._module = self.library.module(self.path)
            except UsageError:  # not there, or not to be read
                self._module = self.library.text(self.text or "", self.path or self.uri)
        return self._module

    @property
    def source(self) -> Source:
        """Its text."""
        return self.module.source

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """What `anydsl lint` says of it."""
        return self._check()[0]

    @property
    def checked(self) -> list[Checked]:
        """What its declarations came to."""
        return self._check()[1]

    @property
    def tokens(self) -> list[Token]:
        """Its tokens, without comments."""
        if self._tokens is None:
            self._tokens = tokens(self.source.text)
        return self._tokens

    @property
    def uses(self) -> list[Use]:
        """The names in it."""
        if self._uses is None:
            self._uses = uses(self.module)
        return self._uses

    def use_at(self, offset: int) -> Use | None:
        """The name at an offset; one that ends there counts."""
        found = [use for use in self.uses if use.at.start <= offset <= use.at.end]
        return found[-1] if found else None

    def offset(self, at: types.Position) -> int:
        """A place on the wire as an offset in the text."""
        return positions.offset(self.codec, self.source, at)

    def range(self, start: int, end: int) -> types.Range:
        """A stretch of the text as the wire has it."""
        return positions.range_of(self.codec, Span(self.source, start, end))

    def reset(self) -> None:
        """Make everything anew when it is next asked for."""
        self._module = self._checked = self._tokens = self._uses = None

    def _check(self) -> tuple[list[Diagnostic], list[Checked]]:
        if self._checked is None:
            found, checked = check_each(self.module, self.store.selection(self.file))
            self._checked = _once(found), checked
        return self._checked

    def check(self, module: Module) -> list[Diagnostic]:
        """What is to be said of a text that may take this file's place."""
        return check_module(module, self.store.selection(self.file))


def _once(found: list[Diagnostic]) -> list[Diagnostic]:
    """Each finding once; a net that extends another has the same ones at the same places."""
    kept: dict[tuple[object, ...], Diagnostic] = {}
    for one in found:
        kept.setdefault((one.at.source, one.at.start, one.at.end, one.kind.name, one.message), one)
    return list(kept.values())


class Documents:
    """All open files.

    Attributes:
        texts: what stands in them, saved or not, by their real paths.
        codec: how places are counted on the wire.
        settings: which rules are on, by the `[tool.anydsl]` of the nearest pyproject.toml.
        complaint: what is wrong with such a table, where something is.
    """

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.codec = PositionCodec()
        self.open: dict[str, Document] = {}
        self.settings = Settings()
        self.complaint = ""

    def get(self, uri: str) -> Document:
        """A file, also one that is not open."""
        return self.open.get(uri) or Document(uri, self, None, None)

    def put(self, uri: str, text: str, version: int | None) -> list[Document]:
        """Open a file or give it a new text; the open files that this concerns come back."""
        document = self.open.get(uri)
        if document is None:
            document = self.open[uri] = Document(uri, self, text, version)
        document.text, document.version = text, version
        if document.file is None:
            document.reset()
            return [document]
        self.texts[document.file] = text
        return self.changed(document.file)

    def change(
        self, uri: str, changes: list[types.TextDocumentContentChangeEvent], version: int
    ) -> list[Document]:
        """Apply what was typed; the open files that this concerns come back."""
        document = self.open.get(uri)
        if document is None:
            return []
        text = document.text or ""
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                source = Source(uri, text)
                start = positions.offset(self.codec, source, change.range.start)
                end = positions.offset(self.codec, source, change.range.end)
                text = text[:start] + change.text + text[max(start, end) :]
            else:
                text = change.text
        return self.put(uri, text, version)

    def close(self, uri: str) -> list[Document]:
        """Close a file; the open files that this concerns come back."""
        document = self.open.pop(uri, None)
        if document is None or document.file is None:
            return []
        others = [d for d in self.open.values() if d.file == document.file]
        if not others:
            self.texts.pop(document.file, None)
        return self.changed(document.file)

    def selection(self, file: str | None) -> Selection:
        """Which rules are on for a file; where its configuration is wrong, the usual ones."""
        try:
            return self.settings.selection(file)
        except UsageError as error:
            self.complaint = str(error)
            return USUAL

    def configured(self) -> list[Document]:
        """Read the configurations again; all open files, which it may concern."""
        self.settings, self.complaint = Settings(), ""
        for document in self.open.values():
            document.reset()
        return list(self.open.values())

    def changed(self, file: str) -> list[Document]:
        """Forget what was made of a file that has changed; the open files that it concerns."""
        if os.path.basename(file) == FILE:
            return self.configured()
        concerned: list[Document] = []
        for document in self.open.values():
            if document.library.forget(file) or document.file == file:
                document.reset()
                concerned.append(document)
        return concerned

    def uri(self, source: Source) -> str:
        """The address of a text: the client's own for an open file."""
        if source.file is None:
            return source.path
        for document in self.open.values():
            if document.file == source.file:
                return document.uri
        return from_fs_path(source.file) or source.file

    def location(self, span: Span) -> types.Location:
        """A span in any file, as the wire has it."""
        return types.Location(self.uri(span.source), positions.range_of(self.codec, span))
