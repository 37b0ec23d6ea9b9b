"""Write a net out as a spec, with inheritance and generators resolved."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from anydsl.checker.loading import pick
from anydsl.design.expansion import expand
from anydsl.design.network import Network

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", help="a net: PATH, std:NAME, or either with ::NAME")


def run(args: argparse.Namespace) -> int:
    """Print the spec."""
    _, checked = pick(args.spec, "net")
    assert isinstance(checked.value, Network)
    sys.stdout.write(expand(checked.value))
    return 0
