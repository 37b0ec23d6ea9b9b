"""Running a study: the function behind `anydsl sweep`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from anydsl.errors import RunError
from anydsl.language.record import Record
from anydsl.study import keeping, owners
from anydsl.study.claims import drop_orphans
from anydsl.study.local import LocalRunner
from anydsl.study.store import Store
from anydsl.study.watching import watcher_for
from anydsl.training.interruption import Interrupted, Interruption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anydsl.study.plan import Plan
    from anydsl.study.preparing import Prepared
    from anydsl.study.rows import Tally
    from anydsl.study.runner import Runner
    from anydsl.study.watching import Watcher


class Summary(Record):
    """How a sweep ended.

    Attributes:
        out: the folder of the study.
        tallies: how far each group is; the last one is the whole study.
        failures: trials that failed: id and reason.
        trials: how many this sweep did.
        seconds: that it took.
    """

    out: Path
    tallies: tuple[Tally, ...]
    failures: tuple[tuple[str, str], ...]
    trials: int
    seconds: float

    @property
    def whole(self) -> Tally:
        """How far the study is."""
        return self.tallies[-1]


def sweep(
    plan: Plan,
    prepared: Prepared,
    *,
    limit: int | None = None,
    retry: bool = False,
    quiet: bool = False,
    command: str = "",
    runner: Runner | None = None,
) -> Summary:
    """Do the trials of a study that are not done yet.

    Args:
        plan: the study.
        prepared: how and where it is done.
        limit: how many trials are done at most.
        retry: whether trials that failed are tried anew.
        quiet: say nothing on standard error.
        command: what is typed to go on, for the message of an interruption.
        runner: what does the work; worker processes of this machine for None.

    Raises:
        RunError: the folder holds another study, the database can't be written, workers can't
            work, or the reader asked to stop.
    """
    started = time.monotonic()
    store = Store(prepared.folder, new=True)
    try:
        with Interruption() as interruption, watcher_for(quiet=quiet) as watcher:
            _begin(store, plan, prepared, retry=retry)
            before = store.left()
            through = None if limit is None else store.position(limit)
            watching = _Watching(store, watcher, interruption, through)
            if before:
                runner = runner or LocalRunner(prepared.devices, prepared.room)
                try:
                    runner.run(store, prepared.work.replace(through=through), watching)
                except Interrupted:
                    raise RunError(_interrupted(store, command)) from None
            watching.show()
        return Summary(
            out=prepared.folder,
            tallies=tuple(store.tallies()),
            failures=tuple(store.failures()),
            trials=before - store.left(),
            seconds=time.monotonic() - started,
        )
    finally:
        store.close()


def _begin(store: Store, plan: Plan, prepared: Prepared, *, retry: bool) -> None:
    store.database.check_whole()
    store.adopt(plan, prepared.text, prepared.facts)
    store.note(prepared.environment)
    owners.tidy(store.folder)
    drop_orphans(store)
    keeping.tidy(store)
    if retry:
        store.retry_failed()


def _interrupted(store: Store, command: str) -> str:
    whole = store.tallies()[-1]
    goes_on = f": `{command}` goes on from here" if command else ""
    return f"interrupted with {whole.left:,} of {whole.total:,} trials to go{goes_on}"


@final
class _Watching:
    """What a runner calls all the time: shows how far the study is, and stops it when asked to."""

    def __init__(
        self, store: Store, watcher: Watcher, interruption: Interruption, through: int | None
    ) -> None:
        self._store: Final = store
        self._watcher: Final = watcher
        self._interruption: Final = interruption
        self._through: Final = through
        self._started: Final = time.monotonic()
        self._at_start: Final = store.left(through)
        self._looked = -1e9

    def __call__(self) -> None:
        self._interruption.check()
        if time.monotonic() - self._looked >= self._watcher.every:
            self.show()
            self._looked = time.monotonic()

    def show(self) -> None:
        """Show how far the study is."""
        self._watcher.show(self._store.tallies(), self._left())

    def _left(self) -> float | None:
        """Seconds to come, by the trials that were done since the start."""
        left = self._store.left(self._through)
        done = self._at_start - left
        return (time.monotonic() - self._started) * left / done if done and left else None


def summary_values(summary: Summary, study: str) -> dict[str, Any]:
    """Return how a sweep ended as JSON."""
    whole = summary.whole
    return {
        "study": study,
        "out": str(summary.out),
        "total": whole.total,
        "done": whole.done,
        "failed": whole.failed,
        "diverged": whole.diverged,
        "trials": summary.trials,
        "seconds": summary.seconds,
        "groups": [_values(tally) for tally in summary.tallies[:-1]],
        "failures": [{"trial": trial, "reason": reason} for trial, reason in summary.failures],
    }


def failure_lines(failures: Sequence[tuple[str, str]], most: int = 10) -> list[str]:
    """Return what failed, a line a trial."""
    lines = [f"failed  {trial}: {reason.splitlines()[0]}" for trial, reason in failures[:most]]
    more = len(failures) - most
    return [*lines, *([f"        and {more:,} more"] if more > 0 else [])]


def _values(tally: Tally) -> dict[str, Any]:
    return {name: getattr(tally, name) for name in tally.__fields__}
