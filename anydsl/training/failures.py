"""What torch raises for a run that asks too much, in the reader's words."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from anydsl.errors import DeviceError, RunError
from anydsl.training.memory import free_memory, largest_batch

if TYPE_CHECKING:
    from collections.abc import Generator

    from anydsl.training.plan import Plan

_SIGNS = ("DefaultCPUAllocator", "MPS backend out of memory")
_PRIMITIVE = ("could not create a", "could not execute a primitive")
_LOST = ("CUDA error", "HIP error", "cuDNN error", "NCCL error")
"""How torch's words begin for what leaves a process without its device, in older versions, too."""
_OTHERWISE = "a smaller `resize`, or a narrower net"


@contextmanager
def explained(plan: Plan | None = None) -> Generator[None]:
    """Turn what torch raises of memory, devices and compilers into errors that say what to do.

    Args:
        plan: what is trained inside, so that the batch can be named that would fit.

    Raises:
        DeviceError: the device has failed, or is gone.
        RunError: memory is short, or `torch.compile` failed.
    """
    room = free_memory(plan.device) if plan else None
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _out_of_memory(error, plan, room) from error
    except RuntimeError as error:
        if any(sign in str(error) for sign in _SIGNS) or _starved(error, plan, room):
            raise _out_of_memory(error, plan, room) from error
        if plan and plan.compiled and type(error).__module__.startswith("torch._"):
            first = _first_line(error)
            raise RunError(f"torch.compile failed ({first}): leave out `--compile`") from error
        if isinstance(error, torch.AcceleratorError) or str(error).startswith(_LOST):
            where = plan.device if plan else "the device"
            raise DeviceError(f"{where} has failed or is gone ({_first_line(error)})") from error
        raise


def _first_line(error: RuntimeError) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _starved(error: RuntimeError, plan: Plan | None, room: int | None) -> bool:
    """Whether a lack of memory is behind an error of oneDNN, which gives no reason."""
    if plan is None or room is None or not str(error).startswith(_PRIMITIVE):
        return False
    left = free_memory(plan.device)
    return left is not None and left < room / 2


def _out_of_memory(error: Exception, plan: Plan | None, room: int | None) -> RunError:
    """Say what would fit; what the step held that failed is let go first."""
    traceback.clear_frames(error.__traceback__)
    if plan is None:
        return RunError(f"out of memory: set a smaller `batch`, {_OTHERWISE}")
    batch = plan.recipe.batch
    fits = _fitting(plan, room)
    if fits is None:
        return RunError(f"out of memory with `batch = {batch}`: set a smaller one, {_OTHERWISE}")
    free = f"of the {(room or 0) / 2**30:.1f} GiB that were free"
    if not fits:
        return RunError(f"out of memory {free}: no batch would fit; set {_OTHERWISE}")
    return RunError(
        f"out of memory {free} with `batch = {batch}`: `--set batch={fits}` would likely fit; "
        f"or set {_OTHERWISE}"
    )


def _fitting(plan: Plan, room: int | None) -> int | None:
    """The batch that would likely fit, 0 for none; None where that can't be told."""
    if room is None:
        return None
    ranks = plan.ranks.count  # each takes its share of the batch
    try:
        return ranks * largest_batch(
            plan.module,
            plan.data.train.shape,
            plan.recipe.precision,
            failed=min(plan.recipe.batch, len(plan.data.train)) // ranks,
            room=room,
        )
    except (RuntimeError, MemoryError):
        return None
