"""What `lint` says, a moment after one stops typing."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator

from lsprotocol import types
from pygls.uris import from_fs_path

from anydsl.design.modules import Module
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Kind
from anydsl.language.source import Source, Span
from anydsl.lsp import positions
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Server

SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
SHORTEST, LONGEST, SHARE = 0.01, 0.3, 0.3
"""Seconds without a change before a file is checked: a share of what that takes, within these."""
_UNNECESSARY = ("unused", "redundant")
_PAGES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
    "docs",
    "rules.md",
)


def schedule(ls: Server, documents: Iterable[Document], *, at_once: bool = False) -> None:
    """Check files soon, and not before the typing pauses."""
    loop = asyncio.get_running_loop()
    for document in documents:
        waiting = ls.timers.pop(document.uri, None)
        if waiting is not None:
            waiting.cancel()
        pause = 0.0 if at_once else min(max(document.taken * SHARE, SHORTEST), LONGEST)
        ls.timers[document.uri] = loop.call_later(pause, _publish, ls, document, document.version)


def withdraw(ls: Server, uri: str) -> None:
    """Say nothing more of a file."""
    waiting = ls.timers.pop(uri, None)
    if waiting is not None:
        waiting.cancel()
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def _publish(ls: Server, document: Document, version: int | None) -> None:
    """Say what there is to say, unless the file has gone on since."""
    ls.timers.pop(document.uri, None)
    if ls.documents.open.get(document.uri) is not document or document.version != version:
        return
    if version is not None and version == document.said:
        _refresh(ls)  # another file has changed that this one imports
    document.said = version
    start = time.perf_counter()
    found = list(published(ls, document))
    if ls.documents.complaint and ls.documents.complaint != ls.complained:
        ls.window_show_message(
            types.ShowMessageParams(types.MessageType.Warning, ls.documents.complaint)
        )
    ls.complained = ls.documents.complaint
    document.taken = time.perf_counter() - start
    ls.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(document.uri, found, version=version)
    )


def _refresh(ls: Server) -> None:
    """Let the client ask anew for what it shows of files in which nobody has typed."""
    workspace = ls.client_capabilities.workspace
    if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
        ls.workspace_inlay_hint_refresh(None)
    if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
        ls.workspace_code_lens_refresh(None)


def published(ls: Server, document: Document) -> Iterator[types.Diagnostic]:
    """The findings of a file; those of files that it imports stand at the import."""
    for found in document.diagnostics:
        if found.at.source is document.source:
            yield diagnostic(ls, found)
        else:
            at = _import_of(document.module, found.at.source)
            where = f"{found.at.source.path}:{found.at.source.position(found.at.start)[0]}"
            yield diagnostic(ls, found.replace(at=at, message=f"{found.message} ({where})"))


def diagnostic(ls: Server, found: Diagnostic) -> types.Diagnostic:
    """A finding in the words of the protocol."""
    source = found.at.source
    codec = ls.documents.codec
    related = [
        types.DiagnosticRelatedInformation(ls.documents.location(label.at), label.message)
        for label in found.labels
    ]
    unnecessary = found.kind.name.startswith(_UNNECESSARY)
    return types.Diagnostic(
        positions.range_of(codec, _shown(source, found.at)),
        found.message + (f"\n{found.help}" if found.help else ""),
        severity=SEVERITIES[found.level],
        code=found.kind.name,
        code_description=_page(found.kind),
        source="anydsl",
        tags=[types.DiagnosticTag.Unnecessary] if unnecessary else None,
        related_information=related or None,
    )


def _shown(source: Source, at: Span) -> Span:
    """At least one letter, where there is one."""
    if at.end > at.start:
        return at
    end = min(at.start + 1, len(source.text))
    return Span(source, max(0, end - 1), end)


def _page(kind: Kind) -> types.CodeDescription | None:
    """The page of a rule, where the docs stand beside the package."""
    if not os.path.isfile(_PAGES):
        return None
    return types.CodeDescription(f"{from_fs_path(_PAGES)}#{kind.name}")


def _import_of(module: Module, source: Source) -> Span:
    """The import that leads, directly or not, to a text."""
    for statement, imported in module.imports:
        if _leads_to(imported, source, set()):
            return statement.path.span
    for statement in module.file.statements:
        if isinstance(statement, tree.Block) and statement.base is not None:
            return statement.base.span
    return Span(module.source, 0, min(1, len(module.source.text)))


def _leads_to(module: Module, source: Source, seen: set[int]) -> bool:
    if module.source is source:
        return True
    seen.add(id(module))
    return any(
        _leads_to(other, source, seen) for _, other in module.imports if id(other) not in seen
    )
