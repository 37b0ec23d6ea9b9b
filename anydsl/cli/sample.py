"""Draw designs of a space, as JSON lines or as nets that lint clean.

Design i under a seed is the same whatever else is drawn. --stats shows what was drawn: how often
each value, how many proposals were accepted and what the designs cost; with -o beside the file.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from anydsl.checker.loading import pick
from anydsl.cli._numbers import seed
from anydsl.design.network import Space

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from anydsl.spaces.sampling import Design, Sampler

_MOST = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", help="a space: PATH, or PATH::NAME")
    parser.add_argument("-n", type=_count, default=10, metavar="N", help="how many (default: 10)")
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="S", help="of the draws (default: 0)"
    )
    parser.add_argument(
        "--format", choices=("jsonl", "anynet"), help="default: that of -o's suffix, else jsonl"
    )
    parser.add_argument("-o", dest="out", metavar="FILE", help="write there")
    parser.add_argument("--stats", action="store_true", help="show what was drawn")


def run(args: argparse.Namespace) -> int:
    """Draw, write and show."""
    from anydsl.spaces.sampling import Sampler

    _, checked = pick(args.spec, "space")
    assert isinstance(checked.value, Space)
    sampler = Sampler(checked.value, args.seed)
    designs = sampler.designs(args.n)
    form = args.format or ("anynet" if (args.out or "").endswith(".anynet") else "jsonl")
    lines = _nets(designs) if form == "anynet" else _lines(designs)
    if args.out:
        with open(args.out, "w", encoding="utf-8") as file:
            file.writelines(lines)
        sys.stderr.write(f"{args.n:,} designs of {checked.name} are in {args.out}\n")
    elif not args.stats:
        sys.stdout.writelines(lines)
    if args.stats:
        _stats(sampler, designs)
    return 0


def _lines(designs: list[Design]) -> Iterator[str]:
    for design in designs:
        yield json.dumps(design.described(), ensure_ascii=False) + "\n"


def _nets(designs: list[Design]) -> Iterator[str]:
    from anydsl.checker.drawn import as_net
    from anydsl.design.expansion import expand_all

    nets = [as_net(design.network(), design.space.name) for design in designs]
    yield expand_all(nets)


def _stats(sampler: Sampler, designs: list[Design]) -> None:
    from anydsl.cli._histograms import print_histograms
    from anydsl.cli._tables import print_table
    from anydsl.spaces.summary import costs, marginals

    out = sys.stdout
    rate = len(designs) / sampler.proposals
    out.write(
        f"{sampler.space.name}: {len(designs):,} of {sampler.proposals:,} proposals were accepted"
        f" ({rate:.2%})\n\n"
    )
    out.write("Of the proposals that came to each requirement, one after the other, kept it:\n")
    rows = [
        {"requirement": name, "kept": kept, "of": of, "rate": f"{kept / max(of, 1):.2%}"}
        for name, kept, of in sampler.rates()
    ]
    print_table(["requirement", "kept", "of", "rate"], rows, left=("requirement",), totals=0)
    columns = ["cost", "least", "median", "most"]
    print_table(columns, costs(designs), left=("cost",), totals=0)
    print_histograms(marginals(designs))


def _count(text: str) -> int:
    from argparse import ArgumentTypeError

    if not text.isdecimal() or not text.isascii() or not 1 <= int(text[:10]) <= _MOST:
        raise ArgumentTypeError(f"it is a whole number from 1 to {_MOST:,}")
    return int(text)
