"""Format specs in place; there is nothing to configure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from anydsl.cli import colour
from anydsl.cli._files import print_diff, write
from anydsl.errors import SpecError, UsageError
from anydsl.language.files import LARGEST_FILE, read_bytes
from anydsl.language.parser import parse
from anydsl.language.printer import Unformattable, format_text
from anydsl.language.source import STDIN, Source

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "specs", nargs="+", metavar="SPEC", help="a file, a folder, or - for standard input"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 1 if a file would change"
    )
    parser.add_argument(
        "--diff", action="store_true", help="write nothing; print what would change"
    )


def run(args: argparse.Namespace) -> int:
    """Format; 1 where a file can't be parsed, or with --check or --diff would change."""
    from anydsl.checker.linting import spec_files

    changed = failed = 0
    for path in spec_files(args.specs):
        text = _read(path)
        try:
            formatted = _formatted(path, text)
        except SpecError as error:
            from anydsl.checker.report import full

            sys.stderr.write(full(error.diagnostics, colour=colour(sys.stderr)))
            failed += 1
            continue
        changed += formatted != text
        if args.diff:
            print_diff(path, text, formatted)
        elif path == "-":
            sys.stdout.write("" if args.check else formatted)
        elif formatted != text and not args.check:
            write(path, formatted)
            sys.stderr.write(f"formatted {path}\n")
        elif formatted != text:
            sys.stderr.write(f"{path} would change\n")
    return 1 if failed or (changed and (args.check or args.diff)) else 0


def _formatted(path: str, text: str) -> str:
    parsed = parse(Source(STDIN if path == "-" else path, text))
    if parsed.diagnostics:
        raise SpecError(parsed.diagnostics)
    try:
        return format_text(text)
    except Unformattable as error:
        raise UsageError(f"{path} is left as it is: {error}; please report this") from None


def _read(path: str) -> str:
    try:
        data = sys.stdin.buffer.read(LARGEST_FILE + 1) if path == "-" else read_bytes(path)
        if len(data) > LARGEST_FILE:
            raise UsageError(f"{path} is beyond the limit of {LARGEST_FILE:,} bytes")
        return data.decode("utf-8")
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None
