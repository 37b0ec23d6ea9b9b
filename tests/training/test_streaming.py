"""Pictures read for each batch are the ones that would be in memory."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from anydsl.design.augmentation import Crop, Flip
from anydsl.design.recipe import SGD, Digits, FashionMNIST, ImageFolder, Recipe
from anydsl.errors import DataError
from anydsl.training.feeding import placing, statistics
from anydsl.training.feeding.batches import Batches
from anydsl.training.feeding.files import Files, decoded
from anydsl.training.feeding.pictures import Pictures
from anydsl.training.feeding.placing import Reading, settled
from anydsl.training.feeding.preparation import Data, prepare
from anydsl.training.feeding.source import locate
from anydsl.training.feeding.stored import Array
from anydsl.training.feeding.streaming import default_workers, read_all, streamed

CPU = torch.device("cpu")
Folder = Callable[..., Path]
HELD = Reading(workers=2)
WAYS = [Reading(workers=n, stream=True) for n in (0, 1, 2)]


def noise(*shape: int) -> torch.Tensor:
    return torch.randint(
        256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(shape[0])
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Class folders of JPEGs of many sizes, with noise in them."""
    from PIL import Image

    root = tmp_path / "photos"
    for label in range(3):
        (root / f"class{label}").mkdir(parents=True)
        for i in range(11):
            pixels = noise(60 + 9 * i, 70 - 3 * i + label, 3).numpy()
            Image.fromarray(pixels).save(root / f"class{label}" / f"{i:02}.jpg")
    return root


def recipe_for(photos: Path, **changes: object) -> Recipe:
    dataset = ImageFolder(path=str(photos), resize=(16, 12), augment=(Crop(), Flip()))
    return Recipe(data=dataset, batch=4, epochs=2, optimizer=SGD(lr=Fraction(1, 10)), **changes)


def data_of(recipe: Recipe, reading: Reading, shape: tuple[int, int, int], classes: int) -> Data:
    return prepare(locate(recipe.data), recipe, shape, classes, CPU, reading=reading)


def batches_of(recipe: Recipe, data: Data) -> Batches:
    return Batches(
        size=recipe.batch,
        mean=data.mean,
        std=data.std,
        device=CPU,
        augment=recipe.data.augment,
        seed=recipe.seed,
        workers=data.workers,
    )


def same(ours: list[tuple[torch.Tensor, ...]], theirs: list[tuple[torch.Tensor, ...]]) -> bool:
    return len(ours) == len(theirs) > 0 and all(
        a.equal(b)
        for one, two in zip(ours, theirs, strict=True)
        for a, b in zip(one, two, strict=True)
    )


@pytest.mark.parametrize("reading", WAYS, ids=lambda way: f"{way.workers}")
def test_streamed_batches_are_those_of_memory(photos: Path, reading: Reading) -> None:
    recipe = recipe_for(photos)
    shape, classes = (3, 16, 12), 3
    held, streaming = (data_of(recipe, way, shape, classes) for way in (HELD, reading))
    assert isinstance(held.train.images, torch.Tensor)
    assert isinstance(streaming.train.images, Files)
    assert streaming.identity() == held.identity()
    one, two = batches_of(recipe, held), batches_of(recipe, streaming)
    for epoch, start in ((0, 0), (1, 0), (1, 3)):
        ours = list(two.training(streaming.train, epoch, start))
        assert same(ours, list(one.training(held.train, epoch, start)))
    assert held.val and streaming.val
    for mine, theirs in ((streaming.val, held.val), (streaming.test(), held.test())):
        assert isinstance(mine.images, Files)
        with torch.inference_mode():
            assert same(list(two.evaluation(mine)), list(one.evaluation(theirs)))


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_arrays_stream_resized_as_in_memory(fashion: Path, workers: int) -> None:
    recipe = Recipe(data=FashionMNIST(resize=(40, 36)), batch=7)
    source = locate(recipe.data, str(fashion))
    held = prepare(source, recipe, (1, 40, 36), 10, CPU)
    way = Reading(workers, stream=True)
    streaming = prepare(source, recipe, (1, 40, 36), 10, CPU, reading=way)
    assert isinstance(streaming.train.images, Array)
    assert isinstance(held.train.images, torch.Tensor)
    assert streaming.identity() == held.identity()
    ours = batches_of(recipe, streaming).training(streaming.train, 0)
    assert same(list(ours), list(batches_of(recipe, held).training(held.train, 0)))


def test_a_rank_reads_its_share_alone() -> None:
    numbered = Array.of(torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1))
    pictures = Pictures(numbered, torch.arange(10))
    given = {"size": 4, "mean": (0.0,), "std": (1 / 255,), "device": CPU, "ranks": 2}
    shares = [list(Batches(rank=rank, **given).evaluation(pictures)) for rank in (0, 1)]
    seen = [images.flatten().tolist() for rank in shares for images, _ in rank]
    assert seen == [[0, 1], [4, 5], [8], [2, 3], [6, 7], [9]]
    assert [labels.tolist() for rank in shares for _, labels in rank] == seen


def test_where_pictures_are_put_is_decided_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, labels = Array.of(noise(64, 1, 8, 8)), torch.zeros(64, dtype=torch.int64)
    for free, kind in ((2 * 4096, torch.Tensor), (2 * 4096 - 1, Array)):
        monkeypatch.setattr(placing, "free_memory", lambda device, free=free: free)
        (pictures,), note = settled([(stored, labels)], CPU, Reading(workers=3))
        assert isinstance(pictures.images, kind)
        assert ("every batch is read anew, by 3 workers" in note) == (kind is Array)


def test_what_is_too_large_for_a_gpu_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU that does not exist, which therefore takes nothing."""
    stored = Array.of(noise(64, 1, 8, 8)).part(torch.arange(32)).at((4, 4))
    labels = torch.zeros(32, dtype=torch.int64)

    class GPU:
        type = "cuda"

    free = {"cpu": 2 * 32 * 16, "cuda": 0}
    monkeypatch.setattr(placing, "free_memory", lambda device: free[device.type])
    monkeypatch.setattr(torch.Tensor, "to", lambda self, device: self)
    (pictures,), note = settled([(stored, labels)], GPU(), Reading(workers=0))
    assert isinstance(pictures.images, Array)
    assert pictures.images.base.shape == (32, 1, 4, 4)
    assert note.endswith("they are kept in memory")
    free["cpu"] -= 1
    (pictures,), note = settled([(stored, labels)], GPU(), Reading(workers=0))
    assert pictures.images is stored
    assert note.endswith("or in memory: every batch is read anew, by the training thread")


def test_where_memory_is_not_known_a_little_is_counted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, labels = Array.of(noise(64, 1, 8, 8)), torch.zeros(64, dtype=torch.int64)
    monkeypatch.setattr(placing, "free_memory", lambda device: None)
    assert settled([(stored, labels)], CPU, Reading())[1] == ""
    monkeypatch.setattr(placing, "_UNKNOWN", 2 * 4096 - 1)
    assert "every batch is read anew" in settled([(stored, labels)], CPU, Reading())[1]


def test_processes_of_one_machine_share_its_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(12)))
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    assert default_workers() == 12
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert default_workers() == 3
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "64")
    assert default_workers() == 1


@pytest.mark.parametrize("workers", [0, 2])
def test_a_picture_that_disappears_is_named(photos: Path, workers: int) -> None:
    recipe = recipe_for(photos)
    data = data_of(recipe, Reading(workers, stream=True), (3, 16, 12), 3)
    made = batches_of(recipe, data).training(data.train, 0)
    next(made)
    for file in photos.rglob("*.jpg"):
        file.unlink()
    with pytest.raises(DataError, match=r"photos/class\d/\d\d\.jpg can't be read as a picture"):
        list(made)


def test_an_epoch_that_is_left_leaves_no_thread(photos: Path) -> None:
    import threading

    before = threading.active_count()
    paths = [str(path) for path in sorted(photos.rglob("*.jpg"))]
    reading = streamed(Files.of(paths, 3, (8, 8)), torch.arange(33).split(2), workers=2)
    next(reading)
    assert threading.active_count() == before + 2
    reading.close()
    assert threading.active_count() == before


def test_small_files_are_read_by_one_thread(pictures: Folder) -> None:
    import threading

    root = pictures({"train/cat": 9}, size=(8, 8))
    files = Files.of([str(path) for path in sorted(root.rglob("*.png"))], 3, None)
    before = threading.active_count()
    reading = streamed(files, torch.arange(9).split(2), workers=4)
    assert next(reading)[1, 1, 0, 0] == 10
    assert threading.active_count() == before + 1
    reading.close()


def test_threads_that_read_leave_torchs_own_alone(photos: Path) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        read_all(Array.of(noise(64, 3, 8, 8)).at((32, 32)), CPU, workers=2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_many_pictures_are_measured_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    images = noise(500, 2, 8, 8)
    whole = statistics.statistics(images)
    monkeypatch.setattr(statistics, "_MOST", images.nbytes - 1)
    assert statistics.statistics(images) == whole  # a sample of 4,096 is all of them
    monkeypatch.setattr(statistics, "_SAMPLE", 100)
    sampled = statistics.statistics(images)
    assert sampled != whole
    assert sampled[0] == pytest.approx(whole[0], abs=0.02)
    assert statistics.statistics(Array.of(images), workers=2) == sampled


def test_a_photograph_is_squashed_or_cut_as_torchvision_does(tmp_path: Path) -> None:
    from PIL import Image
    from torchvision.transforms import v2

    rows, columns = torch.meshgrid(torch.arange(200), torch.arange(300), indexing="ij")
    smooth = torch.stack((rows, columns, (rows + columns) // 2), 2).mul(255).div(300)
    Image.fromarray(smooth.to(torch.uint8).numpy()).save(tmp_path / "a.png")

    def theirs(*changes: torch.nn.Module) -> torch.Tensor:
        image = Image.open(tmp_path / "a.png")
        return v2.Compose([*changes, v2.PILToTensor()])(image).permute(1, 2, 0).int()

    def ours(centre: Fraction | None) -> torch.Tensor:
        found = decoded(str(tmp_path / "a.png"), 3, (112, 112), centre)
        return torch.tensor(found).int()

    squashed = theirs(v2.Resize((112, 112)))
    assert ours(None).equal(squashed)
    cut = theirs(v2.Resize(128), v2.CenterCrop(112))
    assert (ours(Fraction(7, 8)) - cut).abs().max() <= 1  # theirs has a part of whole pixels
    assert (ours(Fraction(1)) - cut).abs().max() > 5
    assert (squashed - cut).abs().max() > 20


def test_large_jpegs_are_decoded_small(tmp_path: Path) -> None:
    from PIL import Image

    rows, columns = torch.meshgrid(torch.arange(800), torch.arange(800), indexing="ij")
    smooth = torch.stack((rows, columns, rows), 2).mul(255).div(800).to(torch.uint8)
    image = Image.fromarray(smooth.numpy())
    image.save(tmp_path / "a.jpg", quality=95)
    image.save(tmp_path / "a.png")
    small, exact = (
        torch.tensor(decoded(str(tmp_path / f"a.{kind}"), 3, (50, 50))).int()
        for kind in ("jpg", "png")
    )
    assert (small - exact).abs().max() <= 3


def test_digits_may_be_streamed_too() -> None:
    recipe = Recipe(data=Digits(augment=(Crop(),)), batch=128)
    held, streaming = (data_of(recipe, way, (1, 8, 8), 10) for way in (HELD, WAYS[2]))
    ours = list(batches_of(recipe, streaming).training(streaming.train, 1))
    assert same(ours, list(batches_of(recipe, held).training(held.train, 1)))
