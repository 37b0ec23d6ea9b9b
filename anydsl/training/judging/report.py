"""All that can be said of a net's outputs on a set of pictures."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from anydsl.errors import WeightsError
from anydsl.language.record import Record
from anydsl.training.fetching import whole_numbers
from anydsl.training.judging.calibration import Bin, bins_of, brier_score, expected_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.training.judging.outputs import Outputs

TOP = 5


class ClassScore(Record):
    """How a net does on one class.

    Attributes:
        name: the class.
        n: its pictures.
        precision: the share of those taken for it that are it.
        recall: the share of them that are taken for it.
        f1: the harmonic mean of the two; each is 0 where nothing is there to divide by.
    """

    name: str
    n: int
    precision: float
    recall: float
    f1: float


class Report(Record):
    """How a net does on N pictures.

    Attributes:
        pictures: N.
        loss: mean cross entropy, which is the negative log-likelihood of a picture.
        top1, top5: shares of the pictures; `top5` is None with five classes or fewer.
        ece: expected calibration error, from 0 to 1.
        brier: Brier score, from 0 to 2.
        confidence: mean of the largest probabilities.
        classes: how it does on each class.
        confusion: how many pictures of each class (row) were taken for which (column).
        bins: the pictures by confidence.
    """

    pictures: int
    loss: float
    top1: float
    top5: float | None
    ece: float
    brier: float
    confidence: float
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    bins: tuple[Bin, ...]


def report_on(outputs: Outputs, names: Sequence[str]) -> Report:
    """Judge what a net says of pictures.

    Args:
        outputs: of C classes.
        names: theirs, C.

    Raises:
        WeightsError: outputs are no numbers.
    """
    logits, labels = outputs.logits.double(), outputs.labels
    n, count = logits.shape
    strange = n - int(logits.isfinite().all(1).sum())
    if strange:
        raise WeightsError(
            f"of {strange:,} of {n:,} pictures the net's outputs are no finite numbers: "
            "its weights have diverged"
        )
    ranked = outputs.logits.topk(min(TOP, count), dim=1).indices
    hits = ranked == labels.unsqueeze(1)
    logs = functional.log_softmax(logits, 1)
    probabilities: Any = logs.exp().numpy()
    truth, taken = labels.numpy(), ranked[:, 0].numpy()
    confidence = np.minimum(probabilities[np.arange(n), taken], 1.0)
    bins = bins_of(confidence, hits[:, 0].numpy())
    metrics: Any = import_module("sklearn.metrics")  # it has no types to check against
    known = range(count)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, taken, labels=known, zero_division=0
    )
    scores = zip(names, support, precision, recall, f1, strict=True)
    return Report(
        pictures=n,
        loss=float(functional.nll_loss(logs, labels)),
        top1=int(hits[:, 0].sum()) / n,
        top5=int(hits.any(1).sum()) / n if count > TOP else None,
        ece=expected_error(bins),
        brier=brier_score(probabilities, truth),
        confidence=float(confidence.mean()),
        classes=tuple(ClassScore(c, int(m), *map(float, rest)) for c, m, *rest in scores),
        confusion=tuple(
            tuple(whole_numbers(row))
            for row in torch.from_numpy(metrics.confusion_matrix(truth, taken, labels=known))  # pyright: ignore[reportUnknownMemberType]
        ),
        bins=bins,
    )
