"""What a net says of every picture, as a file for other programs."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from torch.nn import functional

from anydsl.errors import UsageError
from anydsl.training.fetching import floats, whole_numbers
from anydsl.training.runs.checkpoints import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.training.judging.outputs import Outputs

FORMS = (".csv", ".npz")


def check(path: str) -> None:
    """Hold a path against the forms that there are.

    Raises:
        UsageError: its suffix names none, or its folder is not there.
    """
    if Path(path).suffix.lower() not in FORMS:
        raise UsageError(f"--predictions {path}: one of {', '.join(FORMS)}")
    if not Path(path).parent.is_dir():
        raise UsageError(f"--predictions {path}: there is no folder {Path(path).parent}")


def write(outputs: Outputs, names: Sequence[str], path: str) -> None:
    """Write outputs as `.csv` (a line a picture) or `.npz` (`logits`, `labels`, `classes`).

    Pictures are counted from 0, in the order of the split.

    Raises:
        RunError: the file can't be written.
    """
    content = _csv(outputs, names) if path.lower().endswith(".csv") else _npz(outputs, names)
    write_whole(Path(path), content)


def _csv(outputs: Outputs, names: Sequence[str]) -> bytes:
    best, taken = functional.softmax(outputs.logits.double(), 1).max(1)
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["picture", "class", "taken_for", "confidence"])
    rows = zip(whole_numbers(outputs.labels), whole_numbers(taken), floats(best), strict=True)
    for place, (label, guess, confidence) in enumerate(rows):
        lines.writerow([place, names[label], names[guess], f"{confidence:.6f}"])
    return text.getvalue().encode()


def _npz(outputs: Outputs, names: Sequence[str]) -> bytes:
    file = io.BytesIO()
    arrays: dict[str, Any] = {
        "logits": cast("Any", outputs.logits.numpy()),
        "labels": cast("Any", outputs.labels.numpy()),
        "classes": np.array(names),
    }
    np.savez(file, **arrays)
    return file.getvalue()
