"""Which device each worker of a study trains on."""

from __future__ import annotations

import pytest
import torch

from anydsl.study.preparing import _devices


@pytest.fixture(autouse=True)
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


def test_one_worker_for_each_gpu() -> None:
    assert _devices("auto", None, 1) == ("cuda:0", "cuda:1")
    assert _devices("cuda:1", None, 1) == ("cuda:1",)


def test_more_workers_than_gpus_take_turns_at_them() -> None:
    assert _devices("cuda", 5, 1) == ("cuda:0", "cuda:1", "cuda:0", "cuda:1", "cuda:0")
    assert _devices("cuda:1", 3, 1) == ("cuda:1",) * 3
    assert _devices("cuda", 1, 1) == ("cuda:0",)
