"""Arrays in a file of `numpy.savez`: names, shapes and splits as in `named_arrays`.

Arrays that are not compressed are mapped into memory, so that the file may be larger than it.
Nothing is ever unpickled.
"""

from __future__ import annotations

import zipfile
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import torch

from anydsl.errors import DataError, UsageError
from anydsl.training.feeding.named_arrays import Arrays, opened_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from anydsl.design.recipe import Dataset
    from anydsl.training.feeding.pictures import Opened

_NAMES = ("classes", "class_names")
_LOCAL_HEADER = 30


def holds(root: Path) -> bool:
    """Whether `root` is such a file."""
    return root.suffix.lower() == ".npz" and root.is_file()


def parts(root: Path) -> tuple[Path, ...]:
    """The file itself."""
    return (root,)


def download(root: Path) -> None:
    """Refuse: nobody but the reader knows where this file is.

    Raises:
        UsageError: always.
    """
    raise UsageError(f"`npz` can't be downloaded: put the file to {root}")


def opened(dataset: Dataset, root: Path, channels: int) -> Opened:
    """Find the arrays in the file `root`.

    Raises:
        DataError: it is missing or broken, or its arrays are no pictures and labels.
    """
    del dataset
    try:
        with zipfile.ZipFile(root) as file:
            members = [info for info in file.infolist() if info.filename.endswith(".npy")]
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise DataError(f"{root} can't be read as a file of numpy.savez ({error})") from error
    found = {info.filename.removesuffix(".npy"): info for info in members}
    arrays = {name: partial(_tensor, root, info) for name, info in found.items()}
    names = next((_class_names(root, found[name]) for name in _NAMES if name in found), None)
    return opened_arrays(Arrays(root, arrays, names), channels)


def _class_names(root: Path, info: zipfile.ZipInfo) -> tuple[str, ...]:
    names = _array(root, info)
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise DataError(f"{root}: the names of the classes are no list of texts")
    return tuple(str(name) for name in names.astype(str))


def _tensor(path: Path, info: zipfile.ZipInfo) -> torch.Tensor:
    array = _array(path, info)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    try:
        return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]
    except TypeError as error:
        raise DataError(f"{path}: `{info.filename}` holds {array.dtype}, no numbers") from error


def _array(path: Path, info: zipfile.ZipInfo) -> np.ndarray:
    """An array of the file, mapped if it is not compressed."""
    try:
        with open(path, "rb") as file:
            if info.compress_type == zipfile.ZIP_STORED:
                return _mapped(path, file, info)
            with np.load(path, allow_pickle=False) as arrays:
                return arrays[info.filename.removesuffix(".npy")]
    except MemoryError as error:
        raise DataError(
            f"{path}: `{info.filename}` does not fit in memory: `numpy.savez`, which does not "
            "compress, makes a file that need not"
        ) from error
    except Exception as error:
        # Whatever a changed header makes NumPy, zlib and Python's own parser raise.
        raise DataError(f"{path}: `{info.filename}` can't be read ({error})") from error


def _mapped(path: Path, file: BinaryIO, info: zipfile.ZipInfo) -> np.ndarray:
    # The file's own header before the member tells how long it is; the directory's may differ.
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER)
    lengths = [int.from_bytes(header[at : at + 2], "little") for at in (26, 28)]
    file.seek(info.header_offset + _LOCAL_HEADER + sum(lengths))
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never unpickled")
    # Private to this process: nothing can be written to the file.
    order = "F" if fortran else "C"
    return np.memmap(path, dtype, mode="c", offset=file.tell(), shape=shape, order=order)
