"""One process that does trials until none is left: `python -m anydsl.study.worker`.

It reads what to do as a line of JSON on standard input. Standard input's end, which comes when the
parent closes it or dies in whatever way, tells it to give its claims back and stop. Why it could
not go on, if so, stands on standard output.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from anydsl.errors import AnydslError, DataError, DeviceError, MissingExtraError
from anydsl.study.claims import Claims, Finished
from anydsl.study.keeping import is_candidate, weights_of
from anydsl.study.owners import Owner, forget
from anydsl.study.runner import Done, Work
from anydsl.study.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anydsl.study.rows import Claim

GROUPED = 0.2
"""Seconds of results that are committed together at most; a longer trial is by itself."""

LOST = 3
"""Exit status of a worker that has lost its device; why stands on standard error."""

_MOST = 256
_POLL = 0.1


def work_through(store: Store, work: Work, owner: Owner, do: Callable[[Claim], Done]) -> None:
    """Claim trials, do them and record them until none is left.

    Raises:
        DataError: pictures are gone that were there when the sweep began.
        DeviceError: this process can train no more; what it claimed is still its own.
        RunError: the database can't be written.
    """
    claims = Claims(store, owner.name)
    finished: list[Finished] = []
    wanted = 1
    while True:
        held = claims.exchange(finished, wanted, work.through)
        finished = []
        if not held:
            if not store.left(work.through):
                return
            time.sleep(_POLL)  # another process may fail at what it does, and leave it to this one
            continue
        started = committed = time.perf_counter()
        for claim in held:
            finished.append(_done(store, claim, do))
            if time.perf_counter() - committed > GROUPED and claim is not held[-1]:
                claims.exchange(finished, 0)
                finished, committed = [], time.perf_counter()
        each = (time.perf_counter() - started) / len(held)
        wanted = max(1, min(int(GROUPED / max(each, 1e-6)), 4 * wanted, _MOST))


def _done(store: Store, claim: Claim, do: Callable[[Claim], Done]) -> Finished:
    try:
        done = do(claim)
    except (DataError, DeviceError):  # no other trial would fare better in this process
        raise
    except Exception as error:  # whatever it is, it is this trial's
        return Finished(claim.id, None, reason_of(error))
    if done.save is None or not is_candidate(store, claim.id, done.outcome.error):
        return Finished(claim.id, done.outcome)
    done.save(weights_of(store.folder, claim.id))
    return Finished(claim.id, done.outcome, weights=True)


def reason_of(error: Exception) -> str:
    """What went wrong, and behind the first line where."""
    if isinstance(error, AnydslError):
        return str(error)
    first = f"{type(error).__name__}: {error}".strip()
    return f"{first}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()


def trial_function(work: Work, facts: Mapping[str, Any]) -> Callable[[Claim], Done]:
    """The function that does one trial, by the name that `work` gives; `facts` of the store."""
    module, _, name = work.trial.partition(":")
    make = cast("Callable[..., Callable[[Claim], Done]]", getattr(import_module(module), name))
    return make(work, facts)


def _stop_with_parent(folder: Path, owner: str) -> None:
    """Wait for the end of standard input, then leave: what runs is not recorded, so done again."""
    with suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    with suppress(Exception):
        Claims(Store(folder), owner).drop()
    forget(folder, owner)
    os._exit(0)


def _main() -> int:
    said: dict[str, Any] = json.loads(sys.stdin.readline())
    name = said.pop("owner")
    work = Work(Path(said.pop("folder")), **said)
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(2, 1)  # what a trial prints is no answer
        try:
            with Owner(work.folder, name) as owner:
                _work(work, owner)
        except DeviceError as error:
            sys.stderr.write(str(error))
            return LOST
        except AnydslError as error:
            answer.write(str(error))
            return 1
        except ModuleNotFoundError as error:
            answer.write(str(MissingExtraError(f"a study (by way of {error.name})", "study")))
            return 1
    return 0


def _work(work: Work, owner: Owner) -> None:
    store = Store(work.folder)
    stopping = threading.Thread(
        target=_stop_with_parent, args=(work.folder, owner.name), daemon=True
    )
    stopping.start()
    try:
        work_through(store, work, owner, trial_function(work, store.facts()))
    except DeviceError:  # as behind a crash: what is held shows the parent which trial it was
        raise
    except BaseException:
        Claims(store, owner.name).drop()
        raise


if __name__ == "__main__":
    sys.exit(_main())
