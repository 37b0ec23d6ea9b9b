"""How a run ended."""

from __future__ import annotations

from statistics import harmonic_mean
from typing import TYPE_CHECKING

from anydsl.errors import RunError
from anydsl.language.record import Record
from anydsl.training.runs.noted import filled

if TYPE_CHECKING:
    from anydsl.errors import DivergedError
    from anydsl.training.evaluation import Scores
    from anydsl.training.plan import Plan
    from anydsl.training.runs.folder import RunFolder
    from anydsl.training.state import State


DIVERGED = "diverged.json"


class Result(Record):
    """How a run ended.

    Attributes:
        run: the run's folder.
        epochs, steps: done.
        train_loss: of the last epoch.
        val_accuracy: of the weights that were tested, None without a validation split.
        test_accuracy: of the epoch with the best validation accuracy, or else of the last one.
        images_per_second: training pictures over the time of training alone.
        seconds: for all epochs, validation with them.
        params: parameters of the net.
    """

    run: str
    epochs: int
    steps: int
    train_loss: float
    val_accuracy: float | None
    test_accuracy: float
    images_per_second: float
    seconds: float
    params: int


def summarized(plan: Plan, folder: RunFolder, state: State, scores: Scores) -> Result:
    """Return how the run of `state` ended, and write it to the folder's summary.

    Raises:
        RunError: it can't be written.

    """
    last, best = state.history[-1], state.best
    result = Result(
        run=str(folder.path),
        epochs=last.epoch,
        steps=last.step,
        train_loss=last.train_loss,
        val_accuracy=best.val_accuracy if best else None,
        test_accuracy=scores.top1,
        images_per_second=harmonic_mean([row.images_per_second for row in state.history]),
        seconds=sum(row.seconds for row in state.history),
        params=plan.params,
    )
    if plan.ranks.rank == 0:
        fields = {name: getattr(result, name) for name in Result.__fields__}
        best_epoch = (best or last).epoch
        folder.write_json("summary.json", {**fields, "best_epoch": best_epoch, "test": scores})
    return result


def note_divergence(folder: RunFolder, error: DivergedError) -> None:
    """Write down that the run's loss is no number any more, for those who look at it later.

    Raises:
        RunError: it can't be written.
    """
    folder.write_json(DIVERGED, {"message": str(error)})


def finished(folder: RunFolder) -> Result:
    """Return how a run ended that has a summary.

    Raises:
        RunError: the summary is damaged.

    """
    summary = folder.read_json(folder.summary.name)
    try:
        return filled(Result, summary, run=str(folder.path))
    except ValueError as error:
        raise RunError(f"{folder.summary} is damaged: {error}") from error
