"""What runs on the nodes of a cluster. Nothing here knows of the database."""

from __future__ import annotations

import os
import platform
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from anydsl.errors import (
    AnydslError,
    DataError,
    DeviceError,
    MissingExtraError,
    RunError,
    UsageError,
)
from anydsl.language.record import Record
from anydsl.study.cluster.engine import ray
from anydsl.study.worker import reason_of, trial_function

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anydsl.study.rows import Claim, Outcome
    from anydsl.study.runner import Done, Work
    from anydsl.study.surveying import Question, Survey

_SAME = ("anydsl", "torch")
"""Packages whose versions a study's results depend on most."""


class Refusal(Record):
    """A node that can't take part, and why."""

    message: str
    status: int = 1

    def error(self) -> AnydslError:
        """The error to be raised where the command was typed."""
        return UsageError(self.message) if self.status == 2 else RunError(self.message)


class Ready(Record):
    """A process that can do trials.

    Attributes:
        node: the id that Ray has for its node.
        host: the name of it that people know.
    """

    node: str
    host: str


class Answer(Record):
    """What came of a trial: an outcome, or what went wrong with it."""

    outcome: Outcome | None
    reason: str = ""


def answer(question: Question) -> Survey | Refusal:
    """Look at this node's device and pictures."""
    try:
        from anydsl.study.surveying import survey

        return survey(question)
    except (AnydslError, ModuleNotFoundError) as error:
        return _refusal(error)


@final
class Hand:
    """A process at a place of the cluster; with Ray it is an actor.

    Args:
        work: what is to be done.
        facts: of the store.
    """

    def __init__(self, work: Work, facts: Mapping[str, Any]) -> None:
        self._work: Final = work
        self._facts: Final = facts
        self._do: Callable[[Claim], Done] | None = None

    def begin(self) -> Ready | Refusal:
        """Get ready: what is imported and read here is not imported and read for each trial."""
        threads = str(self._work.threads)
        os.environ |= {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        try:
            self._compare()
            self._do = trial_function(self._work, self._facts)
        except (AnydslError, ModuleNotFoundError) as error:
            return _refusal(error)
        return Ready(ray.get_runtime_context().get_node_id(), platform.node())

    def do(self, claim: Claim) -> tuple[Answer | Refusal, bytes | None]:
        """Do a trial; beside what came of it are its weights, fetched if they are to be kept."""
        assert self._do is not None
        try:
            done = self._do(claim)
            return Answer(done.outcome), _weights(done)
        except DataError as error:  # pictures were there when the sweep began: it is the node's
            return _refusal(error), None
        except DeviceError:  # this process is of no more use, and Ray has another one
            raise
        except Exception as error:
            return Answer(None, reason_of(error)), None

    def _compare(self) -> None:
        """Hold this node's packages against those of the node that was asked first."""
        first = self._facts.get("environment", {}).get("versions", {})
        for name in _SAME:
            here, there = metadata.version(name), first.get(name)
            if there is not None and _public(here) != _public(there):
                raise RunError(f"{name} is {here}, but {there} on the node that was asked first")


def _weights(done: Done) -> bytes | None:
    if done.save is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "weights", "trial.safetensors")
        done.save(file)
        return file.read_bytes()


def _refusal(error: AnydslError | ModuleNotFoundError) -> Refusal:
    if isinstance(error, ModuleNotFoundError):
        error = MissingExtraError(f"a study (by way of {error.name})", "cluster")
    return Refusal(f"node {platform.node()}: {error}", error.exit_status)


def _public(version: str) -> str:
    """A version without what says how it was built."""
    return version.partition("+")[0]
