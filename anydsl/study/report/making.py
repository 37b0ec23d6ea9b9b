"""Making a report: the function behind `anydsl report`."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from anydsl.drawing.registry import save
from anydsl.errors import AnydslError, UsageError
from anydsl.language.record import Record
from anydsl.study.report.answer import answer
from anydsl.study.report.best import best_of
from anydsl.study.report.findings import findings_of
from anydsl.study.report.page import page
from anydsl.study.report.population import population_of
from anydsl.study.report.spreadsheet import spreadsheet
from anydsl.study.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anydsl.study.report.best import Named
    from anydsl.study.report.findings import Findings
    from anydsl.study.report.population import Population

_OURS = re.compile(r"[0-9]{2,}-.*\.anynet")


class Report(Record):
    """A report that was written.

    Attributes:
        page, table: the paths of the HTML and of the CSV file.
        answer: of the study, the most important sentence first.
        untested: why the test split was not read; empty if it was.
        population, findings, named: what it was made of.
    """

    page: Path
    table: Path
    answer: tuple[str, ...]
    untested: str
    population: Population
    findings: Findings
    named: tuple[Named, ...]


def report(
    folder: Path, out: Path | None = None, *, test: bool = True, device: str = "auto"
) -> Report:
    """Write the report of a study, and beside it its trials as CSV and the best nets.

    Once the study is finished the test split is read for the networks that the report names, once
    and for all; what stands in the way of that is said in the report.

    Args:
        folder: of the study.
        out: the page, by default `report.html` in the folder.
        test: whether the test split may be read.
        device: on which, if it has to be.

    Raises:
        UsageError: the folder holds no study, or the page can't be written.
        RunError: the database is damaged, or of another version.
    """
    out = out if out is not None else folder / "report.html"
    population = _read(folder)
    if not out.parent.is_dir():
        raise UsageError(f"can't write {out}: there is no folder {out.parent}")
    named = best_of(population)
    untested = "it was not asked for."
    if test:
        fresh, untested = _test(folder, population, named, device)
        if fresh:
            population = _read(folder)
            named = best_of(population)
    findings = findings_of(population)
    table = out.with_suffix(".csv")
    save(page(population, findings, named, untested).encode(errors="replace"), str(out))
    save(spreadsheet(population).encode(errors="replace"), str(table))
    _take_away(out.parent / "best", named)
    return Report(
        out, table, answer(population, findings), untested, population, findings, tuple(named)
    )


def _read(folder: Path) -> Population:
    store = Store(folder, readonly=True)
    try:
        store.database.check_whole()
        return population_of(store)
    finally:
        store.close()


def _test(
    folder: Path, population: Population, named: Sequence[Named], device: str
) -> tuple[bool, str]:
    """Read the test split for the networks that are named; whether it was read, and why not."""
    if not named:
        return False, "there is no network."
    if not population.finished:
        return False, "it is read once the study is finished."
    rows = [row for net in named for row in net.design.rows if row.weights]
    unread = [row.id for row in rows if row.test_error is None]
    if not unread:
        return False, ""
    from anydsl.study.errors_on_test import errors_on_test

    try:
        store = Store(folder)
        try:
            errors_on_test(store, unread, device=device)
        finally:
            store.close()
    except AnydslError as error:
        return True, f"{str(error).removesuffix('.')}."  # some may have been read before
    return True, ""


def _take_away(folder: Path, named: Sequence[Named]) -> None:
    """Write the nets as files, and remove those of an earlier report that are no longer named."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't write {folder}: {error.strerror or error}") from None
    for net in named:
        save(net.text.encode(errors="replace"), str(folder / net.file))
    kept = {net.file for net in named}
    for file in folder.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in kept:
            with suppress(OSError):
                file.unlink()


def report_values(made: Report) -> dict[str, Any]:
    """Return what a report says as JSON."""
    findings = made.findings
    standings = {
        name: {
            "n": standing.n,
            "minimum": standing.minimum,
            "mean": _values(standing.mean),
            "median": standing.median,
            "likely_best": _values(standing.likely),
        }
        for name, standing in findings.standings.items()
    }
    return {
        "study": made.population.study,
        "page": str(made.page),
        "table": str(made.table),
        "finished": made.population.finished,
        "answer": list(made.answer),
        "groups": standings,
        "comparisons": [_values(comparison) for comparison in findings.comparisons],
        "factorial": _factorial(findings),
        "missing": ["".join(sorted(cell)) for cell in findings.missing],
        "best": [
            {
                "rank": net.rank,
                "name": net.name,
                "error": net.design.error,
                "test_error": net.test_error,
                "file": net.file,
                "best_of": list(net.best_of),
            }
            for net in made.named
        ],
        "untested": made.untested,
    }


def _factorial(findings: Findings) -> dict[str, Any] | None:
    analysis = findings.analysis
    if analysis is None:
        return None
    return {
        "worths": [_values(worth) for worth in analysis.worths],
        "together": _values(analysis.together),
        "variance": [_values(effect) for effect in analysis.effects],
        "cells": {"".join(sorted(cell)): mean for cell, mean in analysis.cells.items()},
    }


def _values(of: Record | None) -> dict[str, Any] | None:
    """A record, and the records within it, as JSON."""
    if of is None:
        return None
    fields = {name: getattr(of, name) for name in of.__fields__}
    return {k: _values(v) if isinstance(v, Record) else v for k, v in fields.items()}
