"""Write what a study has found: one page that stands alone, and its trials as CSV.

The study may be finished or not, and go on meanwhile. Once it is finished the test split is read
for the networks that the page names, with the weights that were kept, and never again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("folder", metavar="DIR", help="of a study, as `anydsl sweep` made it")
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE.html",
        help="the page, by default DIR/report.html; FILE.csv and best/ come beside it",
    )
    parser.add_argument("--no-test", action="store_true", help="leave the test split unread")
    parser.add_argument(
        "--device", default="auto", help="for the test split: auto (the default), cpu, cuda, mps"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Write the report, and print its answer."""
    from anydsl.errors import UsageError
    from anydsl.study.report.making import report, report_values

    out = None if args.out is None else Path(args.out)
    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--out {out}: the report is an .html file")
    made = report(Path(args.folder), out, test=not args.no_test, device=args.device)
    if args.format == "json":
        sys.stdout.write(json.dumps(report_values(made)) + "\n")
        return 0
    if made.untested and made.population.finished and not args.no_test and made.named:
        sys.stderr.write(f"the test split was not read: {made.untested}\n")
    lines = [*made.answer, f"report  {made.page}", f"csv     {made.table}"]
    if made.named:
        lines.append(f"nets    {made.page.parent / 'best'}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0
