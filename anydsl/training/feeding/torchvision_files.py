"""The data sets that torchvision reads and downloads, told apart by the files they need."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from anydsl.errors import DataError, MissingExtraError
from anydsl.language.record import Record
from anydsl.training.feeding.pictures import Opened, Pictures

if TYPE_CHECKING:
    from anydsl.design.recipe import Dataset


class TorchvisionFiles(Record):
    """One data set.

    Attributes:
        name: the word of the language.
        reader: the name of its class in `torchvision.datasets`.
        folder, files: what that class looks for below its root.
        megabytes: what a download costs.
    """

    name: str
    reader: str
    folder: str
    files: tuple[str, ...]
    megabytes: int

    def holds(self, root: Path) -> bool:
        """Whether all files are below `root`."""
        return all(path.is_file() for path in self.parts(root))

    def download(self, root: Path) -> None:
        """Fetch the files to below `root`, where they are not there and whole already.

        They get there when all of them are: torchvision's downloader, which holds each archive
        against its checksum, works in a folder beside them, and what it left there when it was
        stopped is used or fetched again.

        Raises:
            DataError: no connection, no space, or the files were not what they should be.
        """
        if self._whole(root):
            return
        beside = root / f".{self.name}.partial"
        try:
            for file in self.files:  # an archive is known by its checksum, what was in it is not
                (beside / self.folder / file).unlink(missing_ok=True)
            beside.mkdir(parents=True, exist_ok=True)
            # Standard output is for results: what torchvision has to say goes beside it.
            with contextlib.redirect_stdout(sys.stderr):
                self._reader()(beside, train=True, download=True)
            (root / self.folder).mkdir(parents=True, exist_ok=True)
            for file in self.files:
                os.replace(beside / self.folder / file, root / self.folder / file)
            shutil.rmtree(beside)
        except (OSError, RuntimeError, EOFError, HTTPException) as error:
            raise DataError(
                f"{self.name} could not be downloaded to {root} ({_reason(error)}): "
                f"put {self._where(root)} by hand"
            ) from error

    def parts(self, root: Path) -> tuple[Path, ...]:
        """The files below `root`, there or not."""
        return tuple(root / self.folder / file for file in self.files)

    def opened(self, dataset: Dataset, root: Path, channels: int) -> Opened:
        """Find the data set below `root`.

        Raises:
            DataError: files are missing or broken.
        """
        del dataset, channels  # the files decide both
        if not self.holds(root):
            raise DataError(
                f"{self.name} is not in {root}: `anydsl data {self.name} --download` fetches it "
                f"({self.megabytes} MB); or put "
                f"{self._where(root)}; or name the folder that has it with `--data PATH`"
            )
        train = self._read(root, True)
        return Opened(
            classes=tuple(train.classes),
            train=lambda: _pictures(train),
            test=lambda: _pictures(self._read(root, False)),
        )

    def _where(self, root: Path) -> str:
        return f"{', '.join(self.files)} into {root / self.folder}"

    def _whole(self, root: Path) -> bool:
        """Whether all files are there and can be read."""
        try:
            return self.holds(root) and all(len(self._read(root, train)) for train in (True, False))
        except DataError:
            return False

    def _reader(self) -> Any:
        try:
            from torchvision import datasets  # pyright: ignore[reportMissingTypeStubs]
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"data set {self.name}", "torch") from error
        return getattr(datasets, self.reader)

    def _read(self, root: Path, train: bool) -> Any:
        reader = self._reader()
        try:
            return reader(root, train=train, download=False)
        except Exception as error:
            # Whatever a truncated or foreign file makes torchvision raise, it is the file's fault.
            raise DataError(
                f"the files of {self.name} in {root / self.folder} are broken "
                f"({_first_line(error)}): delete them, then `anydsl data {self.name} --download`"
            ) from error


def _pictures(files: Any) -> Pictures:
    images = torch.as_tensor(files.data)
    # MNIST's kin come as N x H x W, the CIFARs as N x H x W x 3.
    images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
    return Pictures(images.contiguous(), torch.as_tensor(files.targets, dtype=torch.int64))


def _reason(error: Exception) -> str:
    """What stopped a download; torchvision puts that on the last of several lines."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join(dict.fromkeys((lines[0].rstrip(":"), lines[-1])))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
