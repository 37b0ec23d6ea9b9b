"""Files are opened, typed in, saved and closed."""

from __future__ import annotations

import os
from typing import Any, cast

from lsprotocol import types
from pygls.uris import to_fs_path

from anydsl.lsp import diagnostics
from anydsl.lsp.session import Feature, Server

_WATCHED = ("**/*.anynet", "**/pyproject.toml")


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Count places as the client does, and remember which commands it carries out."""
    ls.documents.codec = ls.workspace.position_codec
    options: Any = params.initialization_options
    said: Any = (
        cast("dict[str, Any]", options).get("commands")
        if isinstance(options, dict)
        else getattr(options, "commands", None)
    )
    ls.commands = tuple(str(command) for command in said or ())


def initialized(ls: Server, _params: types.InitializedParams) -> None:
    """Ask to be told of files that change on disk, if the client can do that."""
    workspace = ls.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace else None
    if watched and watched.dynamic_registration:
        options = types.DidChangeWatchedFilesRegistrationOptions(
            [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        )
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        ls.client_register_capability(
            types.RegistrationParams([types.Registration("anydsl-files", method, options)])
        )


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Take the text over from the file system."""
    item = params.text_document
    diagnostics.schedule(ls, ls.documents.put(item.uri, item.text, item.version), at_once=True)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Take over what was typed."""
    identifier = params.text_document
    concerned = ls.documents.change(
        identifier.uri, list(params.content_changes), identifier.version
    )
    diagnostics.schedule(ls, concerned)


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Check again what may have changed on disk with it."""
    file = ls.document(params.text_document).file
    if file is not None:
        diagnostics.schedule(ls, ls.documents.changed(file))


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Give the text back to the file system; nothing more is said of it."""
    uri = params.text_document.uri
    concerned = ls.documents.close(uri)
    diagnostics.withdraw(ls, uri)
    diagnostics.schedule(ls, concerned)


def did_change_watched(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Read files again that changed on disk and are not open."""
    for change in params.changes:
        path = to_fs_path(change.uri)
        file = os.path.realpath(path) if path and "\0" not in path else None
        if file is not None and file not in ls.documents.texts:
            diagnostics.schedule(ls, ls.documents.changed(file))


FEATURES = (
    Feature(types.INITIALIZE, initialize),
    Feature(types.INITIALIZED, initialized),
    Feature(types.TEXT_DOCUMENT_DID_OPEN, did_open),
    Feature(types.TEXT_DOCUMENT_DID_CHANGE, did_change),
    Feature(types.TEXT_DOCUMENT_DID_SAVE, did_save),
    Feature(types.TEXT_DOCUMENT_DID_CLOSE, did_close),
    Feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, did_change_watched),
)
