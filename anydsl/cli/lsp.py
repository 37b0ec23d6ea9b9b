"""Serve an editor: the language server, on standard input and output."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing but what editors add of themselves."""
    parser.add_argument(
        "--stdio", action="store_true", help="as always; some editors insist on saying it"
    )


def run(_args: argparse.Namespace) -> int:
    """Serve until the editor goes."""
    from anydsl.lsp.server import serve

    serve()
    return 0
