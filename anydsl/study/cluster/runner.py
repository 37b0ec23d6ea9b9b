"""The runner of a Ray cluster: its workers train, this process claims and records."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, final

from anydsl.errors import RunError
from anydsl.study.claims import Claims, Finished, drop_orphans
from anydsl.study.cluster.engine import ERRORS, ray
from anydsl.study.cluster.joining import last_line
from anydsl.study.cluster.remote import Answer, Hand, Ready, Refusal
from anydsl.study.keeping import is_candidate, weights_of
from anydsl.study.owners import Owner
from anydsl.training.runs.checkpoints import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from anydsl.study.cluster.joining import Cluster
    from anydsl.study.rows import Claim
    from anydsl.study.runner import Work
    from anydsl.study.store import Store

_POLL = 0.1
_LOOK = 2.0
"""Seconds between two looks at which nodes there are."""

_VAIN = 3
"""Workers that may be lost one after the other, for each place, before they were ready."""

_FETCHING = 120.0
"""Seconds that weights may take on their way."""


@final
class ClusterRunner:
    """Does the trials of a store at the places of a cluster.

    A worker that dies costs the trial that it was at, and Ray finds a place for another one. One
    that dies with its node is not held against its trial. Nodes that come are used.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster: Final = cluster

    def run(self, store: Store, work: Work, watch: Callable[[], None]) -> None:
        """Do the work; see `Runner`.

        Raises:
            RunError: the cluster is gone, a node can't take part, or the database can't be written.
            UsageError: a node lacks what it needs.
        """
        crew = _Crew(self._cluster, store, work.replace(device=self._cluster.device))
        try:
            while True:
                watch()
                crew.muster()
                crew.feed()
                if crew.idle and not store.left(work.through):
                    return
                crew.hear()
        except ERRORS as error:
            self._cluster.check()
            raise RunError(f"the cluster can't go on: {last_line(error)}") from error
        finally:
            crew.dismiss()


@final
class _Crew:
    """The workers that there are."""

    def __init__(self, cluster: Cluster, store: Store, work: Work) -> None:
        self._cluster: Final = cluster
        self._store: Final = store
        self._work: Final = work
        self._facts: Final = store.facts()
        self._members: Final[list[_Member]] = []
        self._looked = -_LOOK
        self._vain = 0

    @property
    def idle(self) -> bool:
        """Whether no worker has a trial."""
        return all(member.claim is None for member in self._members)

    def muster(self) -> None:
        """Now and then, have as many workers as there are places, or trials for them."""
        if time.monotonic() - self._looked < _LOOK:
            return
        drop_orphans(self._store)
        wanted = min(self._cluster.places(), self._store.left(self._work.through))
        for member in [m for m in self._members if not m.ready][: len(self._members) - wanted]:
            self._part(member)  # it waits for a place that is there no longer
        while len(self._members) < wanted:
            self._members.append(_Member(self._cluster, self._store, self._work, self._facts))
        self._looked = time.monotonic()

    def feed(self) -> None:
        """Give each worker that has none a trial."""
        for member in self._members:
            if member.ready and member.claim is None and not member.claim_one():
                return  # none is left to claim

    def hear(self) -> None:
        """Wait a little for what workers say, and record it."""
        awaited = {member.awaited: member for member in self._members if member.awaited is not None}
        if not awaited:
            time.sleep(_POLL)
            return
        ray.wait(list(awaited), timeout=_POLL, fetch_local=False)
        heard, _ = ray.wait(list(awaited), num_returns=len(awaited), timeout=0, fetch_local=False)
        for reference in heard:
            member = awaited[reference]
            try:
                member.hear(ray.get(reference))
                self._vain = 0
            except ray.exceptions.RayError as error:
                self._lose(member, error)

    def dismiss(self) -> None:
        """Stop all workers at once, and give back what they hold."""
        for member in list(self._members):
            with suppress(RunError):  # another error is on its way; claims will be found orphaned
                self._part(member)

    def _lose(self, member: _Member, error: Exception) -> None:
        """Take leave of a worker that died."""
        if isinstance(error, ray.exceptions.ActorUnavailableError):
            member.ask_again()  # whether it is dead, and its node with it, is not known yet
            return
        if not member.node:
            self._vain += 1
            if self._vain >= _VAIN * max(1, len(self._members)):
                raise RunError(f"workers can't begin: {last_line(error)}")
        elif self._cluster.has(member.node):
            self._cluster.say(f"a worker on {member.host} died; another one takes its place")
            member.blame(f"its process on {member.host} died: {last_line(error)}")
        else:
            self._cluster.say(f"node {member.host} is gone; others do the trial that it was at")
        self._part(member)
        self._looked = -_LOOK

    def _part(self, member: _Member) -> None:
        self._members.remove(member)
        member.end()


@final
class _Member:
    """One worker, with the owner in whose name it has trials.

    Attributes:
        claim: the trial that it is at.
        awaited: what it will say next; None if it has nothing to do.
        ready: whether it can be given trials.
        node, host: where it is, once it is ready.
    """

    def __init__(
        self, cluster: Cluster, store: Store, work: Work, facts: Mapping[str, Any]
    ) -> None:
        self.claim: Claim | None = None
        self.ready = False
        self.node = self.host = ""
        self._store: Final = store
        self._work: Final = work
        self._owner: Final = Owner(store.folder)
        self._owner.__enter__()
        self._claims: Final = Claims(store, self._owner.name)
        self._weights: Any = None
        # Another one takes the place of what dies: Ray would have its like wait for a place, too.
        self._actor: Final = ray.remote(Hand).options(**cluster.options).remote(work, facts)
        self.awaited: Any = self._actor.begin.remote()

    def hear(self, said: Ready | Answer | Refusal) -> None:
        """Record what it said, and claim the next trial.

        Raises:
            RunError, UsageError: its node can't take part; the database can't be written.
        """
        self.awaited = None
        if isinstance(said, Refusal):
            raise said.error()
        if isinstance(said, Ready):
            self._claims.drop()  # what it was at when it was out of reach
            self.ready, self.node, self.host = True, said.node, said.host
            self.claim_one()
        else:
            self.claim_one(self._finished(said))

    def claim_one(self, *finished: Finished) -> bool:
        """Record what is over, and begin another trial; whether there is one."""
        held = self._claims.exchange(finished, 1, self._work.through)
        self.claim = held[0] if held else None
        if self.claim is not None:
            do = self._actor.do.options(num_returns=2)
            self.awaited, self._weights = do.remote(self.claim)
        return self.claim is not None

    def ask_again(self) -> None:
        """Find out whether it is still there; the answer may take as long as Ray needs to know."""
        self.ready = False
        self.awaited = self._actor.begin.remote()

    def blame(self, reason: str) -> None:
        """Hold its end against the trial that it was at."""
        self._claims.blame(reason, killed=True)

    def end(self) -> None:
        """Stop it at once, and give back what it holds.

        Raises:
            RunError: the database can't be written.
        """
        try:
            with suppress(Exception):  # it may be gone, and the cluster with it
                ray.kill(self._actor)
            self._claims.drop()
        finally:
            self._owner.__exit__(None, None, None)

    def _finished(self, said: Answer) -> Finished:
        assert self.claim is not None
        trial, outcome = self.claim.id, said.outcome
        if outcome is None or not is_candidate(self._store, trial, outcome.error):
            return Finished(trial, outcome, said.reason)
        return Finished(trial, outcome, weights=self._fetch(weights_of(self._store.folder, trial)))

    def _fetch(self, file: Path) -> bool:
        """Write the weights of the trial that is over, if there are some."""
        try:
            content = ray.get(self._weights, timeout=_FETCHING)
        except ray.exceptions.RayError:  # lost with its node
            return False
        if content is not None:
            file.parent.mkdir(exist_ok=True)
            write_whole(file, content)
        return content is not None
