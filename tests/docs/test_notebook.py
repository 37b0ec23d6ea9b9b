"""The notebook runs, and what it shows is what comes of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from tests.docs.pages import ROOT

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
NUMBER = re.compile(r"\d[\d.,]*")


def test_the_notebook(tmp_path: Path, monkeypatch, request) -> None:
    """Cells tagged `varies` may show other numbers; `--update-golden` writes what all show."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    stored = nbformat.read(NOTEBOOK, as_version=4)
    run = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(
        run,
        timeout=120,
        resources={"metadata": {"path": str(tmp_path)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute()
    run.metadata = stored.metadata
    if request.config.getoption("--update-golden"):
        nbformat.write(run, NOTEBOOK)
        return
    assert [shown(cell) for cell in run.cells] == [shown(cell) for cell in stored.cells]


def shown(cell: Any) -> list[dict[str, str]]:
    """What a cell shows, by its form, as far as it is the same everywhere."""
    outputs = [
        {"text": output.text} if "text" in output else dict(output.data)
        for output in cell.get("outputs", [])
    ]
    if "varies" in cell.metadata.get("tags", []):
        return [{form: NUMBER.sub("#", text) for form, text in one.items()} for one in outputs]
    return outputs
