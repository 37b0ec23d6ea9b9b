"""One process at a time trains in a run's folder.

It holds a lock on a file there for as long as it lives. The system lets go of it however the
process ends, so that no kill leaves a lock behind; the empty file stays and means nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from anydsl.errors import RunError, UnwritableError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

LOCK = ".lock"


@contextmanager
def held(folder: Path) -> Generator[None]:
    """A context in which no other process trains in `folder`.

    On a file system without locks it promises nothing.

    Raises:
        RunError: another process trains there.
        UnwritableError: the folder can't be written.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise RunError(
            f"{folder} is being trained by another process: wait for its end or stop it, "
            "`--resume` goes on then"
        ) from None
    except OSError as error:
        raise UnwritableError(f"{folder} can't be written: {error.strerror or error}") from error
    except NotImplementedError:
        pass
    try:
        yield
    finally:
        lock.release()
