"""The features put together, and the server on standard input and output."""

from __future__ import annotations

import gc
import os
import sys

from anydsl.lsp import (
    actions,
    completion,
    folding,
    formatting,
    hints,
    hover,
    lenses,
    navigation,
    outline,
    renaming,
    signatures,
    sync,
    tokens,
)
from anydsl.lsp.session import Server

FILES = (
    sync,
    actions,
    formatting,
    folding,
    outline,
    tokens,
    hover,
    completion,
    signatures,
    navigation,
    renaming,
    hints,
    lenses,
)
_COLLECTING = (50_000, 20, 50)
"""How often garbage is looked for: a tree is many small objects, and none of them is garbage yet.

With Python's own (700, 10, 10) a fifth of the time from an edit to its findings goes there.
"""


def build() -> Server:
    """A server with all features."""
    server = Server()
    for file in FILES:
        for feature in file.FEATURES:
            server.feature(feature.method, feature.options)(feature.answer)
    return server


def serve() -> None:
    """Serve one client on standard input and output until it goes.

    Nothing but the protocol may reach the client, so whatever prints goes to standard error.
    """
    server = build()
    gc.freeze()
    gc.set_threshold(*_COLLECTING)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server.start_io(sys.stdin.buffer, out)
