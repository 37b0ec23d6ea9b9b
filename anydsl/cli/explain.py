"""Explain a rule or an error, by its name or its code; without one, list all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from anydsl.checker.registry import kinds
from anydsl.errors import UsageError
from anydsl.language.diagnostics import nearest

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("rule", nargs="?", help="a name such as shared_bottleneck, or a code")


def run(args: argparse.Namespace) -> int:
    """Print a page, or the list."""
    if args.rule is None:
        for kind in kinds():
            summary = kind.page.splitlines()[0]
            sys.stdout.write(f"{kind.code}  {kind.name:<20}{kind.severity:<9}{summary}\n")
        return 0
    word = args.rule.replace("-", "_")
    for kind in kinds():
        if word.lower() == kind.name or word.upper() == kind.code:
            sys.stdout.write(f"# {kind.name} ({kind.code}, {kind.severity})\n\n{kind.page}\n")
            return 0
    hint = nearest(word, [k.name for k in kinds()]) or "anydsl explain lists all"
    raise UsageError(f"no rule is called `{args.rule}`; {hint}")
