"""Arrays in a safetensors file: names, shapes and splits as in `named_arrays`.

They are mapped into memory, so that the file may be larger than it. Names of classes stand in the
file's metadata under `classes`, as a JSON list.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from safetensors import SafetensorError, safe_open

from anydsl.errors import DataError, UsageError
from anydsl.training.feeding.named_arrays import Arrays, opened_arrays

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from anydsl.design.recipe import Dataset
    from anydsl.training.feeding.pictures import Opened


def holds(root: Path) -> bool:
    """Whether `root` is such a file."""
    return root.suffix.lower() == ".safetensors" and root.is_file()


def parts(root: Path) -> tuple[Path, ...]:
    """The file itself."""
    return (root,)


def download(root: Path) -> None:
    """Refuse: nobody but the reader knows where this file is.

    Raises:
        UsageError: always.
    """
    raise UsageError(f"`safetensors` can't be downloaded: put the file to {root}")


def opened(dataset: Dataset, root: Path, channels: int) -> Opened:
    """Find the arrays in the file `root`.

    Raises:
        DataError: it is missing or broken, or its arrays are no pictures and labels.
    """
    del dataset
    try:
        file = cast("Any", safe_open(root, "pt"))
        metadata = cast("dict[str, str]", file.metadata() or {})
        names = _class_names(metadata.get("classes"))
        arrays = {name: partial(_array, file, name) for name in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise DataError(f"{root} can't be read as a safetensors file ({error})") from error
    return opened_arrays(Arrays(root, arrays, names), channels)


def _class_names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = json.loads(text)
    if not isinstance(names, list):
        raise ValueError("`classes` in its metadata is no JSON list")
    return tuple(str(name) for name in cast("list[object]", names))


def _array(file: Any, name: str) -> torch.Tensor:
    return file.get_tensor(name)
