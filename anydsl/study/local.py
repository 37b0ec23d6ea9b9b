"""The runner of this machine: worker processes that outlive their trials."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, final

from anydsl.errors import RunError
from anydsl.study.claims import Claims, drop_orphans
from anydsl.study.owners import forget, new_name, words_of
from anydsl.study.sharing import Growth
from anydsl.study.worker import LOST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anydsl.study.runner import Work
    from anydsl.study.store import Store

_POLL = 0.05
_LOOK = 1.0
"""Seconds between two looks for claims of other sweeps that were killed, and for more workers."""

_VAIN = 3
"""Workers that may be lost one after the other, for each place, before they began a trial."""

_PATIENCE = 10.0
"""Seconds that a worker has to stop in."""

_TAIL = 2_000
"""Bytes of a worker's last words that are kept."""


@final
class LocalRunner:
    """Does the trials of a store in processes of this machine.

    A worker that is killed, or loses its device, costs the trial that it was at, and another one
    takes its place.

    Args:
        devices: for each worker, the one that it trains on.
        room: how many workers may share a device; more than those above join while they help.
    """

    def __init__(self, devices: Sequence[str], room: int = 1) -> None:
        self._devices: Final = tuple(devices)
        self._growth: Final = Growth(len(self._devices), room)

    def run(self, store: Store, work: Work, watch: Callable[[], None]) -> None:
        """Do the work; see `Runner`.

        Raises:
            RunError: workers can't start, or can't write the database.
        """
        begun = store.left(work.through)
        count = max(1, min(len(self._devices), begun))
        workers = [_Worker(store, work.replace(device=name)) for name in self._devices[:count]]
        vain, looked = 0, time.monotonic()
        try:
            while workers:
                watch()
                if time.monotonic() - looked > _LOOK:
                    drop_orphans(store)
                    left = store.left(work.through)
                    if left > len(workers) and self._growth.due(begun - left):
                        workers += (_Worker(store, work.replace(device=n)) for n in self._devices)
                    looked = time.monotonic()
                for worker in list(workers):
                    if not worker.ended():
                        continue
                    workers.remove(worker)
                    vain = vain + 1 if worker.lost_nothing else 0
                    if vain >= _VAIN * len(self._devices):
                        raise RunError(f"workers can't begin: {worker.reason}")
                    if store.left(work.through):
                        workers.append(_Worker(store, worker.work))
                time.sleep(_POLL)
        finally:
            for worker in workers:
                worker.stop()
            for worker in workers:
                worker.wait()


class _Worker:
    """One process, from start to end.

    Attributes:
        work: what it was told to do.
        reason: how it ended, in words.
        lost_nothing: whether it ended by force before it had a trial.
    """

    def __init__(self, store: Store, work: Work) -> None:
        self.work: Final = work
        self.reason = ""
        self.lost_nothing = False
        self._store: Final = store
        self._owner: Final = new_name()
        self._words: Final = words_of(store.folder, self._owner)
        self._words.parent.mkdir(exist_ok=True)
        threads = str(work.threads)
        with open(self._words, "wb") as words:
            self._process: Final = subprocess.Popen(
                # As the parent sees modules, so does the worker.
                [sys.executable, "-c", _START, json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                env={**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads},
                # Ctrl-C is the parent's to hear, which then tells its workers.
                process_group=0 if os.name == "posix" else None,
            )
        said = {name: getattr(work, name) for name in work.__fields__}
        said |= {"folder": str(work.folder.absolute()), "owner": self._owner}
        assert self._process.stdin is not None
        with suppress(OSError):  # it ended at once: `ended` says how
            self._process.stdin.write(json.dumps(said).encode() + b"\n")
            self._process.stdin.flush()

    def ended(self) -> bool:
        """Whether the process is over; then what it held is given back.

        Raises:
            RunError: it says that no worker can go on.
        """
        status = self._process.poll()
        if status is None:
            return False
        assert self._process.stdout is not None
        answer = self._process.stdout.read().decode(errors="replace")
        self.reason = self._last_words(status)
        self._close()
        claims = Claims(self._store, self._owner)
        if status and not answer:
            held = claims.blame(self.reason, killed=-status in _FROM_OUTSIDE)
            self.lost_nothing = not held
        else:
            claims.drop()
        if answer:
            raise RunError(answer)
        return True

    def stop(self) -> None:
        """Tell the process to end."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def wait(self) -> None:
        """Wait for its end, and bring it about if it takes long; nothing is blamed."""
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close()
        with suppress(RunError):  # another error is on its way; the claims will be found orphaned
            Claims(self._store, self._owner).drop()

    def _last_words(self, status: int) -> str:
        words = ""
        with suppress(OSError), open(self._words, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            words = file.read().decode(errors="replace").strip()
        if status == LOST:
            return words
        how = f"its process ended with status {status}"
        if status < 0:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else -status
            how = f"its process was ended by {name}"
            if -status == _KILL:
                how += ", by hand or for want of memory"
        return f"{how}\n{words}".strip()

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        forget(self._store.folder, self._owner)


_KILL = 9
_FROM_OUTSIDE = (_KILL, signal.SIGTERM, signal.SIGINT, 1)
_START = """
import json, runpy, sys
sys.path[:] = json.loads(sys.argv[1])
runpy.run_module("anydsl.study.worker", run_name="__main__")
"""
