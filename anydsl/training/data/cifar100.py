"""CIFAR-100: 50,000 training and 10,000 test pictures, 3x32x32, under their fine labels."""

from __future__ import annotations

from anydsl.training.feeding.torchvision_files import TorchvisionFiles

_FILES = TorchvisionFiles(
    name="cifar100",
    reader="CIFAR100",
    folder="cifar-100-python",
    files=("train", "test", "meta"),
    megabytes=170,
)
holds, parts, download, opened = _FILES.holds, _FILES.parts, _FILES.download, _FILES.opened
