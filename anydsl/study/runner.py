"""What runs the trials of a study: on this machine, or with another engine on many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from anydsl.language.record import Record
from anydsl.study.rows import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anydsl.study.store import Store

TRAINING = "anydsl.study.trainer:training"
"""What a trial is by default: a net is trained."""


class Work(Record):
    """What is to be done.

    Attributes:
        folder: of the store.
        device: where nets are trained, as `--device` names it.
        threads: of torch, for each worker; the last bits of a result depend on it.
        graphed: whether a step of training is one CUDA graph.
        data: another data set or folder than the recipe's.
        through: the last position that is to be done; None for all.
        trial: `MODULE:FUNCTION`, which takes this record and the store's facts and returns the
            function that does one trial.
    """

    folder: Path
    device: str = "cpu"
    threads: int = 1
    graphed: bool = False
    data: str | None = None
    through: int | None = None
    trial: str = TRAINING


class Done(Record):
    """What a trial gives.

    Attributes:
        outcome: what came of it.
        save: writes the weights to a path; None where there are none worth keeping.
    """

    outcome: Outcome
    save: Callable[[Path], None] | None = None


class Runner(Protocol):
    """Does the trials of a store.

    A runner claims trials by `Claims`, does them, and records what came of them in the same way;
    it holds an `Owner` for each process that claims. It returns when no trial up to
    `work.through` is left, and gives its claims back however it ends.
    """

    def run(self, store: Store, work: Work, watch: Callable[[], None]) -> None:
        """Do the work.

        Args:
            store: of this process and thread.
            work: what is to be done.
            watch: called several times a second; what it raises ends the run.

        Raises:
            RunError: the work can't be done at all.
        """
        ...
