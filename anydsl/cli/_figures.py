"""Figures of benchmarks for readers: on the terminal, as a page, as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median
from typing import Any

from anydsl.cli._benchmarks import Benchmark, Figure, spread

_INTRO = """\
# Benchmarks

This page is written by `anydsl bench -o docs/benchmarks.md`; `anydsl bench` prints the figures of
your own machine beside those of the peers that are installed on it, `anydsl bench NAME` some of
them.

Figures are medians, with the quartiles of their rounds and how many there were. The rivals of a
benchmark take turns in a process that does nothing else, after one round that does not count. The
ratio is that of the medians, anydsl's over the peer's. A target is a bound for the ratio, or with a
unit for the figure itself.
"""


def described(machine: dict[str, Any]) -> str:
    """The machine in one line."""
    versions = [
        f"{name} {machine[name]}"
        for name in ("anydsl", "torch", "torchvision", "timm", "numpy")
        if machine[name]
    ]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}; Python {machine['python']}, {', '.join(versions)}"
    )


def print_figures(benchmark: Benchmark) -> None:
    """Print the table of one benchmark."""
    from anydsl.cli._tables import print_table

    sys.stdout.write(f"\n{benchmark.name}: {benchmark.title}\n")
    rows = [_row(figure) for figure in benchmark.figures]
    columns = list(rows[0])
    print_table(columns, rows, left=("figure", "peer"), totals=0)


def page(machine: dict[str, Any], benchmarks: Sequence[Benchmark]) -> str:
    """All of it in Markdown; without a date, so that it changes only with the figures."""
    parts = [_INTRO, f"The machine: {described(machine)}.\n"]
    for benchmark in benchmarks:
        parts.append(f"## {benchmark.name}\n\n{benchmark.doc}\n")
        if benchmark.figures:
            parts.append(_markdown(benchmark.figures))
        says = [f"- {figure.what}: {figure.says}" for figure in benchmark.figures if figure.says]
        if says:
            parts.append("\n".join(says) + "\n")
        if benchmark.left_out:
            parts.append(f"Left out here: {benchmark.left_out}.\n")
        if benchmark.failed:
            parts.append(f"Failed here: `{benchmark.failed}`\n")
    return "\n".join(parts)


def as_json(machine: dict[str, Any], benchmarks: Sequence[Benchmark]) -> dict[str, Any]:
    """All of it, with the result of each round."""
    return {
        "machine": machine,
        "benchmarks": [
            {
                "name": benchmark.name,
                "measures": benchmark.title,
                "left_out": benchmark.left_out or None,
                "failed": benchmark.failed or None,
                "figures": [_values(figure) for figure in benchmark.figures],
            }
            for benchmark in benchmarks
        ],
    }


def _values(figure: Figure) -> dict[str, Any]:
    values = {name: getattr(figure, name) for name in figure.__fields__}
    return values | {
        "median": median(figure.ours) if figure.ours else None,
        "quartiles": spread(figure.ours),
        "ratio": figure.ratio,
        "met": figure.met,
    }


def _row(figure: Figure) -> dict[str, str]:
    theirs = _shown(figure.theirs, figure.unit)
    ratio = "" if figure.ratio is None else _number(figure.ratio)
    return {
        "figure": figure.what,
        "anydsl": _shown(figure.ours, figure.unit) or "none",
        "peer": ": ".join(filter(None, (figure.peer, theirs))),
        "ratio": ratio,
        "target": _target(figure),
        "": "" if figure.met else "MISSED",
    }


def _shown(results: Sequence[float], unit: str) -> str:
    if not results:
        return ""
    between = spread(tuple(results))
    shown = f"{_number(median(results))} {unit}".rstrip()
    if between is None:
        return shown
    return f"{shown} ({_number(between[0])}–{_number(between[1])}, {len(results)}x)"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = "≥" if figure.at_least else "≤"
    unit = "" if figure.ratio is not None and not figure.absolute else figure.unit
    return f"{sign} {_number(figure.target)} {unit}".rstrip()


def _number(value: float) -> str:
    """Three digits, and all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _markdown(figures: Sequence[Figure]) -> str:
    rows = [_row(figure) for figure in figures]
    columns = [c for c in rows[0] if any(row[c] for row in rows)]
    left = {"figure", "peer"}
    lines = [
        "| " + " | ".join(columns) + " |",
        "| " + " | ".join("---" if c in left else "---:" for c in columns) + " |",
        *("| " + " | ".join(row[c].replace("|", "\\|") for c in columns) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"
