"""Fashion-MNIST: 60,000 training and 10,000 test pictures, 1x28x28, in MNIST's IDX files."""

from __future__ import annotations

from anydsl.training.feeding.torchvision_files import TorchvisionFiles

_FILES = TorchvisionFiles(
    name="fashion_mnist",
    reader="FashionMNIST",
    folder="FashionMNIST/raw",
    files=(
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ),
    megabytes=30,
)
holds, parts, download, opened = _FILES.holds, _FILES.parts, _FILES.download, _FILES.opened
