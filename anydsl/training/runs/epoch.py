"""What is known after an epoch of training."""

from __future__ import annotations

from anydsl.language.record import Record


class Epoch(Record):
    """What is known after an epoch: one line of `metrics.jsonl`.

    Attributes:
        epoch: counted from 1.
        step: steps done since the start of the run.
        train_loss, train_accuracy: over the epoch's batches as they were trained on.
        val_loss, val_accuracy: of the weights after it; None without a validation split.
        lr: the learning rate of the epoch's last step.
        seconds: with validation and checkpoint of the epoch before.
        images_per_second: training pictures over the time of training alone.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    lr: float
    seconds: float
    images_per_second: float
