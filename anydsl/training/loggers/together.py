"""The loggers of a run: chosen by name, told together, and left where one fails."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Self, cast, final

from anydsl.errors import RunError, UsageError
from anydsl.training.loggers.logger import LoggedRun, Logger
from anydsl.training.runs.jsonable import jsonable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from anydsl.training.loggers.logger import Numbers
    from anydsl.training.progress import Progress
    from anydsl.training.runs.epoch import Epoch
    from anydsl.training.runs.folder import RunFolder

NAMES = ("tensorboard", "wandb", "mlflow", "none")
FILE = "loggers.json"


def chosen(names: Sequence[str] | None, source: str = "--logger") -> dict[str, Logger]:
    """Return the loggers of these names; for None TensorBoard, where it is installed.

    `source` is what named them, for the message.

    Raises:
        UsageError: there is no such logger, or its library is not installed.
    """
    if names is None:
        names = ("tensorboard",) if find_spec("tensorboard") is not None else ()
    found: dict[str, Logger] = {}
    for name in names:
        if name not in NAMES:
            raise UsageError(f"{source} {name}: one of {', '.join(NAMES)}")
        try:
            found[name] = import_module(f"anydsl.training.loggers.{name}").logger()
        except ImportError as error:
            raise UsageError(
                f"--logger {name} needs {error.name or name}, which is not installed: "
                f"pip install {name}"
            ) from error
    return found


def recorded(folder: RunFolder) -> tuple[str, ...] | None:
    """Return the names of the loggers that the run in `folder` was started with, if it says so.

    Raises:
        RunError: the file that says so is damaged.
    """
    if not (folder.path / FILE).exists():
        return None
    return tuple(folder.read_json(FILE))


@final
class Loggers:
    """A context in which loggers are told of a run, and at its end that it stopped.

    A logger that fails is said to, once, and told nothing more: training goes on without it.
    """

    def __init__(self, loggers: Mapping[str, Logger], progress: Progress) -> None:
        self._chosen: Final = dict(loggers)
        self._begun: Final[dict[str, Logger]] = {}
        self._progress: Final = progress

    def begin(self, folder: RunFolder, config: Mapping[str, Any], history: Sequence[Epoch]) -> None:
        """Training starts, or goes on after `history`; without loggers nothing is done.

        Raises:
            RunError: a logger can't begin; nothing is trained yet, so that this is the moment to
                say so.
        """
        known = folder.read_json(FILE) if (folder.path / FILE).exists() else {}
        rows = tuple(map(_numbers, history))
        for name, logger in self._chosen.items():
            run = LoggedRun(folder.path, rows, str(known.get(name) or ""))
            try:
                known[name] = logger.begin(run, config)
            except Exception as error:
                raise RunError(f"--logger {name} can't begin: {_said(error)}") from error
            self._begun[name] = logger
        if self._chosen:
            folder.write_json(FILE, {name: known[name] for name in self._chosen})

    def epoch(self, row: Epoch) -> None:
        """An epoch is over."""
        numbers = _numbers(row)
        self._tell(lambda logger: logger.epoch(numbers))

    def end(self, summary: Mapping[str, Any] | None) -> None:
        """The run ended with these results, or stopped without any."""
        self._tell(lambda logger: logger.end(summary))
        self._begun.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end(None)

    def _tell(self, what: Callable[[Logger], None]) -> None:
        for name, logger in list(self._begun.items()):
            try:
                what(logger)
            except Exception as error:
                del self._begun[name]
                self._progress.note(
                    f"{name} fails, and is left out from here on ({_said(error)}); "
                    "the run's folder has all of its numbers"
                )


def _numbers(row: Epoch) -> Numbers:
    values = cast("dict[str, float | None]", jsonable(row))
    return {name: value for name, value in values.items() if value is not None}


def _said(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
