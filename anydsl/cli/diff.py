"""Compare two nets in meaning: what one of them has, keeps and costs that the other has not.

Files, inheritance, generators and spaces make no difference. The exit status is 0 whether or not
the nets differ; --format json says whether they do as `same`.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from anydsl.blocks.measurement import Measurement
from anydsl.checker.comparing import COUNTS, Comparison, PartChange, as_json, change, compare
from anydsl.checker.loading import pick
from anydsl.cli._tables import print_table

if TYPE_CHECKING:
    import argparse

    from anydsl.graph.operations import Cost


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("a", metavar="A", help="a SPEC: PATH, std:NAME, or either with ::NAME")
    parser.add_argument("b", metavar="B", help="the one to compare it with")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Print what differs."""
    a, b = (_measured(spec) for spec in (args.a, args.b))
    found = compare(a, b)
    names = _titles((args.a, a.network.name), (args.b, b.network.name))
    if args.format == "json":
        sides = {
            side: {"name": measured.network.name, "spec": spec}
            for side, measured, spec in (("a", a, args.a), ("b", b, args.b))
        }
        sys.stdout.write(json.dumps(sides | as_json(found), ensure_ascii=False) + "\n")
        return 0
    _print(found, names)
    return 0


def _measured(spec: str) -> Measurement:
    _, checked = pick(spec, "net")
    assert checked.measured is not None
    return checked.measured


def _titles(a: tuple[str, str], b: tuple[str, str]) -> tuple[str, str]:
    """What the two are called: by their names, or where these are the same by their specs."""
    for left, right in zip(reversed(a), reversed(b), strict=True):
        if left != right:
            return left, right
    return "A", "B"


def _print(found: Comparison, names: tuple[str, str]) -> None:
    if found.same:
        cost = found.a
        counts = ", ".join(f"{getattr(cost, count):,} {count}" for count in COUNTS)
        sys.stdout.write(f"{names[0]} and {names[1]} mean the same: {counts}\n")
        return
    a, b = names
    if found.alike:
        sys.stdout.write(f"{a} and {b} compute the same, under other rules\n\n")
    else:
        sys.stdout.write(f"{a} -> {b}: {_summary(found)}\n")
    if found.changes:
        rows = [
            {"part": c.part, "setting": c.setting, a: c.a or "-", b: c.b or "-"}
            for c in found.changes
        ]
        print_table(["part", "setting", a, b], _once(rows), left=("setting", a, b), totals=0)
    texts = [_lines(f"block {block.name}", block.a, block.b) for block in found.blocks]
    if found.dropped or found.added:
        texts.append(_lines("rules", found.dropped, found.added))
    sys.stdout.write("\n".join(texts))
    if not found.alike:
        _costs(found, names)


def _lines(title: str, dropped: tuple[str, ...], added: tuple[str, ...]) -> str:
    lines = [_paint(f"  - {line}", "31") for line in dropped]
    lines += [_paint(f"  + {line}", "32") for line in added]
    return "".join(f"{line}\n" for line in (title, *lines))


def _summary(found: Comparison) -> str:
    if found.a == found.b:
        return "the costs are equal"
    return ", ".join(f"{count} {_changed(found.a, found.b, count)}" for count in COUNTS)


def _costs(found: Comparison, names: tuple[str, str]) -> None:
    rows: list[dict[str, Any]] = []
    total = PartChange("total", found.a, found.b)
    for part in (*found.parts, total):
        for count in COUNTS:
            before, after = getattr(part.a, count), getattr(part.b, count)
            row: dict[str, Any] = {"part": part.part, "count": count}
            row |= {names[0]: before, names[1]: after}
            row["change"] = _changed(part.a, part.b, count)
            rows.append(row)
    columns = ["part", "count", *names, "change"]
    print_table(columns, _once(rows), left=("count",), totals=len(COUNTS))


def _once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of which only the first of a part names it."""
    return [
        row | {"part": ""} if place and rows[place - 1]["part"] == row["part"] else row
        for place, row in enumerate(rows)
    ]


def _changed(a: Cost, b: Cost, count: str) -> str:
    value = change(a, b, count)
    if getattr(a, count) == getattr(b, count):
        return "="
    if value is None:
        return "new"
    return f"{value:+.1f}%" if abs(value) >= 0.1 else f"{value:+.1g}%"


def _paint(text: str, code: str) -> str:
    from anydsl.cli import colour

    return f"\033[{code}m{text}\033[0m" if colour(sys.stdout) else text
