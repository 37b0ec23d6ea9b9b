"""Checkpoint files: tensors as safetensors, all else as JSON in the same file's header.

One file, so that no crash can leave tensors and numbers of different moments. Nothing is ever
unpickled, a file is there whole or not at all, and a digest in the header tells whether it is
still what was written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from typing import TYPE_CHECKING, Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from anydsl.errors import UnwritableError, WeightsError
from anydsl.training.runs.jsonable import jsonable
from anydsl.training.runs.noted import parsed

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from torch import nn

_KEY = "anydsl"
_DIGEST = "blake2b"


def write(path: Path, tensors: Mapping[str, torch.Tensor], values: Mapping[str, Any]) -> None:
    """Write `tensors` and the JSON `values` to `path`, replacing what was there in one moment.

    Raises:
        UnwritableError: the disk is full or the folder can't be written; the old file is untouched.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(jsonable(dict(values)))
    write_whole(path, save(plain, metadata={_KEY: text, _DIGEST: _digest(plain, text)}))


def write_whole(path: Path, content: bytes) -> None:
    """Write to a temporary file beside `path`, force it to the disk, and rename it.

    Raises:
        UnwritableError: the disk is full or the folder can't be written; the old file is untouched.
    """
    with _replacing(path) as temporary:
        _fill(temporary, content)


def name_also(path: Path, other: Path) -> None:
    """Let `other` name the file at `path` too, in place of what it named, in one moment.

    Where the disk knows no second names, such as one formatted as FAT, `other` becomes a copy.

    Raises:
        UnwritableError: the folder can't be written; `other` names what it did.
    """
    with _replacing(other) as temporary:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()  # of a killed process that had our number
        try:
            os.link(path, temporary)
        except OSError:
            _fill(temporary, path.read_bytes())


@contextlib.contextmanager
def _replacing(path: Path) -> Generator[Path]:
    """Give the name of a temporary file beside `path`, which then takes the place of `path`.

    Raises:
        UnwritableError: something went wrong; `path` is what it was.
    """
    temporary = _temporary(path)
    try:
        yield temporary
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise UnwritableError(f"{path} can't be written: {error.strerror or error}") from error


def _fill(file: Path, content: bytes) -> None:
    """Write a file and force it to the disk."""
    with open(file, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes that were killed while they wrote into `folder`."""
    for file in folder.glob(".*"):
        if _TEMPORARY.fullmatch(file.name):
            with contextlib.suppress(OSError):
                file.unlink()


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read the tensors (on the CPU) and the JSON values of a file; foreign files have no values.

    Raises:
        WeightsError: the file is missing, unreadable, cut short, changed or not safetensors.
    """
    try:
        opened: Any = cast("Any", safe_open)(path, framework="pt")  # its types know no torch
        with opened as file:
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header: dict[str, str] = file.metadata() or {}
            text = header.get(_KEY, "{}")
            values: Any = parsed(text)
    except FileNotFoundError as error:
        raise WeightsError(f"{path} does not exist") from error
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(f"{path} is damaged or no safetensors file ({error})") from error
    if not isinstance(values, dict):
        raise WeightsError(f"{path} is damaged: its header holds no values")
    if _DIGEST in header and header[_DIGEST] != _digest(tensors, text):
        raise WeightsError(f"{path} is damaged: it is not what was written, by its digest")
    return tensors, cast("dict[str, Any]", values)


def put_into(module: nn.Module, weights: Mapping[str, torch.Tensor], path: Path) -> None:
    """Load the weights that a file has into a net.

    Raises:
        WeightsError: they are another net's.
    """
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        reasons = str(error).strip().splitlines()
        reason = reasons[1].strip() if len(reasons) > 1 else reasons[0]
        raise WeightsError(f"{path} has the weights of another net: {reason}") from error


def _digest(tensors: Mapping[str, torch.Tensor], text: str) -> str:
    """Sum up what a file says: `text`, and the tensors, contiguous, with names, types, shapes."""
    digest = hashlib.blake2b(text.encode(), digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


_TEMPORARY = re.compile(r"\..+\.\d+")


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut; not every system can open a folder."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
