"""MLflow, in the store that `MLFLOW_TRACKING_URI` names, by default one in this folder."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anydsl.training.loggers.logger import LoggedRun, Numbers

EXPERIMENT = "anydsl"

_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""MLflow waits minutes for a server that is gone; training should not. What is set stays."""


def logger() -> MLflow:
    """Return one.

    Raises:
        ImportError: mlflow is not installed.
    """
    return MLflow(import_module("mlflow"))


@final
class MLflow:
    """Parameters, metrics by step, and the results as metrics of the last."""

    def __init__(self, mlflow: Any) -> None:
        self._mlflow: Final = mlflow
        self._client: Any = None
        self._run = ""
        self._step = 0

    def begin(self, run: LoggedRun, config: Mapping[str, Any]) -> str:
        """Begin a run of the experiment `$MLFLOW_EXPERIMENT_NAME`, by default `anydsl`."""
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        # The client, and not MLflow's one active run: the caller may have that open.
        self._client = self._mlflow.MlflowClient()
        self._run = run.identity
        if not self._run:
            name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
            found = self._client.get_experiment_by_name(name)
            experiment = found.experiment_id if found else self._client.create_experiment(name)
            made = self._client.create_run(experiment, run_name=run.folder.name)
            self._run = str(made.info.run_id)
            for key, value in config.items():
                self._client.log_param(self._run, key, value)
        self._client.update_run(self._run, status="RUNNING")
        return self._run

    def epoch(self, row: Numbers) -> None:
        """Log the epoch's numbers."""
        self._step = int(row["step"])
        for name in row:
            if name != "step":
                self._client.log_metric(self._run, name, row[name], step=self._step)

    def end(self, summary: Mapping[str, Any] | None) -> None:
        """Log the results and finish."""
        for name, value in (summary or {}).items():
            if isinstance(value, int | float):
                self._client.log_metric(self._run, f"final.{name}", value, step=self._step)
        self._client.set_terminated(self._run, status="FINISHED" if summary else "KILLED")
