"""List runs and how they did, compare them, or draw their learning curves."""

from __future__ import annotations

import csv
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from anydsl.errors import UsageError
from anydsl.language.diagnostics import visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from anydsl.training.runs.records import RunRecord

# What --sort takes: the field, and whether the largest comes first.
_SORTS = {
    "started": ("started", False),
    "run": ("run", False),
    "epochs": ("epochs", True),
    "validation": ("val_accuracy", True),
    "test": ("test_accuracy", True),
    "loss": ("train_loss", False),
    "speed": ("images_per_second", True),
    "params": ("params", False),
    "flops": ("flops", False),
}
_APART = ("settings", "curve", "measured")
_TITLES = {
    "val_accuracy": "validation",
    "test_accuracy": "test",
    "train_loss": "loss",
    "images_per_second": "pictures/s",
}
_COLUMNS = (
    "run",
    "status",
    "epochs",
    "val_accuracy",
    "test_accuracy",
    "train_loss",
    "images_per_second",
    "params",
    "flops",
    "started",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "places",
        metavar="DIR",
        nargs="*",
        default=["runs"],
        help="runs, or folders of runs; by default runs/",
    )
    parser.add_argument(
        "--sort",
        choices=tuple(_SORTS),
        default="started",
        help="by what, the best first; runs that have none come last",
    )
    parser.add_argument(
        "--compare", action="store_true", help="what differs: recipes, machines, nets, results"
    )
    parser.add_argument(
        "--curves", metavar="FILE", help="draw validation accuracy over epochs: .svg .png"
    )
    parser.add_argument(
        "--format", choices=("text", "json", "csv"), default="text", help="default: text"
    )


def run(args: argparse.Namespace) -> int:
    """Print the runs, or their differences.

    Raises:
        RunError: runs that are damaged can't be compared.
        UsageError: there is no such folder, or too little to compare or to draw.
    """
    from anydsl.charts.files import check
    from anydsl.training.runs.records import runs_in

    if args.curves is not None:
        check(args.curves, "--curves")
    if args.compare and args.format == "csv":
        raise UsageError("--compare has no --format csv: text or json")
    field, largest = _SORTS[args.sort]
    runs = runs_in(args.places)
    known = [one for one in runs if getattr(one, field) is not None]
    known.sort(key=lambda one: getattr(one, field), reverse=largest)
    runs = known + [one for one in runs if getattr(one, field) is None]
    if args.compare:
        _compare(runs, args.format)
    else:
        _list(runs, args)
    if args.curves is not None:
        _curves(runs, args.curves)
    return 0


def _list(runs: Sequence[RunRecord], args: argparse.Namespace) -> None:
    if args.format == "json":
        sys.stdout.write(json.dumps([_values(one) for one in runs]) + "\n")
    elif args.format == "csv":
        from anydsl.training.runs.records import RunRecord

        fields = [name for name in RunRecord.__fields__ if name not in _APART]
        table = csv.DictWriter(sys.stdout, fields, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(map(_values, runs))
    elif not runs:
        sys.stderr.write(f"no runs in {', '.join(args.places)}\n")
    else:
        from anydsl.cli._tables import print_table

        names = _names(runs)
        rows = [
            {_TITLES.get(name, name): _shown(one, name) for name in _COLUMNS} | {"run": title}
            for one, title in zip(runs, names, strict=True)
        ]
        columns = [_TITLES.get(name, name) for name in _COLUMNS]
        print_table(columns, rows, left=("status", "started"), totals=0)
        for one, title in zip(runs, names, strict=True):
            if one.problem:
                sys.stderr.write(visible(f"{title}: {one.problem}\n"))


def _compare(runs: Sequence[RunRecord], form: str) -> None:
    from anydsl.cli._tables import print_table
    from anydsl.training.runs.differences import RESULTS, differences

    if len(runs) < 2:
        raise UsageError(f"--compare takes two runs or more: there are {len(runs)}")
    found = differences(runs)
    if form == "json":
        listed = [{f: getattr(one, f) for f in one.__fields__} for one in found]
        values = {"runs": [_values(one) for one in runs], "differences": listed}
        sys.stdout.write(json.dumps(values) + "\n")
        return
    names = _names(runs)
    if not found:
        sys.stdout.write("the same net, recipe and machine\n")
    rows: list[dict[str, Any]] = []
    for place, one in enumerate(found):
        again = place and found[place - 1].where == one.where
        row: dict[str, Any] = {"of": "" if again else one.where, "setting": one.setting}
        rows.append(row | dict(zip(names, map(_written, one.values), strict=True)))
    if rows:
        print_table(["of", "setting", *names], rows, left=("of", "setting", *names), totals=0)
    rows = [
        {"result": _TITLES.get(field, field)}
        | {name: _shown(one, field) for one, name in zip(runs, names, strict=True)}
        for field in RESULTS
    ]
    print_table(["result", *names], rows, left=("result",), totals=0)


def _curves(runs: Sequence[RunRecord], path: str) -> None:
    from anydsl.charts.curves import curves
    from anydsl.charts.files import write

    named = zip(_names(runs), runs, strict=True)
    lines = {name: [(float(e), y) for e, y in one.curve] for name, one in named if one.curve}
    if not lines:
        raise UsageError("--curves: no run has a validation accuracy yet")
    write(curves("validation accuracy", "accuracy", lines), path)
    sys.stderr.write(f"wrote {path}\n")


def _names(runs: Sequence[RunRecord]) -> list[str]:
    """The names of the folders, or where two are alike the paths."""
    names = [os.path.basename(os.path.abspath(one.run)) for one in runs]
    return names if len(set(names)) == len(names) else [one.run for one in runs]


def _values(run: RunRecord) -> dict[str, Any]:
    return {name: getattr(run, name) for name in run.__fields__ if name not in _APART} | {
        "settings": run.settings,
        "curve": [list(point) for point in run.curve],
    }


def _shown(run: RunRecord, field: str) -> Any:
    """A field as the tables have it."""
    value = getattr(run, field)
    match field:
        case "epochs":
            return f"{value}/{run.planned if run.planned is not None else '?'}"
        case "started":
            return str(value or "")[:16].replace("T", " ")
        case "val_accuracy" | "test_accuracy" if value is not None:
            return f"{value:.2%}"
        case "train_loss" if value is not None:
            return f"{value:.4f}"
        case "images_per_second" if value is not None:
            return f"{value:,.0f}"
        case "seconds" if value is not None:
            return f"{value:,.1f}"
        case _:
            return value


def _written(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(str, value))}]"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case float():
            return f"{value:g}"
        case _:
            return str(value)
