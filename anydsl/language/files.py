"""Reads the files that a spec may name: regular ones, up to a size.

A stranger's folder may hold a pipe that nobody writes to, or a link to a device without an end.
"""

from __future__ import annotations

import errno
import os
import stat

LARGEST_FILE = 2**20
"""How many bytes a spec may have."""


def read_bytes(path: str) -> bytes:
    """What a file holds; of one beyond the limit a byte more than the limit.

    Raises:
        OSError: it is missing, unreadable, or not a file but a pipe or a device.
    """
    if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
        raise OSError(errno.EINVAL, "it is not a file but a pipe, a socket or a device", path)
    with open(path, "rb") as file:
        return file.read(LARGEST_FILE + 1)
