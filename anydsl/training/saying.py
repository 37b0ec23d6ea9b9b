"""What is said on standard error while something runs: live on a terminal, else line by line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

from anydsl.language.diagnostics import visible

if TYPE_CHECKING:
    from types import TracebackType


class Speaker:
    """A context that says nothing, which is what `--quiet` gives. Others say more."""

    def note(self, text: str) -> None:
        """Something the reader should know."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""


def write_line(text: str) -> None:
    """Write a line on standard error, at once."""
    sys.stderr.write(f"{visible(text)}\n")
    sys.stderr.flush()


def live() -> bool:
    """Whether standard error is a terminal on which lines may change."""
    return (
        sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
