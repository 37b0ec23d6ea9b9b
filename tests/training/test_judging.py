"""Scores, classes and calibration, against scikit-learn and plain arithmetic."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import nn

from anydsl.errors import UsageError, WeightsError
from anydsl.training.feeding.batches import Batches
from anydsl.training.feeding.pictures import Pictures
from anydsl.training.judging import predictions
from anydsl.training.judging.calibration import bins_of, expected_error
from anydsl.training.judging.outputs import Outputs, outputs_of
from anydsl.training.judging.report import report_on
from anydsl.training.runs.jsonable import jsonable

NAMES = [f"class {i}" for i in range(8)]


def drawn(n: int = 400, classes: int = 8, sharp: float = 2.0) -> Outputs:
    """Outputs that are often right; the last class is never there and never said."""
    generator = torch.Generator().manual_seed(5)
    labels = torch.randint(classes - 1, (n,), generator=generator)
    logits = torch.randn(n, classes, generator=generator)
    logits[torch.arange(n), labels] += 1
    logits[:, -1] = -50
    return Outputs(logits * sharp, labels)


def softmax(row: list[float]) -> list[float]:
    powers = [math.exp(value - max(row)) for value in row]
    return [power / sum(powers) for power in powers]


def test_the_report_is_scikit_learns() -> None:
    outputs = drawn()
    report = report_on(outputs, NAMES)
    truth = outputs.labels.numpy()
    probabilities = np.array([softmax(row) for row in outputs.logits.tolist()])
    taken = probabilities.argmax(1)
    known = list(range(8))
    assert report.pictures == 400
    assert report.loss == pytest.approx(metrics.log_loss(truth, probabilities, labels=known))
    assert report.top1 == metrics.accuracy_score(truth, taken)
    assert report.top5 == metrics.top_k_accuracy_score(truth, probabilities, k=5, labels=known)
    brier = metrics.brier_score_loss(truth, probabilities, labels=known, scale_by_half=False)
    assert report.brier == pytest.approx(brier)
    assert report.confidence == pytest.approx(probabilities.max(1).mean())
    assert [list(row) for row in report.confusion] == metrics.confusion_matrix(
        truth, taken, labels=known
    ).tolist()
    expected: Any = metrics.classification_report(
        truth, taken, labels=known, target_names=NAMES, output_dict=True, zero_division=0
    )
    for score in report.classes:
        told = expected[score.name]
        assert score.n == told["support"]
        found = (score.precision, score.recall, score.f1)
        assert found == pytest.approx((told["precision"], told["recall"], told["f1-score"]))
    assert report.classes[-1].n == 0
    assert json.loads(json.dumps(jsonable(report)))["classes"][0]["name"] == "class 0"


def test_the_calibration_error_is_that_of_the_paper() -> None:
    outputs = drawn()
    report = report_on(outputs, NAMES)
    groups: dict[int, list[tuple[float, bool]]] = {}
    for row, label in zip(outputs.logits.tolist(), outputs.labels.tolist(), strict=True):
        shares = softmax(row)
        confidence = max(shares)
        # Guo et al.: bin m of 15 holds the confidences in ((m - 1) / 15, m / 15].
        m = next(m for m in range(1, 16) if confidence <= m / 15)
        groups.setdefault(m, []).append((confidence, shares.index(confidence) == label))
    error = 0.0
    for m, group in groups.items():
        confidence, accuracy = (sum(values) / len(group) for values in zip(*group, strict=True))
        error += len(group) / 400 * abs(accuracy - confidence)
        found = report.bins[m - 1]
        assert (found.n, found.low, found.high) == (len(group), (m - 1) / 15, m / 15)
        assert found.confidence == pytest.approx(confidence)
        assert found.accuracy == pytest.approx(accuracy)
    assert error > 0.05
    assert report.ece == pytest.approx(error)
    assert sum(b.n for b in report.bins) == 400


def test_a_calibration_error_by_hand() -> None:
    # Two pictures at 0.9, one right: 0.4 off. Two at 0.6, both right: 0.4 off. Two sure, right.
    confidence = np.array([0.9, 0.9, 0.6, 0.6, 1.0, 1.0])
    bins = bins_of(confidence, np.array([True, False, True, True, True, True]))
    assert expected_error(bins) == pytest.approx(0.8 / 3)
    assert [(b.n, b.confidence) for b in bins if b.n] == [
        (2, pytest.approx(0.6)),
        (2, pytest.approx(0.9)),
        (2, 1.0),
    ]
    assert bins[0].confidence is None


def test_few_classes_have_no_top5() -> None:
    report = report_on(Outputs(torch.eye(3) * 9, torch.arange(3)), NAMES[:3])
    assert (report.top5, report.top1, report.confusion[1]) == (None, 1.0, (0, 1, 0))


def test_outputs_that_are_no_numbers_are_an_error() -> None:
    logits = torch.zeros(3, 3)
    logits[1, 2] = torch.nan
    with pytest.raises(WeightsError, match=r"of 1 of 3 pictures .* no finite numbers"):
        report_on(Outputs(logits, torch.arange(3)), NAMES[:3])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_outputs_are_those_of_all_pictures_and_fetched_once(
    precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (10, 1, 2, 4), dtype=torch.uint8, generator=generator)
    labels = torch.randint(8, (10,), generator=generator)
    batches = Batches(size=4, mean=(0.5,), std=(0.25,), device=torch.device("cpu"))
    net = nn.Sequential(nn.Flatten(), nn.Linear(8, 8), nn.Dropout(0.9))
    net.register_forward_hook(lambda *_: events.append("batch"))
    for name in ("cpu", "item", "tolist", "numpy"):
        original = getattr(torch.Tensor, name)

        def fetched(self: torch.Tensor, *a: Any, _original: Any = original) -> Any:
            events.append("fetch")
            return _original(self, *a)

        monkeypatch.setattr(torch.Tensor, name, fetched)
    outputs = outputs_of(net, Pictures(images, labels), batches, precision)
    assert events == ["batch"] * 3 + ["fetch"] * 2
    monkeypatch.undo()
    expected = net[:2]((images / 255 - 0.5) / 0.25)
    torch.testing.assert_close(
        outputs.logits, expected.detach(), atol=0.1 if precision == "bf16" else 1e-5, rtol=0
    )
    assert outputs.logits.dtype == torch.float32
    assert outputs.labels.equal(labels)


def test_predictions_as_files(tmp_path: Path) -> None:
    outputs = Outputs(torch.tensor([[0.0, 2.0], [1.0, 0.0]]), torch.tensor([1, 1]))
    names = ["a,b", "c"]
    predictions.write(outputs, names, str(tmp_path / "p.csv"))
    text = (tmp_path / "p.csv").read_text()
    assert list(csv.reader(io.StringIO(text))) == [
        ["picture", "class", "taken_for", "confidence"],
        ["0", "c", "c", f"{1 / (1 + math.exp(-2)):.6f}"],
        ["1", "c", "a,b", f"{1 / (1 + math.exp(-1)):.6f}"],
    ]
    predictions.write(outputs, names, str(tmp_path / "p.npz"))
    with np.load(tmp_path / "p.npz") as arrays:
        assert arrays["logits"].tolist() == outputs.logits.tolist()
        assert arrays["labels"].tolist() == [1, 1]
        assert arrays["classes"].tolist() == names
    with pytest.raises(UsageError, match=r"--predictions p.txt: one of .csv, .npz"):
        predictions.check("p.txt")
