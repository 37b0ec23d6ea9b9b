"""Judge the net of a run on a split of its data, or of other data: accuracy, classes, calibration.

The table of the classes is printed where there are 20 or fewer; all of it is in --format json.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anydsl.training.runs.eval_run import Judgement

_FEW = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("run", help="the run's folder, finished or not")
    parser.add_argument(
        "--weights", metavar="FILE", help="safetensors; by default the run's best, or its last"
    )
    parser.add_argument(
        "--data", metavar="NAME|PATH", help="other data; by default what the run was trained on"
    )
    parser.add_argument(
        "--split", choices=("test", "val"), default="test", help="which pictures (default: test)"
    )
    parser.add_argument(
        "--device", default="auto", help="auto (the default), cpu, cuda, cuda:1, mps"
    )
    parser.add_argument(
        "--per-class",
        action=argparse.BooleanOptionalAction,
        help="print the table of the classes, or don't",
    )
    parser.add_argument(
        "--calibration", action="store_true", help="print accuracy by confidence, as a table"
    )
    parser.add_argument(
        "--confusion", metavar="FILE", help="draw which classes are taken for which: .svg .png"
    )
    parser.add_argument(
        "--reliability", metavar="FILE", help="draw accuracy over confidence: .svg .png"
    )
    parser.add_argument(
        "--predictions", metavar="FILE", help="write what is said of each picture: .csv .npz"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Judge, and write the scores.

    Raises:
        AnydslError: see `anydsl.training.runs.eval_run.eval_run`.
    """
    from anydsl.charts.files import check
    from anydsl.training.judging import predictions
    from anydsl.training.runs import eval_run

    for flag in ("confusion", "reliability"):
        if getattr(args, flag) is not None:
            check(getattr(args, flag), f"--{flag}")
    if args.predictions is not None:
        predictions.check(args.predictions)
    judgement = eval_run.eval_run(
        args.run, weights=args.weights, data=args.data, split=args.split, device=args.device
    )
    _print(args, judgement)
    _draw(args, judgement)
    if args.predictions is not None:
        names = [score.name for score in judgement.report.classes]
        predictions.write(judgement.outputs, names, args.predictions)
        sys.stderr.write(f"wrote {args.predictions}\n")
    return 0


def _print(args: argparse.Namespace, judgement: Judgement) -> None:
    from anydsl.cli._tables import print_table
    from anydsl.training import describing

    if args.format == "json":
        sys.stdout.write(json.dumps(describing.judgement_values(judgement)) + "\n")
        return
    lines = describing.judgement_lines(judgement)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    classes = judgement.report.classes
    if len(classes) <= _FEW if args.per_class is None else args.per_class:
        rows: list[dict[str, Any]] = [
            {"class": c.name, "n": c.n}
            | {name: f"{getattr(c, name):>7.2%}" for name in ("precision", "recall", "f1")}
            for c in classes
        ]
        columns = ["class", "n", "precision", "recall", "f1"]
        print_table(columns, rows, left=("class",), totals=0)
    if args.calibration:
        rows = [
            {
                "confidence": f"{b.low:.1%} to {b.high:.1%}",
                "n": b.n,
                "mean": None if b.confidence is None else f"{b.confidence:.2%}",
                "accuracy": None if b.accuracy is None else f"{b.accuracy:.2%}",
            }
            for b in judgement.report.bins
        ]
        print_table(["confidence", "n", "mean", "accuracy"], rows, totals=0)


def _draw(args: argparse.Namespace, judgement: Judgement) -> None:
    from anydsl.charts import confusion, reliability
    from anydsl.charts.files import write

    report = judgement.report
    on = f"{judgement.net} on {judgement.data}, {judgement.split}"
    if args.confusion is not None:
        title = f"{on}: {report.top1:.2%} of {report.pictures:,}"
        names = [score.name for score in report.classes]
        write(confusion.confusion(title, names, report.confusion), args.confusion)
        sys.stderr.write(f"wrote {args.confusion}\n")
    if args.reliability is not None:
        groups = [(b.low, b.high, b.n, b.confidence, b.accuracy) for b in report.bins]
        write(reliability.reliability(on, groups, report.ece), args.reliability)
        sys.stderr.write(f"wrote {args.reliability}\n")
