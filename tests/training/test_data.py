from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from anydsl.design.augmentation import Crop, Flip
from anydsl.design.recipe import CIFAR10, DATASETS, Digits, FashionMNIST, ImageFolder, Own, Recipe
from anydsl.errors import DataError, UsageError
from anydsl.training.feeding.preparation import Data, prepare
from anydsl.training.feeding.source import locate

CPU = torch.device("cpu")
Shape = tuple[int, int, int]
Pictures = Callable[..., Path]


def data_of(
    recipe: Recipe, shape: Shape, classes: int = 10, override: str | None = None, **options: bool
) -> Data:
    source = locate(recipe.data, override)
    recipe = recipe.replace(data=source.dataset)
    return prepare(source, recipe, shape, classes, CPU, **options)


def test_every_data_set_of_the_language_has_its_file() -> None:
    for name, kind in DATASETS.items():
        dataset = kind(path="x") if issubclass(kind, Own) else kind()
        assert locate(dataset).name == name


def test_digits_come_whole_and_split() -> None:
    data = data_of(Recipe(), (1, 8, 8))
    test = data.test()
    assert (len(data.train), len(data.val or ()), len(test)) == (1294, 144, 359)
    assert data.train.images.max() == 255
    assert torch.bincount(test.labels).min() >= 34
    seen = {bytes(i.numpy().tobytes()) for p in (data.train, data.val, test) if p for i in p.images}
    assert len(seen) == 1797  # the digits are all different, so no picture is in two splits


def test_the_test_split_of_the_digits_does_not_depend_on_the_recipe() -> None:
    one = data_of(Recipe(seed=1, validation=Fraction(1, 2)), (1, 8, 8))
    two = data_of(Recipe(seed=2), (1, 8, 8))
    assert one.test().images.equal(two.test().images)
    assert one.val and two.val
    assert not one.val.images[:50].equal(two.val.images[:50])


def test_no_validation_split() -> None:
    data = data_of(Recipe(validation=0), (1, 8, 8))
    assert data.val is None
    assert len(data.train) == 1438


def test_fashion_mnist_from_a_folder(fashion: Path) -> None:
    recipe = Recipe(data=FashionMNIST(resize=(12, 12)))
    data = data_of(recipe, (1, 12, 12), override=str(fashion))
    assert (len(data.train), len(data.val or ()), len(data.test())) == (36, 4, 20)
    assert data.train.shape == (1, 12, 12)
    assert data.source.root == fashion


def test_a_folder_says_which_data_set_it_is(fashion: Path) -> None:
    source = locate(Digits(resize=(16, 16), augment=(Flip(),)), str(fashion))
    assert source.dataset == FashionMNIST(resize=(16, 16), augment=(Flip(),))


def test_the_default_root_is_the_environments(
    fashion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANYDSL_DATA", str(fashion))
    assert len(data_of(Recipe(data=FashionMNIST()), (1, 28, 28)).train) == 36


@pytest.mark.parametrize("kind", [FashionMNIST, CIFAR10])
def test_missing_data_says_how_to_get_it(kind: type, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        data_of(Recipe(data=kind()), (1, 28, 28))
    message = str(caught.value)
    assert "--download" in message
    assert str(tmp_path / "no-data") in message
    assert "train-images-idx3-ubyte" in message or "data_batch_1" in message
    assert not (tmp_path / "no-data").exists()


def test_nothing_is_downloaded_unasked(fashion: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import FashionMNIST as Theirs

    def download(self: object) -> None:
        raise AssertionError("downloaded")

    monkeypatch.setattr(Theirs, "download", download)
    data_of(Recipe(data=FashionMNIST()), (1, 28, 28), override=str(fashion))
    with pytest.raises(DataError):
        data_of(Recipe(data=FashionMNIST()), (1, 28, 28))
    with pytest.raises(AssertionError, match="downloaded"):
        data_of(Recipe(data=FashionMNIST()), (1, 28, 28), download=True)


def test_a_failed_download_says_where_to_put_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from torchvision.datasets import FashionMNIST as Theirs

    def download(self: object) -> None:
        raise RuntimeError("Error downloading:\nno network")

    monkeypatch.setattr(Theirs, "download", download)
    with pytest.raises(DataError, match=r"could not be downloaded .* by hand"):
        data_of(Recipe(data=FashionMNIST()), (1, 28, 28), download=True)


@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
def test_a_truncated_file_is_an_error_with_the_folder(fashion: Path, file: str) -> None:
    path = fashion / "FashionMNIST" / "raw" / file
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(DataError, match=r"FashionMNIST/raw are broken"):
        data_of(Recipe(data=FashionMNIST()), (1, 28, 28), override=str(fashion))


def test_labels_that_do_not_match_are_an_error(fashion: Path) -> None:
    path = fashion / "FashionMNIST" / "raw" / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\x63")
    with pytest.raises(DataError, match="labels outside of its 10 classes"):
        data_of(Recipe(data=FashionMNIST()), (1, 28, 28), override=str(fashion))


@pytest.mark.parametrize(
    ("dataset", "shape", "remedy"),
    [
        (
            Digits(),
            (1, 16, 16),
            "1x8x8 but `input` is 1x16x16: set `data = digits(resize = 16x16)`",
        ),
        (Digits(resize=(4, 4)), (1, 8, 8), "are 1x4x4 but `input` is 1x8x8"),
        (Digits(augment=(Crop(),)), (1, 9, 9), "`data = digits(resize = 9x9, augment = [crop])`"),
        (Digits(), (3, 8, 8), "set `input = 1x8x8`"),
        (Digits(), (3, 9, 9), "set `input = 1x9x9` and `data = digits(resize = 9x9)`"),
    ],
)
def test_pictures_that_do_not_fit_name_the_word_that_helps(
    dataset: Digits, shape: Shape, remedy: str
) -> None:
    with pytest.raises(DataError) as caught:
        data_of(Recipe(data=dataset), shape)
    assert remedy in str(caught.value)


def test_other_classes_name_the_word_that_helps() -> None:
    with pytest.raises(DataError, match=r"set `head \{ classes = 10 \}`"):
        data_of(Recipe(), (1, 8, 8), classes=1000)


def test_data_that_is_no_data() -> None:
    with pytest.raises(UsageError, match="did you mean `fashion_mnist`"):
        locate(Digits(), "fashion_mnits")
    with pytest.raises(UsageError, match="give the folder or file itself"):
        locate(Digits(), "image_folder")
    with pytest.raises(DataError, match="needs its folder or file"):
        locate(ImageFolder())


def test_an_empty_folder_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pictures"):
        locate(Digits(), str(tmp_path))


def test_an_image_folder_with_splits(pictures: Pictures) -> None:
    root = pictures({"train/cat": 6, "train/dog": 4, "test/cat": 2, "test/dog": 1})
    data = data_of(Recipe(validation=0), (3, 8, 8), classes=2, override=str(root))
    assert data.classes == ("cat", "dog")
    assert data.train.labels.tolist() == [0] * 6 + [1] * 4
    assert data.test().labels.tolist() == [0, 0, 1]
    assert data.train.images[:, :, 0, 0].tolist()[7] == [20, 10, 200]
    assert data.source.dataset.path == str(root)


def test_an_image_folder_is_decoded_to_the_nets_channels(pictures: Pictures) -> None:
    root = pictures({"train/cat": 3, "val/cat": 1})
    assert data_of(Recipe(), (1, 8, 8), classes=1, override=str(root)).train.shape == (1, 8, 8)
    with pytest.raises(DataError, match=r"1 .* or 3 .* channels, not 2"):
        data_of(Recipe(), (2, 8, 8), classes=1, override=str(root))


def test_an_image_folder_without_a_test_split_has_one_held_out(pictures: Pictures) -> None:
    root = pictures({"cat": 10, "dog": 10})
    data = data_of(Recipe(), (3, 8, 8), classes=2, override=str(root))
    test = data.test()
    assert (len(data.train), len(data.val or ()), len(test)) == (14, 2, 4)
    assert "4 of 20 pictures are held out for the test" in data.note
    assert test.labels.bincount().tolist() == [2, 2]


def test_an_image_folder_with_a_validation_split_of_its_own(pictures: Pictures) -> None:
    root = pictures({"train/cat": 5, "val/cat": 3, "test/cat": 2})
    data = data_of(Recipe(), (3, 8, 8), classes=1, override=str(root))
    assert (len(data.train), len(data.val or ()), len(data.test())) == (5, 3, 2)


def test_pictures_of_differing_sizes_need_resize(pictures: Pictures) -> None:
    root = pictures({"train/cat": 2, "test/cat": 1})
    pictures({"train/dog": 2, "test/dog": 1}, size=(9, 5))
    recipe = Recipe(data=ImageFolder(path=str(root)))
    with pytest.raises(DataError, match=r"differ in size \(8x8 in .*, 9x5 in .*\): set `resize`"):
        data_of(recipe, (3, 8, 8), classes=2)
    fitted = recipe.replace(data=ImageFolder(path=str(root), resize=(8, 8)))
    assert data_of(fitted, (3, 8, 8), classes=2).train.shape == (3, 8, 8)


def test_a_picture_that_is_none_is_named(pictures: Pictures) -> None:
    root = pictures({"train/cat": 3, "test/cat": 1})
    (root / "train" / "cat" / "1.png").write_text("no picture")
    with pytest.raises(DataError, match=r"1\.png can't be read as a picture"):
        data_of(Recipe(), (3, 8, 8), classes=1, override=str(root))


def test_a_test_class_that_training_lacks_is_named(pictures: Pictures) -> None:
    root = pictures({"train/cat": 3, "test/cow": 1})
    with pytest.raises(DataError, match="classes that train/ lacks: cow"):
        data_of(Recipe(), (3, 8, 8), classes=1, override=str(root)).test()
