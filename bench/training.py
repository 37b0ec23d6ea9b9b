"""Training RegNetX-32 at batch 128, pictures a second with their data, against the textbook's way.

The peer is what Dive into Deep Learning (chapter 8.8) does: the same layers in eager torch, plain
SGD, a DataLoader whose pictures PIL resizes to 96x96 one by one. Both read the same files, in the
layout of Fashion-MNIST, and take turns in one process.
"""

from __future__ import annotations

import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measuring import SMALL, Figure

NEEDS = ("torch", "torchvision", "lightning_fabric", "tensorboard")
BATCH = 128
STEPS = 12
ROUNDS = 3


def figures() -> Iterator[Figure]:
    import torch

    theirs: list[float] = []
    rates: dict[str, list[float]] = {precision: [] for precision in ("auto", "fp32", "bf16")}
    with tempfile.TemporaryDirectory() as folder:
        _write_pictures(Path(folder))
        textbook = Textbook(Path(folder))
        for turn in range(ROUNDS + 1):  # the first is for warming up
            rate = textbook.epoch()
            ours = {p: _ours(Path(folder), p, Path(folder, f"{p}-{turn}")) for p in rates}
            if turn:
                theirs.append(rate)
                for precision, found in ours.items():
                    rates[precision].append(found)
    # Instructions for bfloat16 that are faster than those for single precision: AMX.
    target = 2.5 if torch.cpu._is_amx_tile_supported() else 1.3
    for precision, found in rates.items():
        yield Figure(
            precision,
            f"`--precision {precision}`: a run of {STEPS} steps, with its start and its pictures.",
            found,
            "pictures/s",
            "the textbook's loop",
            theirs,
            target=target if precision == "auto" else None,
            at_least=True,
        )


def _ours(root: Path, precision: str, out: Path) -> float:
    """Pictures a second of a run as `anydsl train` does it, without its validation and files."""
    import anydsl

    result = anydsl.train(
        anydsl.load(SMALL),
        _recipe(),
        data=str(root),
        precision=precision,
        out=out,
        loggers=(),
        quiet=True,
    )
    return result.images_per_second


def _recipe() -> Any:
    from fractions import Fraction

    from anydsl.design.optimizers import SGD
    from anydsl.design.recipe import FashionMNIST, Recipe
    from anydsl.design.schedules import Constant

    return Recipe(
        data=FashionMNIST(resize=(96, 96)),
        epochs=1,
        batch=BATCH,
        optimizer=SGD(lr=Fraction(1, 20)),
        schedule=Constant(),
        validation=0,
    )


class Textbook:
    """The book's net and loop, as printed but for the device."""

    def __init__(self, root: Path) -> None:
        import torch
        from torch import nn
        from torchvision import transforms
        from torchvision.datasets import FashionMNIST

        change = transforms.Compose([transforms.Resize((96, 96)), transforms.ToTensor()])
        data = FashionMNIST(root, train=True, transform=change)
        self.loader: Any = torch.utils.data.DataLoader(data, BATCH, shuffle=True, num_workers=0)
        self.net = _regnetx32()
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.05)

    def epoch(self) -> float:
        """Train for an epoch; return pictures a second."""
        self.net.train()
        start = time.perf_counter()
        for images, labels in self.loader:
            self.optimizer.zero_grad()
            self.loss(self.net(images), labels).backward()
            self.optimizer.step()
        return BATCH * STEPS / (time.perf_counter() - start)


def _regnetx32() -> Any:
    from torch import nn

    class ResNeXtBlock(nn.Module):
        def __init__(self, c_in: int, c: int, group_width: int, stride: int, project: bool) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(c_in, c, kernel_size=1)
            self.conv2 = nn.Conv2d(
                c, c, kernel_size=3, stride=stride, padding=1, groups=c // group_width
            )
            self.conv3 = nn.Conv2d(c, c, kernel_size=1)
            self.bn1, self.bn2, self.bn3 = (nn.BatchNorm2d(c) for _ in range(3))
            self.conv4 = nn.Conv2d(c_in, c, kernel_size=1, stride=stride) if project else None
            self.bn4 = nn.BatchNorm2d(c) if project else None

        def forward(self, x: Any) -> Any:
            y = self.bn1(self.conv1(x)).relu()
            y = self.bn2(self.conv2(y)).relu()
            y = self.bn3(self.conv3(y))
            if self.conv4 is not None and self.bn4 is not None:
                x = self.bn4(self.conv4(x))
            return (y + x).relu()

    layers: list[nn.Module] = [
        nn.Sequential(nn.Conv2d(1, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU())
    ]
    before = 32
    for depth, width in ((4, 32), (6, 80)):
        for block in range(depth):
            first = block == 0
            layers.append(ResNeXtBlock(before, width, 16, 2 if first else 1, first))
            before = width
    head = nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(before, 10))
    return nn.Sequential(*layers, head)


def _write_pictures(root: Path) -> None:
    """Write random pictures in the layout of Fashion-MNIST: as many as the steps need."""
    import torch

    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, count in (("train", BATCH * STEPS), ("t10k", 10)):
        images = torch.randint(256, (count, 28, 28), dtype=torch.uint8).numpy()
        labels = (torch.arange(count) % 10).to(torch.uint8).numpy()
        head = struct.pack(">4I", 0x803, count, 28, 28)
        (raw / f"{name}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        head = struct.pack(">2I", 0x801, count)
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())
