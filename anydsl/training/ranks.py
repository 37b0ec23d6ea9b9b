"""The processes that train one net together; Lightning Fabric's only home.

`torchrun` starts such processes, called ranks, on one machine or several, and tells each by its
environment which one it is. Without it there is one rank, for which all of this is the identity.
"""

from __future__ import annotations

import atexit
import inspect
import logging
import os
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, final

import torch
from torch import distributed, nn

from anydsl.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

    from lightning_fabric import Fabric

T = TypeVar("T")

_GONE = ("connection closed", "connection reset", "broken pipe", "timed out", "remote process")


@final
class Ranks:
    """The processes that train one net, seen from one of them.

    Attributes:
        device: where this one computes.
        rank: which one it is, from 0; rank 0 alone writes files and speaks.
        count: how many there are.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.device: Final = fabric.device
        self.rank: Final = fabric.global_rank
        self.count: Final = fabric.world_size
        self._fabric = fabric
        self._side: Any = distributed.new_group(backend="gloo") if self.count > 1 else None
        self._asked: tuple[Any, torch.Tensor] | None = None

    def autocast(self) -> AbstractContextManager[object]:
        """The context of a forward pass in the run's precision."""
        return cast("Any", self._fabric).autocast()

    def wrapped(self, module: nn.Module) -> nn.Module:
        """Return `module` such that its gradients become the mean over all ranks.

        Fabric's strategy does it and not `Fabric.setup`, whose wrapper costs small nets time in
        every step and would hide the net from `torch.compile`.
        """
        if self.count == 1:
            return module
        return cast("nn.Module", cast("Any", self._fabric.strategy).setup_module(module))

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        """Add up `tensor` over the ranks, in place."""
        return cast("Any", self._fabric).all_reduce(tensor, reduce_op="sum")

    def told(self, value: T) -> T:
        """What rank 0 calls this with; tensors in it must be on the CPU."""
        return self._fabric.broadcast(value)

    def first_alone(self) -> AbstractContextManager[object]:
        """A context that one rank of each machine enters first, the others when it has left."""
        return cast("Any", self._fabric).rank_zero_first(local=True)

    def same_buffers(self, module: nn.Module) -> None:
        """Give every rank the buffers of rank 0, such as batch norm's running statistics.

        Each rank has its own while it trains, where they change nothing.
        """
        if self.count > 1:
            for buffer in module.buffers():
                distributed.broadcast(buffer, 0)

    def any(self, flag: bool) -> bool:
        """Whether one of the ranks raised its flag: the same answer on each.

        Of several ranks it is the answer to the call before, which has had time to arrive over
        the network, so that neither the device nor another rank is waited for.
        """
        if self.count == 1:
            return flag
        before, self._asked = self._asked, None
        if before:
            work, answer = before
            work.wait()
            if answer.item():
                return True
        question = torch.tensor([int(flag)])
        work: Any = distributed.all_reduce(
            question, distributed.ReduceOp.MAX, group=self._side, async_op=True
        )
        self._asked = work, question
        return False

    def leave(self) -> None:
        """Part from the other ranks when the process ends, which would abort it otherwise."""
        if distributed.is_initialized():
            distributed.destroy_process_group()


def launched() -> bool:
    """Whether `torchrun` started this process and others like it."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def launcher() -> str:
    """What stands before `anydsl` in a command that runs it on as many ranks as there are now."""
    if not launched():
        return ""
    each, nodes = _local_count(), int(os.environ["WORLD_SIZE"]) // _local_count()
    where = "--standalone" if nodes == 1 else f"--nnodes {nodes} --rdzv-endpoint HOST:PORT"
    return f"torchrun {where} --nproc-per-node {each} -m "


def local_place() -> tuple[int, int]:
    """Which of this machine's ranks this is, from 0, and how many there are on it."""
    return (int(os.environ["LOCAL_RANK"]), _local_count()) if launched() else (0, 1)


@cache
def join(device: torch.device, precision: str) -> Ranks:
    """Meet the other ranks; once for every process, so that every call gives the same.

    Args:
        device: where this rank computes, as `device_of` says.
        precision: `bf16` for autocast to it.

    Raises:
        UsageError: not every machine has as many ranks.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
    from lightning_fabric.strategies.ddp import DDPStrategy

    # Fabric says what it does by a logger that writes to standard error.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    settings: dict[str, Any] = {
        "accelerator": device.type,
        "devices": [device.index or 0] if device.type == "cuda" else 1,
        "precision": "bf16-mixed" if precision == "bf16" else "32-true",
        "plugins": [LightningEnvironment()],
    }
    if launched():
        each, count = _local_count(), int(os.environ["WORLD_SIZE"])
        if count % each:
            raise UsageError("torchrun: give each machine the same --nproc-per-node")
        settings |= {
            "devices": each,
            "num_nodes": count // each,
            "plugins": [TorchElasticEnvironment()],
            # Rank 0's buffers are the run's: see `same_buffers`.
            "strategy": DDPStrategy(**_own_buffers(), gradient_as_bucket_view=True),
        }
    fabric = Fabric(**settings)
    if launched():
        fabric.launch()
    ranks = Ranks(fabric)
    if ranks.count > 1:
        atexit.register(ranks.leave)
    return ranks


@contextmanager
def one_voice() -> Generator[None]:
    """Let the first rank that fails raise its error; others, which fail for it, end in silence.

    Raises:
        RunError: another rank has vanished without a word.
        SystemExit: another rank failed before this one, and says why.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if not launched():
            raise
        if not _first_to_fail():
            raise SystemExit(getattr(error, "exit_status", 1)) from error
        if isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _GONE):
            raise RunError(
                f"another process of this run is gone ({str(error).splitlines()[0]}): "
                "`--resume` goes on from the last checkpoint"
            ) from error
        raise


def _first_to_fail() -> bool:
    """Whether no rank called this before; asked of the store that torchrun keeps for its ranks."""
    key = "/".join(
        (
            "anydsl/failed",
            os.environ["TORCHELASTIC_RUN_ID"],
            os.environ["TORCHELASTIC_RESTART_COUNT"],
        )
    )
    try:
        store: Any = cast("Any", distributed).TCPStore(
            os.environ["MASTER_ADDR"],
            int(os.environ["MASTER_PORT"]),
            is_master=False,
            timeout=timedelta(seconds=10),
        )
        return store.add(key, 1) == 1
    except (RuntimeError, ValueError):
        return True  # twice is better than never


def _own_buffers() -> dict[str, Any]:
    """What tells DDP to leave the buffers alone between steps, in the words of this torch."""
    words = inspect.signature(nn.parallel.DistributedDataParallel).parameters
    word = "forward_sync_buffers" if "forward_sync_buffers" in words else "broadcast_buffers"
    return {word: False}


def _local_count() -> int:
    return int(os.environ["LOCAL_WORLD_SIZE"])
