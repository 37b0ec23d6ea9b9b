"""What a sweep says while it runs, on standard error: a live table, plain lines, or nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from anydsl.training.saying import Speaker, live, write_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from anydsl.study.rows import Tally

COLUMNS = ("group", "done", "running", "failed", "diverged", "best", "mean")


class Watcher(Speaker):
    """Says nothing; what `--quiet` gives. Others say more."""

    every = 1.0
    """Seconds between two looks at the database."""

    def show(self, tallies: Sequence[Tally], left: float | None) -> None:
        """How far the study is; the last tally is the whole, `left` the seconds to come."""


class Lines(Watcher):
    """A line now and then: for logs, pipes and NO_COLOR."""

    _rare = 10.0

    def __init__(self) -> None:
        self._said: float = time.monotonic()
        self._before: int = -1

    def show(self, tallies: Sequence[Tally], left: float | None) -> None:
        """Write a line if the last one is some time ago and there is news."""
        whole, now = tallies[-1], time.monotonic()
        over = whole.done + whole.failed
        if now - self._said < self._rare or over == self._before:
            return
        self._said, self._before = now, over
        self.note(_line(whole, left))

    def note(self, text: str) -> None:
        """Write a line."""
        write_line(text)


class Live(Watcher):
    """A table with a line for each group, which changes where it stands."""

    every = 0.25

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live as Screen

        self._screen: Any = Screen(console=Console(stderr=True), auto_refresh=False)

    def show(self, tallies: Sequence[Tally], left: float | None) -> None:
        """Draw the table again."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        whole = tallies[-1]
        bar = ProgressBar(total=whole.total, completed=whole.done + whole.failed, width=60)
        table = _table(tallies)
        self._screen.update(Group(table, bar, Text(_line(whole, left))), refresh=True)

    def note(self, text: str) -> None:
        """Write a line above the table."""
        self._screen.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._screen.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._screen.stop()


def watcher_for(*, quiet: bool) -> Watcher:
    """What suits standard error: `Live` on a terminal, `Lines` elsewhere and under NO_COLOR."""
    if quiet:
        return Watcher()
    return Live() if live() else Lines()


def cells(tally: Tally) -> dict[str, str]:
    """A tally as the cells of a table, by column."""
    return {
        "group": tally.group or "all",
        "done": f"{tally.done:,}/{tally.total:,}",
        "running": f"{tally.running:,}",
        "failed": f"{tally.failed:,}",
        "diverged": f"{tally.diverged:,}",
        "best": "" if tally.best is None else f"{tally.best:.2%}",
        "mean": "" if tally.mean is None else f"{tally.mean:.2%}",
    }


def duration(seconds: float) -> str:
    """A time as people say it: `45 s`, `3 min 20 s`, `2 h 05 min`, `3 d 04 h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, s = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {s:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours:02} h"


def _table(tallies: Sequence[Tally]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "group" else "right", no_wrap=True)
    for place, tally in enumerate(tallies):
        table.add_row(*cells(tally).values(), end_section=place == len(tallies) - 2)
    return table


def _line(whole: Tally, left: float | None) -> str:
    parts = [f"{whole.done + whole.failed:,} of {whole.total:,} trials"]
    if whole.failed:
        parts.append(f"{whole.failed:,} failed")
    if whole.best is not None:
        parts.append(f"best error {whole.best:.2%}, mean {whole.mean:.2%}")
    if left is not None:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)
