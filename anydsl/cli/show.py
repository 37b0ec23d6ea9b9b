"""Show a net stage by stage: shapes, settings, parameters, flops, activations.

Of a space it shows what is drawn, what is required and how many draws there are.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from anydsl.blocks.measurement import Measurement
from anydsl.checker.describing import describe
from anydsl.checker.engine import Checked
from anydsl.checker.loading import pick, split
from anydsl.cli._tables import print_table
from anydsl.design.modules import Library
from anydsl.design.network import Network, Space
from anydsl.design.predicates import write
from anydsl.errors import UsageError

if TYPE_CHECKING:
    import argparse

_COUNTS = ("params", "flops", "acts")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "spec", metavar="SPEC", help="a net or a space: PATH, std:NAME, or either with ::NAME"
    )
    parser.add_argument("--blocks", action="store_true", help="a line for each block")
    parser.add_argument("--ops", action="store_true", help="a line for each operation")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Print the table or the JSON."""
    checked = _pick(args.spec)
    if isinstance(checked.value, Space):
        if args.blocks or args.ops:
            raise UsageError("a space has no blocks to show: --blocks and --ops are for nets")
        from anydsl.cli._spaces import print_space

        print_space(checked.value, args.format)
        return 0
    measured = checked.measured
    assert measured is not None
    described = describe(measured)
    if args.format == "json":
        sys.stdout.write(json.dumps(described, ensure_ascii=False) + "\n")
        return 0
    sys.stdout.write(f"{described['name']}  {_shape(described['input'])}\n")
    rows = _operations(measured) if args.ops else _parts(measured, described, blocks=args.blocks)
    columns = ["operation"] if args.ops else ["part", "block"]
    columns += ["output"] if args.ops else ["d", "w", "b", "g", "groups", "output"]
    total = {"part": "total", "operation": "total", "d": described["depth"]} | {
        key: described[key] for key in _COUNTS
    }
    print_table([*columns, *_COUNTS], [*rows, total])
    assert isinstance(checked.value, Network)
    for waiver in checked.value.waivers:
        what = write(waiver.predicate) if waiver.predicate is not None else waiver.rule
        sys.stdout.write(f"waived  {what}: {waiver.because}\n")
    return 0


def _pick(spec: str) -> Checked:
    """The one net of a file, the one space where it has no net, or what is named."""
    library = Library()
    path, name = split(spec)
    nets = not name and library.module(path).declared("net")
    return pick(spec, *(("net",) if nets else ("net", "space")), library=library)[1]


def _parts(
    measured: Measurement, described: dict[str, Any], *, blocks: bool
) -> list[dict[str, Any]]:
    parts = [("stem", described["stem"]), *((s["name"], s) for s in described["stages"])]
    parts.append(("head", described["head"]))
    costs = {part.name: part for part in measured.parts}
    rows: list[dict[str, Any]] = []
    for name, part in parts:
        if part is None:
            continue
        rows.append({**part, "part": name, "output": _shape(part["output"])})
        inner = costs[name].blocks if blocks and name not in ("stem", "head") else ()
        for place, block in enumerate(inner, 1):
            row: dict[str, Any] = {"part": f"  {name}.b{place}", "output": _shape(block.output)}
            rows.append(row | {key: getattr(block.cost, key) for key in _COUNTS})
    return rows


def _operations(measured: Measurement) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    stages = {part.name for part in measured.stages}
    for part in measured.parts:
        for place, block in enumerate(part.blocks, 1):
            prefix = f"{part.name}.b{place}" if part.name in stages else part.name
            for done in block.operations:
                row: dict[str, Any] = {"operation": f"{prefix}.{done.path}"}
                row["output"] = _shape(done.output)
                rows.append(row | {key: getattr(done.cost, key) for key in _COUNTS})
    return rows


def _shape(shape: Any) -> str:
    return "x".join(map(str, shape))
