"""A small disk that fills and empties: a tmpfs where mounting is allowed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Disk:
    """A context with a small file system of its own at `folder`.

    Attributes:
        mounted: whether it is one; else `folder` is a folder like others, and does not fill.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.mounted = False
        self._size = size
        self._filler = folder / ".filler"

    def __enter__(self) -> Disk:
        self.folder.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={self._size}", "tmpfs", str(self.folder)]
        try:
            self.mounted = subprocess.run(words, capture_output=True).returncode == 0
        except OSError:  # there is no `mount`
            self.mounted = False
        return self

    def __exit__(self, *_: object) -> None:
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=True)

    def fill(self, left: int) -> None:
        """Take all room but about `left` bytes."""
        with open(self._filler, "wb", buffering=0) as file:
            while (room := self._room() - left) > 0:
                try:
                    file.write(bytes(min(room, 2**16)))
                except OSError:  # something else was written meanwhile
                    return

    def empty(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)

    def _room(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize
