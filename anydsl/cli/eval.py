"""Judge the net of a run on a split of its data, or of other data."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("run", help="the run's folder, finished or not")
    parser.add_argument(
        "--weights", metavar="FILE", help="safetensors; by default the run's best, or its last"
    )
    parser.add_argument(
        "--data", metavar="NAME|PATH", help="other data; by default what the run was trained on"
    )
    parser.add_argument("--split", choices=("test", "val"), default="test")
    parser.add_argument(
        "--device", default="auto", help="auto (the default), cpu, cuda, cuda:1, mps"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Judge, and write the scores.

    Raises:
        AnydslError: see `anydsl.training.runs.eval_run.eval_run`.
    """
    from anydsl.training import describing
    from anydsl.training.runs import eval_run

    judgement = eval_run.eval_run(
        args.run, weights=args.weights, data=args.data, split=args.split, device=args.device
    )
    if args.format == "json":
        values = {name: getattr(judgement, name) for name in type(judgement).__fields__}
        lines = [json.dumps(values)]
    else:
        lines = describing.judgement_lines(judgement)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0
