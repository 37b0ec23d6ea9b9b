"""Check specs against the language, their own rules and the RegNet principles."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from anydsl.checker import report
from anydsl.checker.engine import check_declaration, check_module
from anydsl.checker.loading import named, split
from anydsl.cli import colour
from anydsl.design.modules import SUFFIX, Library
from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from anydsl.language.diagnostics import Diagnostic

_FORMATS = ("full", "concise", "json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="a file, a folder, - or std:NAME")
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    parser.add_argument("--output-format", choices=_FORMATS, default="full")


def run(args: argparse.Namespace) -> int:
    """Lint; 1 where there is an error or a warning."""
    library = Library()
    found: list[Diagnostic] = []
    files = spec_files(args.specs)
    for spec in files:
        found += _check(spec, library)
    if args.strict:
        found = [d.replace(severity="error") if d.level == "warning" else d for d in found]
    if args.output_format == "json":
        import json

        sys.stdout.write(json.dumps(report.as_json(found), indent=2, ensure_ascii=False) + "\n")
    else:
        if args.output_format == "full":
            text = report.full(found, colour=colour(sys.stdout))
            sys.stdout.write(text + "\n" if text else "")
        else:
            sys.stdout.write(report.concise(found))
        sys.stderr.write(report.summary(found, len(files)) + "\n")
    return 1 if any(d.level != "note" for d in found) else 0


def spec_files(specs: list[str]) -> list[str]:
    """The specs themselves, folders replaced by the files beneath them; each once."""
    files: dict[str, None] = {}
    for spec in specs:
        if not os.path.isdir(spec):
            files[spec] = None
            continue
        beneath = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(spec)
            for name in names
            if name.endswith(SUFFIX)
        ]
        if not beneath:
            raise UsageError(f"{spec} holds no {SUFFIX} files")
        files |= dict.fromkeys(sorted(beneath))
    return list(files)


def _check(spec: str, library: Library) -> list[Diagnostic]:
    path, name = split(spec)
    module = library.module(path)
    if not name:
        return check_module(module)
    found = check_declaration(module, named(module, name)).diagnostics
    return list(dict.fromkeys([*module.diagnostics, *found]))
