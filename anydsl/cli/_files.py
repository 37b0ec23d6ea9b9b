"""Files that commands rewrite."""

from __future__ import annotations

import os
import sys

from anydsl.errors import UsageError
from anydsl.language.source import STDIN


def write(path: str, text: str) -> None:
    """Replace a file in one step, so that nothing can be lost half-way; links and modes stay.

    Raises:
        UsageError: it can't be written.
    """
    target = os.path.realpath(path)
    beside = f"{target}.{os.getpid()}.tmp"
    try:
        with open(beside, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, os.stat(target).st_mode & 0o7777)
        os.replace(beside, target)
    except OSError as error:
        if os.path.exists(beside):
            os.unlink(beside)
        raise UsageError(f"can't write {path}: {error.strerror or error}") from None


def print_diff(path: str, before: str, after: str) -> None:
    """Print what would change."""
    from difflib import unified_diff

    name = STDIN if path == "-" else path
    lines = unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    sys.stdout.write("".join(line + "\n" for line in lines))
