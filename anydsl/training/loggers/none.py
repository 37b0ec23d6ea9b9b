"""No logger: what `--logger none` gives, and what is remembered of a run that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anydsl.training.loggers.logger import LoggedRun, Numbers


def logger() -> Nowhere:
    """Return one."""
    return Nowhere()


@final
class Nowhere:
    """Keeps to itself what it is told."""

    def begin(self, run: LoggedRun, config: Mapping[str, Any]) -> str:
        """Say nothing."""
        del run, config
        return ""

    def epoch(self, row: Numbers) -> None:
        """Say nothing."""

    def end(self, summary: Mapping[str, Any] | None) -> None:
        """Say nothing."""
