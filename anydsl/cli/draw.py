"""Draw a net: its stages, their blocks and the dataflow of these, as SVG, HTML, DOT or PNG."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from anydsl.checker.loading import pick
from anydsl.cli._numbers import factor
from anydsl.design.network import Network
from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", help="a net: PATH, std:NAME, or either with ::NAME")
    parser.add_argument(
        "-o",
        dest="out",
        metavar="PATH",
        help="write a file; its suffix picks the form: .svg .html .dot .png; "
        "without it SVG goes to standard output",
    )
    parser.add_argument(
        "--scale", type=factor, metavar="N", help="pixels of a PNG for a unit of the SVG; default 2"
    )


def run(args: argparse.Namespace) -> int:
    """Check, then draw."""
    from anydsl.drawing.content.figure import figure
    from anydsl.drawing.registry import save, writer

    form = writer(args.out)
    if args.scale is not None and form.SUFFIX != ".png":
        raise UsageError(f"--scale is for .png: {form.SUFFIX} has no pixels")
    _, checked = pick(args.spec, "net")
    network, measured = checked.value, checked.measured
    assert isinstance(network, Network)
    assert measured is not None
    drawn = form.write(figure(network, measured), args.scale or 2)
    if args.out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(drawn)  # UTF-8, as it says of itself, whatever the terminal has
        return 0
    save(drawn, args.out)
    sys.stderr.write(f"wrote {args.out}\n")
    return 0
