"""How many workers share a GPU; a clock that is set by hand stands in for time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from anydsl.study import local, sharing
from anydsl.study.local import LocalRunner
from anydsl.study.runner import Work
from anydsl.study.sharing import Growth, room_on
from anydsl.study.store import Store

GIB = 2**30


def grown(rate: Callable[[int], float], room: int, devices: int = 1) -> int:
    """The workers that each device ends with, where `rate` is trials a second of so many."""
    clock, done = 0.0, 0.0
    growth = Growth(devices, room, lambda: clock)
    for _ in range(10_000):
        clock += 1
        done += rate(growth.level * devices)
        growth.due(int(done))
    return growth.level


@pytest.mark.parametrize("devices", [1, 2])
def test_workers_join_until_the_gpu_is_busy(devices: int) -> None:
    assert grown(lambda workers: min(workers, 4 * devices) / 5, 10, devices) == 5
    assert grown(lambda workers: workers / 5, 3, devices) == 3
    assert grown(lambda workers: 1 / 5, 10, devices) == 2  # one too many is found out by trying


def test_none_joins_without_room() -> None:
    assert grown(lambda workers: workers / 5, 1) == 1


def test_the_start_of_a_worker_does_not_count() -> None:
    clock = 0.0
    growth = Growth(1, 9, lambda: clock)
    assert not growth.due(0)
    clock = 500.0  # reading the pictures took long
    assert not growth.due(1)
    clock = 501.0
    assert not growth.due(9)  # enough trials, but not enough time
    clock = 540.0
    assert growth.due(10)
    assert growth.level == 2


def test_room_is_by_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert room_on(torch.device("cpu")) == 1
    held = {"free": 10 * GIB, "reserved": 0, "most": GIB}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (held["free"], 80 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: held["reserved"])
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda _: held["most"])
    gpu = torch.device("cuda:0")
    assert room_on(gpu) == 3  # 9 GiB, and 2.6 for each
    held["most"] = 20 * GIB
    assert room_on(gpu) == 1
    held |= {"free": GIB, "reserved": 39 * GIB, "most": GIB}
    assert room_on(gpu) == 13


def test_a_sweep_takes_more_workers(
    stored: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_SECONDS", 0.0)
    monkeypatch.setattr(sharing, "_TRIALS", 1)
    monkeypatch.setattr(local, "_LOOK", 0.0)
    store = stored(40)
    runner = LocalRunner(["cpu"], room=2)
    runner.run(store, Work(store.folder, trial="tests.study.doing:slow"), lambda: None)
    assert store.left() == 0
    assert runner._growth.level == 2
    assert {row.attempts for row in store.rows()} == {1}
