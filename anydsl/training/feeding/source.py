"""Which data set, and where its files are: a recipe's `data`, or what `--data` says instead."""

from __future__ import annotations

import importlib
import os
import pkgutil
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from anydsl.design.recipe import DATASETS, Dataset, Own
from anydsl.errors import DataError, UsageError
from anydsl.language.record import Record
from anydsl.training import data

if TYPE_CHECKING:
    from anydsl.training.feeding.pictures import Opened


class Reader(Protocol):
    """What each file in `anydsl/training/data/` has."""

    def holds(self, root: Path) -> bool:
        """Whether the data set's files are below `root`."""
        ...

    def parts(self, root: Path) -> tuple[Path, ...]:
        """The files or the folder that it is made of below `root`, there or not."""
        ...

    def download(self, root: Path) -> None:
        """Fetch what is missing below `root`; raises DataError."""
        ...

    def opened(self, dataset: Dataset, root: Path, channels: int) -> Opened:
        """Find the files below `root`; raises DataError. No test picture is read by this."""
        ...


class Source(Record):
    """A data set and the folder that its files are in, or belong in; or its file."""

    name: str
    dataset: Dataset
    root: Path

    @property
    def here(self) -> bool:
        """Whether its files are there; what comes with a library always is."""
        reader = _reader(self.name)
        return not reader.parts(self.root) or reader.holds(self.root)

    def bytes(self) -> int:
        """What its files take."""
        parts = _reader(self.name).parts(self.root)
        files = [file for part in parts for file in (part.rglob("*") if part.is_dir() else [part])]
        return sum(file.stat().st_size for file in files if file.is_file())

    def download(self) -> None:
        """Fetch what is missing.

        Raises:
            DataError: it could not be fetched.
            UsageError: it is the reader's own.
        """
        _reader(self.name).download(self.root)

    def open(self, channels: int, *, download: bool = False) -> Opened:
        """Find the files; `channels` are the net's, for data that can be decoded to them.

        Raises:
            DataError: files are missing, broken or could not be downloaded.
        """
        if download:
            self.download()
        return _reader(self.name).opened(self.dataset, self.root, channels)


def locate(dataset: Dataset, override: str | None = None) -> Source:
    """Find out where `dataset` is, or what `override` (a name or a path) puts in its place.

    A folder may be the root of the recipe's data set, the root of another one, or one of class
    folders; a file is one of arrays. `resize` and `augment` stay as the recipe says, since the net
    stays.

    Raises:
        UsageError: `override` is no data set, folder or file.
        DataError: the folder or file holds no data set.
    """
    name = next(name for name, kind in DATASETS.items() if type(dataset) is kind)
    if override is None or override == name:
        if not isinstance(dataset, Own):
            return Source(name, dataset, default_root())
        if not dataset.path:
            raise DataError(f'`{name}` needs its folder or file: `data = {name}("path")`')
        root = _absolute(dataset.path)
        return Source(name, dataset.replace(path=str(root)), root)
    kept: dict[str, Any] = {"resize": dataset.resize, "augment": dataset.augment}
    if override in DATASETS and issubclass(DATASETS[override], Own):
        raise UsageError(f"{override}: give the folder or file itself, such as `my/pictures`")
    if override in DATASETS:
        return Source(override, DATASETS[override](**kept), default_root())
    root = _absolute(override)
    if not root.exists():
        near = get_close_matches(override, DATASETS, 1)
        hint = f"; did you mean `{near[0]}`?" if near else f" ({', '.join(DATASETS)})"
        raise UsageError(f"{override}: neither a data set, a folder nor a file{hint}")
    for candidate in (name, *_names()):
        if _reader(candidate).holds(root):
            kind = DATASETS[candidate]
            path: dict[str, Any] = {"path": str(root)} if issubclass(kind, Own) else {}
            if candidate == name:
                return Source(name, dataset.replace(**path), root)
            return Source(candidate, kind(**kept, **path), root)
    sets = [name for name, kind in DATASETS.items() if not issubclass(kind, Own)]
    raise DataError(
        f"{root} holds no pictures: it is no .npz or .safetensors file, and has neither the files "
        f"of {', '.join(sets)} nor folders named after classes with pictures in them"
    )


def default_root() -> Path:
    """`$ANYDSL_DATA`, or `~/.cache/anydsl/data`."""
    return _absolute(os.environ.get("ANYDSL_DATA") or "~/.cache/anydsl/data")


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))


def _names() -> list[str]:
    """Every data set in the folder; `image_folder` last, for any folder of folders may be one."""
    found = [module.name for module in pkgutil.iter_modules(data.__path__)]
    return sorted(found, key=lambda name: (name == "image_folder", name))


def _reader(name: str) -> Reader:
    return cast("Reader", importlib.import_module(f"{data.__name__}.{name}"))
