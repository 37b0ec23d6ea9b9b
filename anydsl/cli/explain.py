"""Explain a rule or an error, by its name or its code; without one, list all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from anydsl.checker.registry import kinds
from anydsl.cli import colour
from anydsl.errors import UsageError
from anydsl.language.diagnostics import Kind, nearest

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("rule", nargs="?", help="a name such as shared_bottleneck, or a code")


def run(args: argparse.Namespace) -> int:
    """Print a page, or the list."""
    if args.rule is None:
        wide = max(len(kind.name) for kind in kinds())
        for kind in kinds():
            summary = kind.page.splitlines()[0]
            marks = f"{'on' if kind.on else 'off':<5}{kind.fix:<8}"
            sys.stdout.write(
                f"{kind.code}  {kind.name:<{wide}}  {kind.severity:<9}{marks}{summary}\n"
            )
        sys.stderr.write("on: without --select; safe, unsafe: has a fix of that sort\n")
        return 0
    word = args.rule.replace("-", "_")
    for kind in kinds():
        if word.lower() == kind.name or word.upper() == kind.code:
            page = f"# {kind.name} ({', '.join(_about(kind))})\n\n{kind.page}\n"
            if colour(sys.stdout):
                from anydsl.cli._markdown import painted

                page = painted(page)
            sys.stdout.write(page)
            return 0
    hint = nearest(word, [k.name for k in kinds()]) or "anydsl explain lists all"
    raise UsageError(f"no rule is called `{args.rule}`; {hint}")


def _about(kind: Kind) -> list[str]:
    """Code and severity, and what is not as with most: a rule that is off."""
    return [kind.code, kind.severity] + ([] if kind.on else ["off unless selected"])
