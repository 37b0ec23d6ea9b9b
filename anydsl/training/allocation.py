"""How the C library hands out memory for the tensors of a step."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_MOST = 2**31 - 1


def reuse_memory() -> None:
    """Have glibc keep what large tensors leave, for those of the next step.

    It would take blocks of more than 32 MiB from the system anew each time and give them back, and
    the steps of a net with large pictures would wait for page faults. Other C libraries are
    left alone. What the process once held stays with it until it ends, so nothing is done where a
    limit is set on its memory, which blocks of many sizes would then use up.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource  # not there on every system

    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        return
    library: Any = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_MMAP_THRESHOLD, _MOST)
        library.mallopt(_TRIM_THRESHOLD, _MOST)
