"""Runs a command again whenever one of its files changes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from anydsl.checker.linting import spec_files
from anydsl.errors import UsageError

_PAUSE = 0.25
"""Seconds between two looks at the files."""

_CLEAR = "\033[2J\033[H"
_State = dict[str, tuple[int, int]]


class Watched(Protocol):
    """Something that runs once, and knows which files it has read."""

    def run(self) -> int:
        """Do it; return an exit status."""
        ...

    def read(self) -> Iterable[str]:
        """The files that have been read."""
        ...


def watch(specs: Sequence[str], make: Callable[[], Watched]) -> int:
    """Run, and again after each change, until it is interrupted; 0 then."""
    try:
        while True:
            if sys.stdout.isatty():
                sys.stdout.write(_CLEAR)
            read: list[str] = []
            before = _state(specs, read)  # what changes while it runs is seen after it
            try:
                run = make()
                run.run()
                read = list(run.read())
                before = {**_state(specs, read), **before}
            except UsageError as error:
                sys.stderr.write(f"error: {error}\n")
            sys.stdout.flush()
            sys.stderr.write("watching for changes; Ctrl-C ends it\n")
            sys.stderr.flush()
            while _state(specs, read) == before:
                time.sleep(_PAUSE)
    except KeyboardInterrupt:
        return 0


def _state(specs: Sequence[str], more: Iterable[str]) -> _State:
    """When each file was last changed, and its size; files that are not there are left out."""
    try:
        files = [file.partition("::")[0] for file in spec_files(specs)]
    except UsageError:
        files = []
    found: _State = {}
    for file in (*files, *more):
        try:
            stat = os.stat(file)
        except (OSError, ValueError):
            continue
        found[os.path.realpath(file)] = stat.st_mtime_ns, stat.st_size
    return found
