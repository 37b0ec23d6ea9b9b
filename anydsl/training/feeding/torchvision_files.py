"""The data sets that torchvision reads and downloads, told apart by the files they need."""

from __future__ import annotations

import contextlib
import sys
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
        return all((root / self.folder / file).is_file() for file in self.files)

    def download(self, root: Path) -> None:
        """Fetch what is missing below `root`.

        Raises:
            DataError: no connection, no space, or the files were not what they should be.
        """
        if self.holds(root):
            return
        try:
            root.mkdir(parents=True, exist_ok=True)
            # Standard output is for results: what torchvision has to say goes beside it.
            with contextlib.redirect_stdout(sys.stderr):
                self._reader()(root, train=True, download=True)
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"{self.name} could not be downloaded to {root} ({_first_line(error)}): "
                f"put {self._where(root)} by hand"
            ) from error

    def opened(self, dataset: Dataset, root: Path, channels: int) -> Opened:
        """Find the data set below `root`.

        Raises:
            DataError: files are missing or broken.
        """
        del dataset, channels  # the files decide both
        if not self.holds(root):
            raise DataError(
                f"{self.name} is not in {root}: add `--download` to fetch it "
                f"({self.megabytes} MB), as in `anydsl train SPEC --download`; or put "
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
                f"({_first_line(error)}): delete them and add `--download`"
            ) from error


def _pictures(files: Any) -> Pictures:
    images = torch.as_tensor(files.data)
    # MNIST's kin come as N x H x W, the CIFARs as N x H x W x 3.
    images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
    return Pictures(images.contiguous(), torch.as_tensor(files.targets, dtype=torch.int64))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
