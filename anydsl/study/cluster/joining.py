"""Getting into a Ray cluster, and what there is in it for a study."""

from __future__ import annotations

import logging
import os
import socket
import time
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any, Final, final

from anydsl.design.recipe import Own
from anydsl.errors import RunError, UsageError
from anydsl.study.cluster.engine import ERRORS, ray
from anydsl.study.cluster.remote import Refusal, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from anydsl.study.surveying import Question, Survey

LOCAL = "local"

_CONNECTING = 5.0
"""Seconds that a machine has to answer in."""

_BUSY = 10.0
"""Seconds of waiting for a place behind which the reader is told."""

_STORE = 256 * 2**20
"""Bytes of shared memory of a Ray that is started here: it holds weights on their way."""


@final
class Cluster:
    """What a study is given of a Ray cluster: places of equal size for its workers.

    A place is one GPU and `threads` cores, or `threads` cores where there are no GPUs.

    Attributes:
        address: as it was given.
        device: the kind of device that nets are trained on: `cuda` or `cpu`.
        options: of Ray, for what runs at a place.

    Raises:
        UsageError: a cluster has no such device.
    """

    def __init__(
        self,
        address: str,
        gate: tuple[str, int],
        *,
        device: str = "auto",
        threads: int = 1,
        workers: int | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.address: Final = address
        self._say: Final = say
        self._gate: Final = gate
        self._threads: Final = threads
        self._workers: Final = workers
        if device not in ("auto", "cpu", "cuda"):
            raise UsageError(
                f"--device {device}: of a cluster it is auto, cpu or cuda; Ray says which one"
            )
        if device == "auto":
            device = "cuda" if any(r.get("GPU", 0) >= 1 for r in self._nodes().values()) else "cpu"
        self.device: Final = device
        gpus = {"num_gpus": 1} if device == "cuda" else {}
        self.options: Final[dict[str, Any]] = {"num_cpus": threads, **gpus}

    def say(self, text: str) -> None:
        """Tell the reader what happens in the cluster."""
        if self._say is not None:
            self._say(text)

    def places(self) -> int:
        """How many workers there are to be: what was asked for, or as many as there is room for.

        Raises:
            RunError: the cluster does not answer.
        """
        room = sum(self._room(resources) for resources in self._nodes().values())
        return room if self._workers is None else self._workers

    def devices(self) -> tuple[str, ...]:
        """For each worker, the kind of device that it trains on.

        Raises:
            RunError: there is no room for any.
        """
        count = self.places()
        if not count:
            raise RunError(
                f"no node of the cluster has {self.place}; `ray status` says what it has"
            )
        return (self.device,) * count

    @property
    def place(self) -> str:
        """What a worker takes, in words."""
        cores = f"{self._threads} core{'s' * (self._threads != 1)}"
        return f"a GPU and {cores}" if self.device == "cuda" else cores

    def has(self, node: str) -> bool:
        """Whether a node is still there.

        Raises:
            RunError: the cluster does not answer.
        """
        return node in self._nodes()

    def check(self) -> None:
        """Make sure that the cluster is there.

        Raises:
            RunError: it is not.
        """
        try:
            socket.create_connection(self._gate, _CONNECTING).close()
        except OSError as error:
            raise RunError(
                f"the Ray cluster at {':'.join(map(str, self._gate))} is gone: nothing is lost, "
                "the same command goes on when it is back"
            ) from error

    def survey(self, question: Question) -> Survey:
        """Let a node look at the device and the pictures.

        Raises:
            UsageError, RunError: what it says is wrong; there is no room for a worker.
        """
        self.devices()
        data = question.recipe.data
        if isinstance(data, Own) and data.path:
            data = data.replace(path=os.path.abspath(os.path.expanduser(data.path)))
        question = question.replace(recipe=question.recipe.replace(data=data), device=self.device)
        try:
            found = self._ask(question)
        except ERRORS as error:
            self.check()
            raise RunError(f"the cluster can't do a study: {last_line(error)}") from error
        if isinstance(found, Refusal):
            raise found.error()
        return found

    def _ask(self, question: Question) -> Survey | Refusal:
        asked = ray.remote(answer).options(**self.options).remote(question)
        started: float | None = time.monotonic()
        while not ray.wait([asked], timeout=1.0)[0]:
            self.check()
            if started is not None and time.monotonic() - started > _BUSY:
                started = None
                self.say(f"the cluster is slow to begin, or busy: waiting for {self.place}")
        return ray.get(asked)

    def _nodes(self) -> dict[str, dict[str, float]]:
        """What each node that is up has, by its id."""
        self.check()
        found = {node["NodeID"]: node["Resources"] for node in ray.nodes() if node["Alive"]}
        if not found:
            raise RunError(
                "no node of the Ray cluster is left: the same command goes on with others"
            )
        return found

    def _room(self, resources: dict[str, float]) -> int:
        cores = int(resources.get("CPU", 0)) // self._threads
        return cores if self.device == "cpu" else min(cores, int(resources.get("GPU", 0)))


@contextmanager
def joined(
    address: str,
    *,
    device: str = "auto",
    threads: int = 1,
    workers: int | None = None,
    say: Callable[[str], None] | None = None,
) -> Generator[Cluster]:
    """Be a part of a cluster; nothing is printed on standard output meanwhile.

    Args:
        address: `auto`, the Ray that runs on this machine; `ray://HOST:PORT`, the port of its Ray
            Client server; `HOST:PORT`, that of its head; `local`, one that is started for this.
        device: `auto`, `cpu` or `cuda`; `auto` takes GPUs if a node has some.
        threads: of each worker, and cores that Ray keeps free for it.
        workers: how many; by default as many as there is room for.
        say: told what the reader should know while this waits.

    Raises:
        UsageError: that is no address, or no device of a cluster.
        RunError: there is no Ray.
    """
    gate = None if address in ("auto", LOCAL) else _gate(address)
    given = os.environ.get("RAY_ADDRESS", "")
    if address == "auto" and given not in ("", "auto", LOCAL):
        gate = _gate(given, "RAY_ADDRESS")  # Ray takes it, too, and would wait for minutes
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address == LOCAL:
        cores = threads * workers if workers is not None else None
        quiet |= {"num_cpus": cores, "include_dashboard": False, "object_store_memory": _STORE}
    if gate is not None:
        _knock(gate)
    try:
        ray.init(address, **quiet)
    except (*ERRORS, RuntimeError, ValueError) as error:
        raise RunError(_refused(address, gate, error)) from error
    try:
        if gate is None:
            host, _, port = str(ray.get_runtime_context().gcs_address).rpartition(":")
            gate = host, int(port)
        # Ray prints pages of its logs when a node is lost; what matters is said by the runner.
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
            yield Cluster(address, gate, device=device, threads=threads, workers=workers, say=say)
    finally:
        with suppress(Exception):  # a cluster that is gone needs no farewell
            ray.shutdown()


def last_line(error: BaseException) -> str:
    """What an error of Ray comes to; before it stands a trace of another machine."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _gate(address: str, what: str = "--cluster") -> tuple[str, int]:
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise UsageError(f"{what} {address}: it is auto, local, ray://HOST:PORT or HOST:PORT")
    return host.strip("[]"), int(port)


def _knock(gate: tuple[str, int]) -> None:
    """Make sure that something listens, for Ray would try again for half a minute."""
    try:
        socket.create_connection(gate, _CONNECTING).close()
    except OSError as error:
        where = ":".join(map(str, gate))
        raise RunError(
            f"there is no Ray at {where}: {error.strerror or error}; `ray start --head` makes one"
        ) from error


def _refused(address: str, gate: tuple[str, int] | None, error: Exception) -> str:
    if gate is None and address == "auto" and isinstance(error, ConnectionError):
        return "no Ray is running on this machine: `ray start --head` makes one"
    # Ray sends its token to nobody unasked, and a timeout is all that it then says.
    asked = os.environ.get("RAY_AUTH_MODE") == "token"
    hint = "" if asked else "; where a cluster wants its token, set RAY_AUTH_MODE=token"
    return f"Ray at {address} can't be used: {last_line(error)}{hint}"
