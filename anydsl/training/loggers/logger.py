"""What a logger is, and what it is told of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from anydsl.language.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Numbers = dict[str, float]


class LoggedRun(Record):
    """A run as it begins, or goes on.

    Attributes:
        folder: the run's.
        history: what is known after each epoch that is done, as `epoch` of a logger gets it.
        identity: what `begin` returned when the run began; empty for a new run.
    """

    folder: Path
    history: tuple[Numbers, ...]
    identity: str


class Logger(Protocol):
    """What each file of this folder makes with `logger()`; all of it may raise anything.

    The libraries that it needs are imported by `logger()`, so that one that is missing is known
    before the run begins.
    """

    def begin(self, run: LoggedRun, config: Mapping[str, Any]) -> str:
        """Training starts, or goes on; `config` is all that it was given, by dotted names.

        Returns what tells the run from others, to be had again when it goes on.
        """
        ...

    def epoch(self, row: Numbers) -> None:
        """An epoch is over: the numbers of a line of `metrics.jsonl` that are known."""
        ...

    def end(self, summary: Mapping[str, Any] | None) -> None:
        """The run ended with these results, or stopped without any."""
        ...
