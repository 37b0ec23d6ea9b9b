"""A run that asks for more than there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from anydsl.design.recipe import Recipe
from anydsl.errors import DeviceError, RunError
from anydsl.training import memory
from anydsl.training.failures import explained
from anydsl.training.plan import Plan
from tests.training.processes import python

PlanFor = Callable[[Recipe], Plan]
MIB = 2**20


@pytest.fixture
def plan(recipe: Recipe, plan_for: PlanFor) -> Plan:
    return plan_for(recipe)


def test_out_of_memory_names_the_batch_that_would_fit(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anydsl.training.failures.free_memory", lambda _: MIB)
    with pytest.raises(RunError) as caught, explained(plan):
        raise torch.OutOfMemoryError("CUDA out of memory")
    said = re.search(
        r"with `batch = 256`: `--set batch=(\d+)` would likely fit; or set a smaller `resize`",
        str(caught.value),
    )
    assert said is not None, caught.value
    # A picture of the tiny net: input and three outputs of 8x4x4 floats, masks and a head.
    each = 4 * (64 + 3 * 128 + 2 * 32 + 10)
    assert MIB / each / 3 < int(said[1]) < MIB / each


def test_a_batch_that_should_have_fitted_is_not_named_again(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anydsl.training.failures.free_memory", lambda _: 2**40)
    with pytest.raises(RunError, match="--set batch=200` would"), explained(plan):
        raise torch.OutOfMemoryError("CUDA out of memory")


def test_no_batch_may_fit_or_nothing_be_known(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anydsl.training.failures.free_memory", lambda _: 1000)
    with pytest.raises(RunError, match="no batch would fit; set a smaller"), explained(plan):
        raise MemoryError
    monkeypatch.setattr("anydsl.training.failures.free_memory", lambda _: None)
    with pytest.raises(RunError, match="with `batch = 256`: set a smaller one"), explained(plan):
        raise MemoryError
    with pytest.raises(RunError, match="out of memory: set a smaller `batch`"), explained():
        torch.empty(2**60, dtype=torch.uint8)


def test_onednn_gives_no_reason_but_there_is_one(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([100 * MIB, MIB, 100 * MIB, 99 * MIB])
    monkeypatch.setattr("anydsl.training.failures.free_memory", lambda _: next(left))
    with pytest.raises(RunError, match="out of memory"), explained(plan):
        raise RuntimeError("could not create a primitive")
    with pytest.raises(RuntimeError, match="could not create"), explained(plan):
        raise RuntimeError("could not create a primitive")


def test_a_failing_compiler_is_explained_and_a_bug_is_not(plan: Plan) -> None:
    compiled = plan.replace(compiled=True)
    failure = type("InductorError", (RuntimeError,), {"__module__": "torch._inductor.exc"})
    with pytest.raises(RunError, match="leave out `--compile`"), explained(compiled):
        raise failure("no compiler\nmore")
    with pytest.raises(RuntimeError, match="a bug"), explained(compiled):
        raise RuntimeError("a bug")


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: unspecified launch failure\nmore"),
        RuntimeError("CUDA error: unspecified launch failure\nmore"),  # before torch 2.8
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_lost_device_is_said(plan: Plan, error: RuntimeError) -> None:
    said = r"^cpu has failed or is gone \(CUDA error: unspecified launch failure\)$"
    with pytest.raises(DeviceError, match=said), explained(plan):
        raise error


def test_control_groups_limit_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups, proc = tmp_path / "sys" / "fs" / "cgroup", tmp_path / "proc"
    inner = groups / "batch" / "job"
    for folder in (inner, proc / "self"):
        folder.mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n")
    (proc / "self" / "cgroup").write_text("0::/batch/job\n")
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("5000\n")
    (groups / "batch" / "memory.max").write_text("7000\n")
    (groups / "batch" / "memory.current").write_text("6000\n")
    (groups / "batch" / "memory.stat").write_text("anon 1\ninactive_file 500\n")
    monkeypatch.setattr(memory, "Path", lambda path: tmp_path / path.lstrip("/"))
    assert memory.free_memory(torch.device("cpu")) == 1500
    (groups / "batch" / "memory.max").write_text("max\n")
    assert memory.free_memory(torch.device("cpu")) == 8000 * 1024


STARVED = """
import resource, sys
import torch
import anydsl.training.train
from anydsl.cli import main
from anydsl.training.memory import free_memory

size = next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmSize"))
limit = 1024 * size + 1200 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(main(["train", "wide.anynet", "--device", "cpu", "--out", sys.argv[1], *sys.argv[2:]]))
"""

WIDE = """\
anynet 1

net Wide {
  input = 1x8x8
  stem { w = 256, s = 1 }
  body {
    block = resnext
    b = 1
    g = 16
    stage s1 { d = 2, w = 256, s = 1 }
  }
  head { classes = 10 }
}

recipe quick {
  data = digits
  epochs = 1
  batch = 1024
}
"""


def test_the_batch_that_is_named_fits_when_memory_is_really_short(tmp_path: Path) -> None:
    (tmp_path / "wide.anynet").write_text(WIDE)
    short = python(STARVED, "short", cwd=tmp_path)
    assert short.returncode == 1, short.stderr
    said = re.search(r"^error: out of memory of the .* `--set batch=(\d+)` ", short.stderr, re.M)
    assert said is not None, short.stderr
    assert "Traceback" not in short.stderr
    fits = python(STARVED, "fits", "--set", f"batch={said[1]}", cwd=tmp_path)
    assert fits.returncode == 0, fits.stderr
