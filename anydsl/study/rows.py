"""What the database of a study tells: trials, what came of them, and counts."""

from __future__ import annotations

from typing import Any

from anydsl.language.record import Record

DONE, FAILED = "done", "failed"
STATUSES = ("pending", "running", DONE, FAILED)


class Claim(Record):
    """A trial that a process has taken on.

    Attributes:
        id: its name by content.
        net: the design as `.anynet` text.
        seed: of the initial weights and of everything random in training.
        attempts: how often it was begun, this time with it.
    """

    id: str
    net: str
    seed: int
    attempts: int


class Outcome(Record):
    """What came of a trial.

    Attributes:
        error: 1 - top-1 accuracy on the validation split after the last epoch; that of guessing
            where training diverged.
        train_loss: mean loss of the last epoch; None where training diverged.
        curve: for each epoch `train_loss`, `train_acc`, `val_loss`, `val_acc`.
        diverged: whether a loss was no longer a number.
        seconds: of wall-clock time, compiling with it.
        images_per_second: training pictures over the time of training alone.
        device: what the device calls itself.
    """

    error: float
    train_loss: float | None = None
    curve: tuple[dict[str, float | None], ...] = ()
    diverged: bool = False
    seconds: float = 0.0
    images_per_second: float | None = None
    device: str = ""


class Row(Record):
    """A trial at one place of the study, with what is known of it.

    A design that stands at several places is trained once and has a row for each of them.

    Attributes:
        id: the trial's name by content.
        position: in the order in which trials are done; of equal errors the first one counts.
        group: the space or the cell that it was drawn for.
        index: which design of the group.
        replica: which seed of the design.
        seed: of the trial.
        net: the design as `.anynet` text.
        settings: of its stages, as `anydsl sample` writes them.
        params, flops, acts: what the design costs.
        status: `pending`, `running`, `done` or `failed`.
        attempts: how often it was begun.
        outcome: None unless it is done.
        reason: why it failed, or failed the first time; empty if it did not.
        test_error: 1 - top-1 accuracy on the test split, None as long as that was not read.
        weights: whether its weights are kept.
    """

    id: str
    position: int
    group: str
    index: int
    replica: int
    seed: int
    net: str
    settings: list[dict[str, Any]]
    params: int
    flops: int
    acts: int
    status: str
    attempts: int
    outcome: Outcome | None
    reason: str
    test_error: float | None
    weights: bool


class Tally(Record):
    """How far a group is.

    Attributes:
        group: its name; empty for the whole study.
        total: trials of it.
        done, running, failed: how many of them are so.
        diverged: how many of those done diverged.
        best, mean: of the errors of those done; None if there are none.
    """

    group: str
    total: int
    done: int
    running: int
    failed: int
    diverged: int
    best: float | None
    mean: float | None

    @property
    def left(self) -> int:
        """How many are neither done nor failed."""
        return self.total - self.done - self.failed
