"""Measure this machine: anydsl against the peers that are installed on it.

Each benchmark runs in a process of its own, in which the rivals take turns; what lacks its
libraries or a GPU is left out, with a line. The machine should have little else to do. The exit
status is 1 where a target is missed or a benchmark fails.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from anydsl.cli._benchmarks import Benchmark

_FORMS = (".md", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="which benchmarks; --dry-run lists them"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would run, and what not")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument(
        "-o", dest="out", metavar="FILE", help="write a page there too, or the figures: .md .json"
    )


def run(args: argparse.Namespace) -> int:
    """Run the benchmarks, show their figures, and write them.

    Raises:
        UsageError: there is no such benchmark, or nothing can be written there.
    """
    from anydsl.cli import _benchmarks, _figures

    _check(args.out)
    chosen = _chosen(args.names, _benchmarks.found())
    if args.dry_run:
        _list(chosen, args.format)
        return 0
    machine = _benchmarks.machine()
    if args.format == "text":
        sys.stdout.write(_figures.described(machine) + "\n")
    for benchmark in chosen:
        benchmark.measure()
        if benchmark.left_out:
            sys.stderr.write(f"{benchmark.name}: left out: {benchmark.left_out}\n")
        if benchmark.failed:
            sys.stderr.write(f"{benchmark.name}: failed: {benchmark.failed}\n")
        if args.format == "text" and benchmark.figures:
            _figures.print_figures(benchmark)
    described = json.dumps(_figures.as_json(machine, chosen), indent=2) + "\n"
    if args.format == "json":
        sys.stdout.write(described)
    if args.out is not None:
        text = described if args.out.endswith(".json") else _figures.page(machine, chosen)
        with open(args.out, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        sys.stderr.write(f"wrote {args.out}\n")
    return int(any(b.failed or not all(f.met for f in b.figures) for b in chosen))


def _check(out: str | None) -> None:
    """Say before minutes have gone by that a file can't be written."""
    if out is None:
        return
    if not out.endswith(_FORMS):
        raise UsageError(f"-o {out}: the suffix says what is written: {' or '.join(_FORMS)}")
    folder = os.path.dirname(out) or "."
    if os.path.isdir(out) or not os.access(folder, os.W_OK):
        raise UsageError(f"-o {out}: nothing can be written there")


def _chosen(names: Sequence[str], known: Sequence[Benchmark]) -> list[Benchmark]:
    from anydsl.language.diagnostics import nearest

    by_name = {benchmark.name: benchmark for benchmark in known}
    for name in names:
        if name not in by_name:
            hint = nearest(name, list(by_name)) or "`anydsl bench --dry-run` lists them"
            raise UsageError(f"there is no benchmark `{name}`; {hint}")
    return [by_name[name] for name in dict.fromkeys(names or by_name)]


def _list(chosen: Sequence[Benchmark], form: str) -> None:
    rows = [
        {"name": b.name, "measures": b.title, "left out": f"needs {b.lacks}" if b.lacks else ""}
        for b in chosen
    ]
    if form == "json":
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    from anydsl.cli._tables import print_table

    print_table(list(rows[0]), rows, left=("measures", "left out"), totals=0)
