"""The trials of a study as CSV: one row for each place, with the settings of each stage."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anydsl.study.report.population import Population
    from anydsl.study.rows import Row

_ROW = ("group", "index", "replica", "id", "seed", "status", "attempts")
_COSTS = ("params", "flops", "acts")
_OUTCOME = ("error", "train_loss", "diverged", "seconds", "images_per_second", "device")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(population: Population) -> str:
    """All trials, failed ones and those to come with them; all digits of each number.

    Settings have columns such as `s1.w`. Text that a spreadsheet would take for a formula has an
    apostrophe before it.
    """
    stages = [_settings(row) for row in population.rows]
    columns = sorted({key for own in stages for key in own}, key=_place)
    breaks = ("breaks",) if population.factorial else ()
    heads = (*_ROW, *breaks, *_OUTCOME, "test_error", *_COSTS, *columns, "reason")
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, heads, lineterminator="\n", restval="")
    table.writeheader()
    for row, settings in zip(population.rows, stages, strict=True):
        values: dict[str, Any] = {name: getattr(row, name) for name in (*_ROW, *_COSTS)}
        if row.outcome is not None:
            values |= {name: getattr(row.outcome, name) for name in _OUTCOME}
            values["diverged"] = int(row.outcome.diverged)
        values |= {"test_error": row.test_error, "reason": (row.reason.splitlines() or [""])[0]}
        if breaks:
            values["breaks"] = "".join(sorted(population.broken(row.group)))
        table.writerow({key: _safe(value) for key, value in (values | settings).items()})
    return written.getvalue()


def _settings(row: Row) -> dict[str, Any]:
    return {
        f"s{number}.{name}": value
        for number, stage in enumerate(row.settings, 1)
        for name, value in stage.items()
    }


def _place(column: str) -> tuple[int, str]:
    stage, _, name = column.partition(".")
    return int(stage[1:]), name


def _safe(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
