"""Checkpoint files: tensors as safetensors, all else as JSON in the same file's header.

One file, so that no crash can leave tensors and numbers of different moments. Nothing is ever
unpickled, and a file is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any, cast

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from anydsl.errors import RunError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

_KEY = "anydsl"


def write(path: Path, tensors: Mapping[str, torch.Tensor], values: Mapping[str, Any]) -> None:
    """Write `tensors` and the JSON `values` to `path`, replacing what was there in one moment.

    Raises:
        RunError: the disk is full or the folder can't be written; the old file is untouched.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_whole(path, save(plain, metadata={_KEY: json.dumps(values)}))


def write_whole(path: Path, content: bytes) -> None:
    """Write to a temporary file beside `path`, force it to the disk, and rename it.

    Raises:
        RunError: the disk is full or the folder can't be written; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise RunError(f"{path} can't be written: {error.strerror or error}") from error


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read the tensors (on the CPU) and the JSON values of a file; foreign files have no values.

    Raises:
        WeightsError: the file is missing, unreadable, cut short or not safetensors.
    """
    try:
        opened: Any = cast("Any", safe_open)(path, framework="pt")  # its types know no torch
        with opened as file:
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header: dict[str, str] = file.metadata() or {}
            values: Any = json.loads(header.get(_KEY, "{}"))
    except FileNotFoundError as error:
        raise WeightsError(f"{path} does not exist") from error
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} is damaged or no safetensors file ({error})") from error
    if not isinstance(values, dict):
        raise WeightsError(f"{path} is damaged: its header holds no values")
    return tensors, cast("dict[str, Any]", values)


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut; not every system can open a folder."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
