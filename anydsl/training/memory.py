"""How much memory a training step takes, and how much there is: an estimate for who ran out of it.

A step holds what the forward pass saves for the backward pass, which grows with the batch, and the
weights with all that comes with them, which does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.func import functional_call
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

_TRIED = 2
"""Pictures that are tried out: batch norm wants more than one."""

_PASSING = 2
"""Of the largest tensor, so many are there for a moment: the gradients on both sides of a layer."""

_PER_WEIGHT = 3
"""A gradient, and what optimizers remember: two numbers at most, as Adam does."""

_USABLE = 0.8
"""The share of free memory that is not lost between blocks."""

_LESS = 0.8
"""A batch that did not fit is at least this much too large: else a little of it was missing."""


def largest_batch(
    module: nn.Module, shape: tuple[int, int, int], precision: str, *, failed: int, room: int
) -> int:
    """Estimate the most pictures of C x H x W `shape` that a step of `module` can take at a time.

    Args:
        module: the net, left as it was.
        shape: of a picture.
        precision: `bf16` or `fp32`.
        failed: pictures for which the memory was too small.
        room: bytes that were free before the first step.

    Returns:
        A round number below `failed`; 0 if not even one picture would fit.
    """
    saved, largest = _activations(module, shape)
    each = saved + _PASSING * largest
    if precision == "bf16":
        each /= 2
    fixed = _PER_WEIGHT * sum(p.numel() * p.element_size() for p in module.parameters())
    fits = int(min((_USABLE * room - fixed) / each, _LESS * failed))
    step = 8 if fits >= 32 else 1
    return max(0, fits // step * step)


def free_memory(device: torch.device) -> int | None:
    """Bytes that this process can still take on `device`; None where that can't be known."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    return min(_free_on_host(), default=None)


def _activations(module: nn.Module, shape: tuple[int, int, int]) -> tuple[float, float]:
    """Bytes a picture that a forward pass saves for the backward pass, and of the largest tensor.

    Counted by a pass without memory, on the meta device. In evaluation mode, since batch norm saves
    the same there, and does not talk to other processes.
    """
    trained = dict(module.named_parameters())
    values = {
        name: torch.empty_like(value, device="meta", requires_grad=name in trained)
        for name, value in module.state_dict().items()
    }
    kept: dict[int, torch.Tensor] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept[_storage(tensor)] = tensor
        return tensor

    training = module.training
    module.eval()
    try:
        images = torch.empty((_TRIED, *shape), device="meta")
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            outputs = functional_call(module, values, (images,))
            labels = torch.zeros(_TRIED, dtype=torch.int64, device="meta")
            functional.cross_entropy(outputs, labels)
    finally:
        module.train(training)
    weights = {_storage(value) for value in values.values()}
    sizes = [t.untyped_storage().nbytes() for place, t in kept.items() if place not in weights]
    return sum(sizes) / _TRIED, max(sizes) / _TRIED


def _storage(tensor: torch.Tensor) -> int:
    """What tells the memory of a tensor from that of others."""
    return tensor.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


def _free_on_host() -> Iterator[int]:
    """What each of the limits leaves that a process on Linux is under."""
    memory = _numbers(Path("/proc/meminfo"))
    if "MemAvailable:" in memory:
        yield 1024 * memory["MemAvailable:"]
    yield from _free_in_groups()
    try:
        import resource
    except ImportError:  # not on Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    taken = _numbers(Path("/proc/self/status"))
    if limit != resource.RLIM_INFINITY and "VmSize:" in taken:
        yield max(0, limit - 1024 * taken["VmSize:"])


def _free_in_groups() -> Iterator[int]:
    """What the control groups leave that this process is in: containers and batch systems."""
    root = Path("/sys/fs/cgroup")
    own = root
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            own = root / path.lstrip("/")
    for folder in (own, *own.parents):
        limit, taken = _lines(folder / "memory.max"), _lines(folder / "memory.current")
        if limit and taken and limit[0].isdecimal():
            files = _numbers(folder / "memory.stat").get("inactive_file", 0)
            yield max(0, int(limit[0]) - int(taken[0]) + files)
        if folder == root:
            return


def _numbers(file: Path) -> dict[str, int]:
    """The lines of a file of names and numbers."""
    words = (line.split() for line in _lines(file))
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdecimal()}


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
