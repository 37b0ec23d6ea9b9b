"""Where a net is trained, and in which precision."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from anydsl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager


def device_of(name: str) -> torch.device:
    """Return the device called `name`, such as `cpu` or `cuda:1`; `auto` is the fastest one here.

    Raises:
        UsageError: there is no such device.
    """
    here = [kind for kind, found in _found() if found]
    if name == "auto":
        return torch.device(here[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in here or not 0 <= (device.index or 0) < _count(device):
        raise UsageError(f"--device {name}: not on this machine ({', '.join(['auto', *here])})")
    return device


def device_name(device: torch.device) -> str:
    """What the device calls itself."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """The context of a forward pass: bfloat16 where `precision` is `bf16`, else nothing."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


LITTLE = 10**9
"""Multiply-adds of a step below which threads wait for each other longer than they work."""


@contextmanager
def tuned(device: torch.device, flops: int) -> Generator[None]:
    """A context in which torch is set up for steps that are all alike.

    cuDNN tries its ways to convolve; on the CPU little steps are done by one thread.

    Args:
        device: where the steps are done.
        flops: multiply-adds of the forward pass of one.
    """
    benchmark, threads = torch.backends.cudnn.benchmark, torch.get_num_threads()
    torch.backends.cudnn.benchmark = device.type == "cuda"
    if device.type == "cpu" and flops < LITTLE:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = benchmark
        torch.set_num_threads(threads)


def _found() -> list[tuple[str, bool]]:
    return [
        ("cuda", torch.cuda.is_available()),
        ("mps", torch.backends.mps.is_available()),
        ("cpu", True),
    ]


def _count(device: torch.device) -> int:
    return torch.cuda.device_count() if device.type == "cuda" else 1
