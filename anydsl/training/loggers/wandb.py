"""Weights & Biases: offline in the run's folder, unless `WANDB_MODE` says otherwise."""

from __future__ import annotations

import os
import secrets
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anydsl.training.loggers.logger import LoggedRun, Numbers

PROJECT = "anydsl"


def logger() -> WeightsAndBiases:
    """Return one.

    Raises:
        ImportError: wandb is not installed.
    """
    return WeightsAndBiases(import_module("wandb"))


@final
class WeightsAndBiases:
    """Metrics by step. `wandb sync` sends later what was logged offline."""

    def __init__(self, wandb: Any) -> None:
        self._wandb: Final = wandb
        self._run: Any = None

    def begin(self, run: LoggedRun, config: Mapping[str, Any]) -> str:
        """Begin a run of the project `$WANDB_PROJECT`, by default `anydsl`, or go on with it."""
        identity = run.identity or secrets.token_hex(8)
        self._run = self._wandb.init(
            project=os.environ.get("WANDB_PROJECT") or PROJECT,
            name=run.folder.name,
            id=identity,
            resume="allow",
            dir=str(run.folder),
            mode=os.environ.get("WANDB_MODE") or "offline",
            config=dict(config),
            settings=self._wandb.Settings(console="off", silent=True),
        )
        return identity

    def epoch(self, row: Numbers) -> None:
        """Log the epoch's numbers."""
        self._run.log(row, step=int(row["step"]))

    def end(self, summary: Mapping[str, Any] | None) -> None:
        """Log the results and finish."""
        self._run.summary.update(dict(summary or {}))
        self._run.finish(exit_code=0 if summary else 1)
