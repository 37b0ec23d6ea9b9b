"""Say which data sets are here and where, or fetch one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from anydsl.cli._tables import print_table
from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse

_MEGA = 10**6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME|PATH", help="one data set; a folder or a file is one, too"
    )
    parser.add_argument(
        "--download",
        action="store_true",
        help="fetch it into $ANYDSL_DATA, by default ~/.cache/anydsl/data",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Print the list, or what is known of one data set.

    Raises:
        DataError: the data can't be fetched, or is broken.
        UsageError: there is no such data, or nothing that could be fetched.
    """
    from anydsl.design.recipe import Digits
    from anydsl.training.feeding import listing
    from anydsl.training.feeding.source import locate

    if args.name is None:
        if args.download:
            raise UsageError("--download: of which data set? `anydsl data NAME --download`")
        _print_list(listing.listed(), args.format)
        return 0
    if args.download:
        locate(Digits(), args.name).download()
    _print_one(listing.about(args.name), args.format)
    return 0


def _print_list(rows: list[dict[str, Any]], form: str) -> None:
    if form == "json":
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    columns = ["name", "shape", "classes", "train", "MB", "where"]
    table = [
        {**row, "shape": _shape(row), "MB": _megabytes(row), "where": _place(row)} for row in rows
    ]
    print_table(columns, table, left=["where"], totals=0)


def _print_one(facts: dict[str, Any], form: str) -> None:
    if form == "json":
        sys.stdout.write(json.dumps(facts) + "\n")
        return
    names = facts.get("class_names", [])
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    splits = ", ".join(f"{count:,} {name}" for name, count in facts.get("splits", {}).items())
    lines = {
        facts["name"]: facts["doc"],
        "shape": _shape(facts),
        "classes": f"{facts['classes']}: {shown}" if names else facts["classes"],
        "pictures": splits or f"{facts['train']:,} train",
        "": facts.get("note"),
        "where": facts["where"] if facts["here"] else None,
        "use" if facts["here"] else "get": facts["how"],
    }
    width = max(map(len, lines)) + 2
    for key, value in lines.items():
        if value:
            sys.stdout.write(f"{key:<{width}}{value}\n")


def _shape(row: dict[str, Any]) -> str:
    return "x".join(map(str, row["shape"] or ()))


def _megabytes(row: dict[str, Any]) -> float | None:
    return round(row["bytes"] / _MEGA, 1) if row["bytes"] else None


def _place(row: dict[str, Any]) -> str:
    return row["where"] if row["here"] else row["how"]
