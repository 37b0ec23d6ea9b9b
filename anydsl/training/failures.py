"""What torch raises for a run that asks too much, in the reader's words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from anydsl.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def explained(*, compiled: bool) -> Generator[None]:
    """Turn a lack of memory, and a failure of `torch.compile`, into an error that says what to do.

    Raises:
        RunError: in the place of either.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise RunError(_MEMORY) from error
    except RuntimeError as error:
        if "DefaultCPUAllocator" in str(error):
            raise RunError(_MEMORY) from error
        if compiled and type(error).__module__.startswith("torch._"):
            first = str(error).strip().splitlines()[0]
            raise RunError(f"torch.compile failed ({first}): leave out `--compile`") from error
        raise


_MEMORY = "out of memory: set a smaller `batch` or `resize`, or a narrower net"
