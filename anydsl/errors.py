"""The errors that anydsl raises on purpose: one tree, rooted in `AnydslError`.

May import nothing of the project. Every error knows the exit status the command line gives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.language.diagnostics import Diagnostic


class AnydslError(Exception):
    """Anything that is wrong with what anydsl was given; never a bug of anydsl's own."""

    exit_status = 1


class UsageError(AnydslError):
    """A wrong flag, an unknown name, or a file that is missing or unreadable."""

    exit_status = 2


class MissingExtraError(UsageError):
    """An optional dependency is needed and not installed."""

    def __init__(self, need: str, extra: str) -> None:
        super().__init__(f"{need} needs an optional dependency: pip install 'anydsl[{extra}]'")


class SpecError(AnydslError):
    """A spec has errors; `diagnostics` holds every finding, in the order of the file."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.concise() for d in self.diagnostics))


class DataError(AnydslError):
    """A data set is missing, broken, or does not fit the network."""


class RunError(AnydslError):
    """A training run cannot start, continue or be read."""


class DivergedError(RunError):
    """The loss of a training run is no longer a number."""


class DeviceError(RunError):
    """The device that trains has failed or is gone: this process can use it no longer."""


class UnwritableError(RunError):
    """A file of a training run can't be written: no space, no right, or no folder any more."""


class WeightsError(AnydslError):
    """A file of weights is broken or does not fit the network."""


class DesignError(AnydslError):
    """A design of another library that the language can't say, or that does not work."""
