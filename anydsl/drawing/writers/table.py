"""The table of a network in HTML: what `anydsl show` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, cast

from anydsl.blocks.measurement import Measurement
from anydsl.checker.describing import describe
from anydsl.drawing.content.numbers import shape
from anydsl.graph.operations import Cost

COLUMNS = ("part", "block", "d", "w", "b", "g", "groups", "output", "params", "flops", "acts")
_LEFT = ("part", "block")


def table(measured: Measurement) -> str:
    """Stem, stages, head and the total, a row each; colours and font are those around it."""
    style = "padding:2px 9px;text-align:"
    lines = ['<table style="border-collapse:collapse">', "<thead><tr>"]
    lines += [f'<th style="{style}{_side(c)}">{c}</th>' for c in COLUMNS]
    lines.append("</tr></thead><tbody>")
    for row in rows(measured):
        cells = zip(COLUMNS, row, strict=True)
        lines.append("<tr>")
        lines += [f'<td style="{style}{_side(c)}">{escape(text)}</td>' for c, text in cells]
        lines.append("</tr>")
    lines.append("</tbody></table>")
    return "\n".join(lines)


def rows(measured: Measurement) -> Iterator[tuple[str, ...]]:
    """The rows of the table, the total last."""
    described = describe(measured)
    parts = [("stem", described["stem"]), *((s["name"], s) for s in described["stages"])]
    for name, part in [*parts, ("head", described["head"])]:
        if part is not None:
            yield _row({**part, "part": name, "output": shape(tuple(part["output"]))})
    cost = measured.cost
    yield _row({"part": "total", "d": described["depth"]} | counts(cost))


def counts(cost: Cost) -> dict[str, int]:
    """The three costs by their names."""
    return {"params": cost.params, "flops": cost.flops, "acts": cost.acts}


def cells(texts: Iterable[str]) -> str:
    """The cells of a row of the page's tree."""
    named = zip(COLUMNS, texts, strict=True)
    return "".join(f'<span class="{_side(c)}">{escape(text)}</span>' for c, text in named)


def _row(values: dict[str, Any]) -> tuple[str, ...]:
    return tuple(spoken(values.get(column)) for column in COLUMNS)


def spoken(value: Any) -> str:
    """A value as a table has it."""
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return f"{int(value):,}"
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(map(spoken, dict.fromkeys(cast("list[object]", value))))
        case _:
            return str(value)


def _side(column: str) -> str:
    return "left" if column in _LEFT else "right"
