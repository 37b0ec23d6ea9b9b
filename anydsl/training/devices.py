"""Where a net is trained, and in which precision."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from anydsl.errors import UsageError
from anydsl.training.allocation import reuse_memory
from anydsl.training.ranks import local_place

if TYPE_CHECKING:
    from collections.abc import Generator


def device_of(name: str) -> torch.device:
    """Return the device called `name`, such as `cpu` or `cuda:1`; `auto` is the fastest one here.

    Under `torchrun`, `cuda` is another GPU for each of a machine's processes.

    Raises:
        UsageError: there is no such device.
    """
    rank, ranks = local_place()
    here = [kind for kind, found in _found() if found and (kind != "mps" or ranks == 1)]
    if name == "auto":
        name = here[0]
    if ranks > 1 and name.startswith("cuda") and "cuda" in here:
        return _own_cuda(name, rank, ranks)
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in here or not 0 <= (device.index or 0) < _count(device):
        raise UsageError(f"--device {name}: not on this machine ({', '.join(['auto', *here])})")
    return device


def _own_cuda(name: str, rank: int, ranks: int) -> torch.device:
    count = torch.cuda.device_count()
    if name != "cuda":
        raise UsageError(f"--device {name}: under torchrun each process has its own: --device cuda")
    if ranks > count:
        raise UsageError(
            f"{ranks} processes can't share {count} GPUs: torchrun --nproc-per-node {count}, "
            "or --device cpu"
        )
    return torch.device("cuda", rank)


def device_name(device: torch.device) -> str:
    """What the device calls itself."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


WORTH = 10**7
"""Multiply-adds for one picture from which bfloat16 saves more time than its casts take."""


def precision_of(device: torch.device, flops: int) -> str:
    """The precision that `precision = auto` stands for: `bf16` or `fp32`.

    Args:
        device: where the net is trained.
        flops: multiply-adds of its forward pass for one picture.
    """
    return "bf16" if flops >= WORTH and _computes_bf16(device) else "fp32"


def _computes_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 faster than single precision.

    Processors with AVX512-BF16 alone may be slower in it: `python bench/run.py training` says.
    """
    match device.type:
        case "cuda":
            return torch.cuda.is_bf16_supported(including_emulation=False)
        case "cpu":
            cpu: Any = torch.cpu  # torch has no public name for it in all of its versions
            return bool(cpu._is_amx_tile_supported())
        case _:
            return False


LITTLE = 10**9
"""Multiply-adds of a step below which threads wait for each other longer than they work."""


@contextmanager
def tuned(device: torch.device, flops: int, *, deterministic: bool = False) -> Generator[None]:
    """A context in which torch is set up for steps that are all alike.

    cuDNN tries its ways to convolve, unless `deterministic` holds torch to ways that give the same
    bits every time; on the CPU memory is kept for the next step, and little steps are done by one
    thread.

    Args:
        device: where the steps are done.
        flops: multiply-adds of the forward pass of one.
        deterministic: see above; cuBLAS reads its part of it when it is first used.
    """
    cudnn: Any = torch.backends.cudnn
    threads = torch.get_num_threads()
    before = cudnn.benchmark, cudnn.deterministic, torch.are_deterministic_algorithms_enabled()
    cudnn.benchmark = device.type == "cuda" and not deterministic
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        cudnn.deterministic = True
        torch.use_deterministic_algorithms(True)
    if device.type == "cpu":
        reuse_memory()
        if flops < LITTLE:
            torch.set_num_threads(1)
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.deterministic = before[:2]
        torch.use_deterministic_algorithms(before[2])
        torch.set_num_threads(threads)


def _found() -> list[tuple[str, bool]]:
    return [
        ("cuda", torch.cuda.is_available()),
        ("mps", torch.backends.mps.is_available()),
        ("cpu", True),
    ]


def _count(device: torch.device) -> int:
    return torch.cuda.device_count() if device.type == "cuda" else 1
