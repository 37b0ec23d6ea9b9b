"""Write a design of torchvision, timm or pycls as a spec."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="torchvision:NAME, timm:NAME, or a YAML file of pycls; - reads one",
    )
    parser.add_argument("-o", dest="out", metavar="PATH", help="write a file that is not there yet")


def run(args: argparse.Namespace) -> int:
    """Print the spec, or write it; a file that is there is left alone."""
    from anydsl.importing.sources import import_design

    text = import_design(args.source)
    if args.out is None or args.out == "-":
        sys.stdout.write(text)
        return 0
    try:
        with open(args.out, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{args.out} is there already; name another file") from None
    except OSError as error:
        raise UsageError(f"can't write {args.out}: {error.strerror or error}") from None
    sys.stderr.write(f"wrote {args.out}; now try: anydsl show {args.out}\n")
    return 0
