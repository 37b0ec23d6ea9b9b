"""Who holds a claim, and whether it still lives.

A process that claims trials holds a lock on a file of its own for as long as it lives. The system
lets go of it however the process ends, so no clock and no reused process number can deceive.
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from filelock import FileLock, Timeout

from anydsl.errors import RunError

if TYPE_CHECKING:
    from types import TracebackType

_FOLDER = "owners"
_OLD = 60.0
"""Seconds after which a file whose owner does not live was certainly not just made."""


@final
class Owner:
    """A context in which this process may hold claims.

    Attributes:
        name: unlike any other, in the database.

    Raises:
        RunError: the folder can't be written.
    """

    def __init__(self, folder: Path, name: str = "") -> None:
        self.name: Final = name or new_name()
        self._lock: Final = FileLock(_file(folder, self.name))

    def __enter__(self) -> Owner:
        try:
            Path(self._lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except OSError as error:
            raise RunError(
                f"{self._lock.lock_file} can't be written: {error.strerror or error}"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            os.unlink(self._lock.lock_file)
        self._lock.release()


def new_name() -> str:
    """A name that no other owner has."""
    return secrets.token_hex(8)


def alive(folder: Path, name: str) -> bool:
    """Whether the owner of that name still lives."""
    file = _file(folder, name)
    return os.path.exists(file) and not _free(file)


def tidy(folder: Path) -> None:
    """Remove what owners left behind that were killed."""
    for file in (folder / _FOLDER).glob("*"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > _OLD and not alive(folder, file.stem):
                file.unlink()


def forget(folder: Path, name: str) -> None:
    """Remove the files of an owner whose process is over."""
    for file in (_file(folder, name), words_of(folder, name)):
        with suppress(OSError):
            os.unlink(file)


def words_of(folder: Path, name: str) -> Path:
    """The file that takes what an owner says on standard error."""
    return folder / _FOLDER / f"{name}.log"


def _free(file: str) -> bool:
    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    lock.release()
    return True


def _file(folder: Path, name: str) -> str:
    return str(folder / _FOLDER / f"{os.path.basename(name)}.lock")
