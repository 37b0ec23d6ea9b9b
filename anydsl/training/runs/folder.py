"""The folder of a run: what stands where in it."""

from __future__ import annotations

import contextlib
import itertools
import json
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast, final

from anydsl.errors import RunError, UnwritableError, UsageError
from anydsl.training.ranks import launcher
from anydsl.training.runs.checkpoints import remove_leftovers, write_whole
from anydsl.training.runs.holding import LOCK
from anydsl.training.runs.jsonable import jsonable
from anydsl.training.runs.keeping import Checkpoints
from anydsl.training.runs.noted import parsed

if TYPE_CHECKING:
    from anydsl.training.runs.epoch import Epoch
    from anydsl.training.state import State

RUNS = Path("runs")
_BEFORE_SPEC = (
    LOCK,
    "checkpoints",
    "events",
    "environment.json",
    "recipe.json",
    "data.json",
    "metrics.jsonl",
)


@final
class RunFolder:
    """A run's files.

    Attributes:
        path: the folder.
        spec: the net and the recipe as they were resolved, `.anynet` text.
        checkpoints: what the run can go on from, and its best weights.
        summary: the result; there once the run is finished.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.spec: Final = path / "spec.anynet"
        self.checkpoints: Final = Checkpoints(path / "checkpoints")
        self.summary: Final = path / "summary.json"
        self._metrics: Final = path / "metrics.jsonl"

    @property
    def how_to_resume(self) -> str:
        """The command that goes on with this run."""
        return f"{launcher()}anydsl train --resume {shlex.quote(str(self.path))}"

    @classmethod
    def create(cls, out: str | Path | None, name: str) -> RunFolder:
        """Make a new folder at `out`, by default `runs/NAME-YYYYmmdd-HHMMSS`.

        What a run left that was killed before it was one is no hindrance.

        Raises:
            RunError: it can't be made, or has something in it.
        """
        named = RUNS / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
        path = named if out is None else Path(out)
        try:
            path = _fresh(named) if out is None else path
            folder = cls(path)
            if path.is_dir() and not folder._unborn():
                hint = f": `{folder.how_to_resume}` goes on with it" if folder.spec.exists() else ""
                raise RunError(f"{path} is not empty{hint}; `--out` takes another folder")
            for part in (path, folder.checkpoints.folder):
                part.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{path} can't be made: {error.strerror or error}") from error
        return folder

    @classmethod
    def of(cls, path: str | Path) -> RunFolder:
        """Return the run at `path`.

        Raises:
            UsageError: there is none.
        """
        folder = cls(Path(path))
        if not folder.spec.is_file():
            raise UsageError(f"{path} is no run folder: it has no {folder.spec.name}")
        return folder

    @classmethod
    def newest_unfinished(cls, text: str | None = None) -> RunFolder:
        """Return the newest run under `runs/` without a summary, first one whose spec is `text`.

        Raises:
            UsageError: there is none.
        """
        runs = [cls(path.parent) for path in RUNS.glob("*/spec.anynet")]
        runs = [run for run in runs if not run.summary.exists()]
        if not runs:
            raise UsageError(f"--resume: no unfinished run in {RUNS}/")
        return max(runs, key=lambda run: (run.text() == text, run.spec.stat().st_mtime))

    def _unborn(self) -> bool:
        """Whether the folder is empty but for what stands in it before the spec does."""
        remove_leftovers(self.path)
        return all(
            entry.name in _BEFORE_SPEC and not (entry.is_dir() and any(entry.iterdir()))
            for entry in self.path.iterdir()
        )

    def text(self) -> str:
        """The text of the spec that is trained here."""
        return self.read_bytes(self.spec).decode(errors="replace")

    def write_text(self, name: str, text: str) -> None:
        """Write one file of the folder, whole or not at all."""
        write_whole(self.path / name, text.encode())

    def write_json(self, name: str, value: object) -> None:
        """Write one JSON file of the folder, whole or not at all."""
        self.write_text(name, json.dumps(jsonable(value), indent=2) + "\n")

    def read_json(self, name: str) -> dict[str, Any]:
        """Read one JSON file of the folder.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            value = parsed(self.read_bytes(self.path / name))
        except ValueError as error:
            raise RunError(f"{self.path / name} is damaged ({error})") from error
        if not isinstance(value, dict):
            raise RunError(f"{self.path / name} is damaged: no object")
        return cast("dict[str, Any]", value)

    def read_bytes(self, path: Path) -> bytes:
        """Read a file of the folder.

        Raises:
            RunError: it is missing or unreadable.
        """
        try:
            return path.read_bytes()
        except OSError as error:
            raise RunError(f"{path} can't be read: {error.strerror or error}") from error

    def rewrite_metrics(self, history: list[Epoch]) -> None:
        """Begin `metrics.jsonl` with the epochs that the checkpoint knows of."""
        self.write_text(self._metrics.name, "".join(_line(row) for row in history))

    def keep(self, state: State) -> None:
        """Save a state after an epoch, and add the epoch to the metrics.

        Raises:
            RunError: a file can't be written, or the weights are no numbers.
        """
        row = state.history[-1]
        self.checkpoints.keep(state)
        try:
            with open(self._metrics, "a", encoding="utf-8") as file:
                file.write(_line(row))
        except OSError as error:
            file = error.filename or self.path
            raise UnwritableError(f"{file} can't be written: {error.strerror or error}") from error


def _fresh(path: Path) -> Path:
    """Make a folder at `path`, or at `path-2`, …; of two runs that begin at once each has its own.

    Raises:
        OSError: it can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for count in itertools.count(1):
        place = path if count == 1 else path.with_name(f"{path.name}-{count}")
        with contextlib.suppress(FileExistsError):
            place.mkdir()
            return place
    raise AssertionError


def _line(row: Epoch) -> str:
    return json.dumps(jsonable(row)) + "\n"
