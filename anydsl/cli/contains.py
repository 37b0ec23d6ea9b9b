"""Say whether a net lies in a space; if not, every line that says no, and by how much.

The exit status is 0 for yes and 1 for no. What a space fixes with `=` is no part of it.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from anydsl.checker.loading import pick
from anydsl.design.network import Space

if TYPE_CHECKING:
    import argparse

    from anydsl.spaces.reason import Reason


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("space", metavar="SPACE", help="a space: PATH, or PATH::NAME")
    parser.add_argument("net", metavar="NET", help="a net: PATH, std:NAME, or either with ::NAME")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Print yes, or every reason why not."""
    from anydsl.spaces.membership import reasons

    _, space = pick(args.space, "space")
    _, net = pick(args.net, "net")
    assert isinstance(space.value, Space)
    assert net.measured is not None
    assert net.resolved is not None
    found = reasons(space.value, net.measured, net.resolved.generator)
    if args.format == "json":
        said: dict[str, Any] = {"space": space.name, "net": net.name, "contained": not found}
        said["reasons"] = [_described(reason) for reason in found]
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        return 1 if found else 0
    if not found:
        sys.stdout.write(f"yes: {net.name} lies in {space.name}\n")
        return 0
    sys.stdout.write(f"no: {net.name} does not lie in {space.name}\n")
    for reason in found:
        sys.stdout.write(f"  {reason.message}\n")
        if reason.line is not None:
            path, line, _ = _position(reason)
            text = reason.line.text.partition("\n")[0]
            by = f" of {reason.owner}" if reason.owner and reason.owner != space.name else ""
            sys.stdout.write(f"      {path}:{line}: {text}{by}\n")
    return 1


def _described(reason: Reason) -> dict[str, Any]:
    path, line, column = _position(reason) if reason.line is not None else (None, None, None)
    said: dict[str, Any] = {"message": reason.message, "value": reason.path or None}
    return said | {"path": path, "line": line, "column": column}


def _position(reason: Reason) -> tuple[str, int, int]:
    assert reason.line is not None
    source = reason.line.source
    return (source.path, *source.position(reason.line.start))
