from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from anydsl.design.recipe import Digits, ImageFolder, Npz, Recipe, Safetensors
from anydsl.errors import DataError
from anydsl.training.feeding.placing import Reading
from anydsl.training.feeding.preparation import Data, prepare
from anydsl.training.feeding.source import locate
from tests.hostile.harming import BOMB, flips
from tests.training.processes import python

CPU = torch.device("cpu")
Save = Callable[..., None]
RNG = np.random.default_rng(0)

SAVES: dict[str, Save] = {
    "a.npz": np.savez,
    "b.npz": np.savez_compressed,
    "a.safetensors": lambda file, **arrays: save_file(arrays, file),
}


def pixels(*shape: int) -> np.ndarray:
    return RNG.integers(256, size=shape, dtype=np.uint8)


def keras(count: int, *shape: int) -> dict[str, np.ndarray]:
    labels = np.arange(count, dtype=np.uint8) % 3
    return {
        "x_train": pixels(count, *shape),
        "y_train": labels,
        "x_test": pixels(6, *shape),
        "y_test": labels[:6],
    }


def data_of(
    path: Path, shape: tuple[int, int, int], classes: int = 3, reading: Reading | None = None
) -> Data:
    recipe = Recipe(validation=0)
    source = locate(Digits(), str(path))
    return prepare(source, recipe, shape, classes, CPU, reading=reading or Reading())


@pytest.mark.parametrize("name", SAVES)
def test_kerass_names(tmp_path: Path, name: str) -> None:
    arrays = keras(12, 8, 6)
    SAVES[name](tmp_path / name, **arrays)
    data = data_of(tmp_path / name, (1, 8, 6))
    kind = Safetensors if name.endswith("safetensors") else Npz
    assert data.source.dataset == kind(path=str(tmp_path / name))
    assert data.classes == ("0", "1", "2")
    assert np.array_equal(data.train.images[:, 0], arrays["x_train"])
    assert data.train.labels.tolist() == arrays["y_train"].tolist()
    assert np.array_equal(data.test().images[:, 0], arrays["x_test"])
    assert data.val is None


@pytest.mark.parametrize("name", SAVES)
def test_medmnists_names_with_a_validation_split_and_columns_of_labels(
    tmp_path: Path, name: str
) -> None:
    arrays = {f"{split}_images": pixels(n, 8, 8, 3) for split, n in SPLITS.items()}
    arrays |= {
        f"{split}_labels": np.arange(n, dtype=np.uint8)[:, None] % 2 for split, n in SPLITS.items()
    }
    SAVES[name](tmp_path / name, **arrays)
    data = data_of(tmp_path / name, (3, 8, 8), classes=2)
    assert data.val is not None
    assert (len(data.train), len(data.val), len(data.test())) == (8, 4, 2)
    theirs = arrays["val_images"].transpose(0, 3, 1, 2)
    assert np.array_equal(data.val.images, theirs)
    assert data.val.labels.tolist() == [0, 1, 0, 1]
    assert "validation split" in data.note


SPLITS = {"train": 8, "val": 4, "test": 2}


def test_without_a_test_split_a_fifth_is_held_out(tmp_path: Path) -> None:
    labels = np.arange(20, dtype=np.int16) % 2
    np.savez(tmp_path / "a.npz", images=pixels(20, 8, 8), labels=labels)
    data = data_of(tmp_path / "a.npz", (1, 8, 8), classes=2)
    assert (len(data.train), len(data.test())) == (16, 4)
    assert "4 of 20 pictures are held out for the test" in data.note


@pytest.mark.parametrize(
    ("shape", "axes", "net"),
    [
        ((8, 6, 3), (0, 3, 1, 2), (3, 8, 6)),
        ((3, 8, 6), (0, 1, 2, 3), (3, 8, 6)),
        ((8, 6, 1), (0, 3, 1, 2), (1, 8, 6)),
        ((3, 8, 3), (0, 3, 1, 2), (3, 3, 8)),  # either could be the channels
        ((4, 8, 6), (0, 1, 2, 3), (4, 8, 6)),
    ],
)
def test_channels_are_found(
    tmp_path: Path, shape: tuple[int, ...], axes: tuple[int, ...], net: tuple[int, int, int]
) -> None:
    arrays = keras(9, *shape)
    np.savez(tmp_path / "a.npz", **arrays)
    images = data_of(tmp_path / "a.npz", net).train.images
    assert np.array_equal(images, arrays["x_train"].transpose(axes))


def test_names_of_classes(tmp_path: Path) -> None:
    names = ["cat", "dog", "Ente"]
    arrays = keras(9, 8, 8)
    np.savez(tmp_path / "a.npz", **arrays, classes=np.array(names))
    assert list(data_of(tmp_path / "a.npz", (1, 8, 8)).classes) == names
    save_file(arrays, tmp_path / "a.safetensors", {"classes": '["cat", "dog", "Ente"]'})
    assert list(data_of(tmp_path / "a.safetensors", (1, 8, 8)).classes) == names


@pytest.mark.parametrize("name", ["a.npz", "a.safetensors"])
def test_what_is_not_compressed_is_mapped_and_streams(tmp_path: Path, name: str) -> None:
    arrays = keras(40, 64, 64, 3)
    arrays["x_train"] = np.asfortranarray(arrays["x_train"]) if "npz" in name else arrays["x_train"]
    SAVES[name](tmp_path / name, **arrays)
    way = Reading(workers=2, stream=True)
    data = data_of(tmp_path / name, (3, 64, 64), reading=way)
    stored = data.train.images
    into = torch.empty(2, 3, 64, 64, dtype=torch.uint8)
    stored.read(torch.tensor([7, 0]), into)
    assert np.array_equal(into, arrays["x_train"][[7, 0]].transpose(0, 3, 1, 2))
    maps = Path("/proc/self/maps")
    if maps.exists():
        assert str(tmp_path / name) in maps.read_text()
    assert data.identity() == data_of(tmp_path / name, (3, 64, 64)).identity()


def broken(**changes: np.ndarray) -> dict[str, np.ndarray]:
    return {**keras(9, 8, 8), **changes}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": pixels(3)}, r"no arrays called `x_train`, `y_train` or `train_images`.*it has `a`"),
        (broken(x_train=np.zeros((9, 8, 8), np.float32)), r"`x_train` holds float32, .*uint8"),
        (broken(x_train=pixels(9, 64)), r"`x_train` is 9x64, but pictures are NxHxW"),
        (broken(y_train=np.zeros(9, np.float32)), r"`y_train` is 9 of float32, but labels are"),
        (broken(y_train=np.eye(9, dtype=np.int64)), r"`y_train` is 9x9 of int64, but labels are"),
        (broken(y_train=np.arange(8) % 3), "9 pictures but 8 labels"),
        (broken(y_train=np.full(9, -1)), r"0 classes|labels outside"),
        (broken(x_train=pixels(9, 9, 8)), r"set `data = npz\(\".*\", resize = 8x8\)`"),
    ],
)
def test_arrays_that_are_no_pictures_are_said(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        data_of(tmp_path / "a.npz", (1, 8, 8))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return pytest.fail, ("unpickled",)

    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **broken(y_train=np.array([Bomb()] * 9, dtype=object)))
        with pytest.raises(DataError, match=r"y_train.npy` can't be read \(.*(pickle|Python)"):
            data_of(tmp_path / "a.npz", (1, 8, 8))


@pytest.mark.parametrize("name", SAVES)
def test_a_broken_file_is_named(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    SAVES[name](file, **keras(9, 8, 8))
    whole = file.read_bytes()
    for content in (b"", b"nothing of the kind", whole[: len(whole) // 2]):
        file.write_bytes(content)
        with pytest.raises(DataError, match=name):
            data_of(file, (1, 8, 8))
    file.unlink()
    kind = Safetensors if name.endswith("safetensors") else Npz
    with pytest.raises(DataError, match=name):
        locate(kind(path=str(file))).open(1)


def test_resize_and_other_words_stay(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **keras(9, 8, 8))
    source = locate(ImageFolder(path="x", resize=(16, 16)), str(tmp_path / "a.npz"))
    assert source.dataset == Npz(path=str(tmp_path / "a.npz"), resize=(16, 16))
    assert prepare(source, Recipe(), (1, 16, 16), 3, CPU).train.shape == (1, 16, 16)


_CUT = """
import os, sys
from pathlib import Path
import torch
from anydsl.design.recipe import Recipe
from anydsl.errors import DataError
from anydsl.training.feeding.placing import Reading
from anydsl.training.feeding.preparation import prepare
from anydsl.training.feeding.source import locate

path, stream = Path(sys.argv[1]), sys.argv[2] == "stream"
source, place = locate(Recipe().data, str(path)), torch.device("cpu")
data = prepare(source, Recipe(), (1, 64, 64), 10, place, reading=Reading(0, stream))
os.truncate(path, path.stat().st_size // 2)
try:
    if stream:
        batch = torch.empty(900, 1, 64, 64, dtype=torch.uint8)
        data.train.images.read(torch.arange(900), batch)
    else:
        data.test()
except DataError as error:
    print(error)
print(int(data.train.labels.sum()) > 0)
"""


@pytest.mark.parametrize("name", ["data.npz", "data.safetensors"])
@pytest.mark.parametrize("way", ["stream", "whole"])
def test_a_mapped_file_that_is_cut_in_mid_run_is_an_error(
    tmp_path: Path, name: str, way: str
) -> None:
    """Bytes that are mapped and gone would end the process by SIGBUS."""
    images = np.random.default_rng(0).integers(0, 256, (1500, 64, 64), dtype=np.uint8)
    labels = np.arange(1500) % 10
    path = tmp_path / name
    if path.suffix == ".npz":
        np.savez(path, images=images, labels=labels)
    else:
        save_file({"images": images, "labels": labels}, path)
    ran = python(_CUT, str(path), way, cwd=tmp_path)
    assert ran.returncode == 0, (ran.returncode, ran.stderr)
    said, labelled = ran.stdout.splitlines()
    assert f"{path} had " in said and "it was cut short meanwhile" in said
    assert labelled == "True"


_HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000, 1000), }"


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_arrays_that_claim_to_be_huge(tmp_path: Path, kind: int) -> None:
    path = tmp_path / "bomb.npz"
    header = _HEADER.ljust(117).encode() + b"\n"
    npy = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(1000)
    labels = io.BytesIO()
    np.save(labels, np.arange(4))
    with zipfile.ZipFile(path, "w", kind) as file:
        file.writestr("images.npy", npy)
        file.writestr("labels.npy", labels.getvalue())
    with pytest.raises(DataError, match=r"bomb\.npz"):
        opened = locate(Digits(), str(path)).open(1)
        opened.train()


@pytest.mark.parametrize("name", SAVES)
def test_changed_bits_do_no_harm(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    SAVES[name](file, **keras(9, 8, 8))
    whole = file.read_bytes()
    refused = 0
    for data in (BOMB, *flips(whole, 150)):
        file.write_bytes(data)
        try:
            data_of(file, (1, 8, 8)).test()
        except DataError as error:
            assert name in str(error) or "classes" in str(error) or "split" in str(error)
            refused += 1
    assert refused > 1
