"""TensorBoard, for `tensorboard --logdir runs`; the events are files in the run's folder."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, final

from anydsl.training.runs.events import EventsFile, recorded_steps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from anydsl.training.loggers.logger import LoggedRun, Numbers

FOLDER = "events"


def logger() -> TensorBoard:
    """Return one.

    Raises:
        ImportError: TensorBoard is not installed.
    """
    import_module("tensorboard")
    return TensorBoard()


@final
class TensorBoard:
    """Scalars by step: one event an epoch."""

    _file: EventsFile

    def begin(self, run: LoggedRun, config: Mapping[str, Any]) -> str:
        """Begin a file; of a run that goes on, add the epochs that no file has yet."""
        del config
        folder: Path = run.folder / FOLDER
        known = recorded_steps(folder) if run.history else frozenset[int]()
        self._file = EventsFile(folder)
        if run.history:
            self._file.void_from(int(run.history[-1]["step"]) + 1)
        for row in run.history:
            if row["step"] not in known:
                self.epoch(row)
        return ""

    def epoch(self, row: Numbers) -> None:
        """Write the epoch's numbers."""
        scalars = {name: row[name] for name in row if name not in ("epoch", "step")}
        self._file.add_scalars(int(row["step"]), scalars)

    def end(self, summary: Mapping[str, Any] | None) -> None:
        """Leave the file: it is whole after every epoch."""
