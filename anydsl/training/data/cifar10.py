"""CIFAR-10: 50,000 training and 10,000 test pictures, 3x32x32."""

from __future__ import annotations

from anydsl.training.feeding.torchvision_files import TorchvisionFiles

_FILES = TorchvisionFiles(
    name="cifar10",
    reader="CIFAR10",
    folder="cifar-10-batches-py",
    files=(*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta"),
    megabytes=170,
)
holds, parts, download, opened = _FILES.holds, _FILES.parts, _FILES.download, _FILES.opened
