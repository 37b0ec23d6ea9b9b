from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import nn

from anydsl.design.augmentation import Crop, Flip
from anydsl.design.recipe import SGD, Cosine, Digits, Recipe
from anydsl.training.feeding.preparation import prepare
from anydsl.training.feeding.source import locate
from anydsl.training.plan import Plan

CPU = torch.device("cpu")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the reader's data or writes into the checkout."""
    monkeypatch.setenv("ANYDSL_DATA", str(tmp_path / "no-data"))
    monkeypatch.chdir(tmp_path)


def tiny(channels: int = 1, classes: int = 10) -> nn.Module:
    """A net with all that makes exact continuing hard: batch norm, dropout, several layers."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, classes),
    )


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        data=Digits(augment=(Crop(), Flip())),
        epochs=4,
        batch=256,
        optimizer=SGD(lr=Fraction(1, 10), momentum=Fraction(9, 10)),
        schedule=Cosine(warmup=Fraction(1, 2)),
        precision="fp32",
    )


@pytest.fixture
def plan_for() -> Callable[[Recipe], Plan]:
    """Plans for the tiny net, which need no compiler."""

    def plan(recipe: Recipe, shape: tuple[int, int, int] = (1, 8, 8), classes: int = 10) -> Plan:
        source = locate(recipe.data)
        data = prepare(source, recipe, shape, classes, CPU)
        return Plan("tiny", f"{recipe}\n", recipe, data, tiny(shape[0], classes), CPU)

    return plan


def idx(values: torch.Tensor) -> bytes:
    """A tensor of bytes as an IDX file."""
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes((0, 0, 8, values.ndim)) + sizes + values.numpy().tobytes()


@pytest.fixture
def fashion(tmp_path: Path) -> Path:
    """A root with a Fashion-MNIST of 40 training and 20 test pictures."""
    raw = tmp_path / "fashion" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    generator = torch.Generator().manual_seed(0)
    for name, count in (("train", 40), ("t10k", 20)):
        images = torch.randint(256, (count, 28, 28), dtype=torch.uint8, generator=generator)
        labels = (torch.arange(count) % 10).to(torch.uint8)
        (raw / f"{name}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels))
    return tmp_path / "fashion"


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """Makes folders of pictures: `pictures({"train/cat": 3, "test/cat": 1}, size=(8, 8))`."""
    from PIL import Image

    def make(counts: dict[str, int], size: tuple[int, int] = (8, 8)) -> Path:
        root = tmp_path / "pictures"
        for shade, (folder, count) in enumerate(counts.items()):
            (root / folder).mkdir(parents=True, exist_ok=True)
            for i in range(count):
                colour = (20 * shade, 10 * i % 256, 200)
                Image.new("RGB", (size[1], size[0]), colour).save(root / folder / f"{i}.png")
        return root

    return make
