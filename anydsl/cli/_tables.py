"""Tables on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from anydsl.language.diagnostics import visible

_WIDEST = 10_000
_LEFT = ("part", "operation", "block", "output", "name", "run", "data")


def print_table(
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    left: Sequence[str] = (),
    totals: int = 1,
) -> None:
    """Print rows under their columns, numbers to the right.

    Args:
        columns: the keys of the rows, which are the titles too.
        rows: what to print; a value that a row lacks is left out.
        left: the columns, beside those of words that are known, that are set to the left.
        totals: how many rows at the end are totals, below a line.

    The width is that of the content, also where the terminal is narrower, so that nothing is cut.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_footer=False)
    for column in columns:
        to_left = column in _LEFT or column in left
        table.add_column(column, justify="left" if to_left else "right", no_wrap=True)
    for place, row in enumerate(rows):
        table.add_row(
            *(_cell(row.get(column)) for column in columns),
            end_section=place == len(rows) - 1 - totals,
        )
    console = Console(file=sys.stdout, width=_WIDEST, highlight=False, markup=False)
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int) else visible(str(value))
