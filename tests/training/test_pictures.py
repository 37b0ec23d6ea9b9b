from __future__ import annotations

import pytest
import torch

from anydsl.design.augmentation import Augment, Crop, Flip, MixUp
from anydsl.training.feeding.augmentation.chain import Augmentation
from anydsl.training.feeding.augmentation.change import Frame
from anydsl.training.feeding.batches import Batches
from anydsl.training.feeding.pictures import Pictures, hold_out
from anydsl.training.feeding.statistics import statistics
from anydsl.training.feeding.stored import resized

CPU = torch.device("cpu")


def random_images(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, shape, dtype=torch.uint8, generator=generator)


def test_statistics_are_those_of_the_pixels() -> None:
    images = random_images(1500, 3, 4, 5)
    mean, std = statistics(images)
    floats = images.double() / 255
    assert mean == pytest.approx(floats.mean((0, 2, 3)).tolist())
    assert std == pytest.approx(floats.std((0, 2, 3), correction=0).tolist())


def test_a_channel_that_never_changes_divides_by_no_zero() -> None:
    assert statistics(torch.full((4, 1, 2, 2), 7, dtype=torch.uint8))[1] == (1 / 255,)


def test_resizing_is_torchvisions() -> None:
    from torchvision.transforms.v2 import functional

    images = random_images(5, 3, 28, 28)
    for size in ((96, 96), (14, 10)):
        theirs = functional.resize(images.float(), list(size), antialias=True)
        ours = resized(images, size)
        assert ours.dtype == torch.uint8
        assert ours.shape == (5, 3, *size)
        assert (ours - theirs).abs().max() <= 0.5 + 1e-3


@pytest.mark.parametrize("share", [0, 0.1, 0.25, 0.5])
def test_held_out_pictures_are_disjoint_complete_and_stratified(share: float) -> None:
    labels = torch.arange(400) % 10
    kept, held = hold_out(labels, share, seed=3)
    assert sorted([*kept.tolist(), *held.tolist()]) == list(range(400))
    assert len(held) == 400 * share
    assert torch.bincount(labels[held], minlength=10).tolist() == [40 * share] * 10


def test_what_is_held_out_depends_on_the_seed_alone() -> None:
    labels = torch.arange(100) % 10
    assert hold_out(labels, 0.1, 1)[1].equal(hold_out(labels, 0.1, 1)[1])
    assert not hold_out(labels, 0.1, 1)[1].equal(hold_out(labels, 0.1, 2)[1])


def batches(**changes: object) -> Batches:
    given = {"size": 4, "mean": (0.25,), "std": (0.5,), "device": CPU} | changes
    return Batches(**given)


def test_batches_are_normalised() -> None:
    images = random_images(3, 1, 2, 2)
    ((floats, _),) = batches().evaluation(Pictures(images, torch.zeros(3, dtype=torch.int64)))
    assert torch.allclose(floats, (images / 255 - 0.25) / 0.5, atol=1e-6)


def test_each_epoch_has_its_own_order_and_leaves_out_the_incomplete_batch() -> None:
    numbered = Pictures(torch.zeros(10, 1, 2, 2, dtype=torch.uint8), torch.arange(10))
    orders = [
        torch.cat([labels for _, labels in batches().training(numbered, epoch)]).tolist()
        for epoch in (0, 1, 0)
    ]
    assert orders[0] == orders[2] != orders[1]
    assert len(set(orders[0])) == len(orders[0]) == 8


def test_an_epoch_can_be_entered_in_the_middle() -> None:
    some = Pictures(random_images(12, 1, 8, 8), torch.arange(12))
    made = batches(augment=(Crop(), Flip()))
    whole = list(made.training(some, 5))
    rest = list(made.training(some, 5, start=1))
    assert len(rest) == len(whole) - 1
    for (images, labels), (again, same) in zip(whole[1:], rest, strict=True):
        assert images.equal(again)
        assert labels.equal(same)


def test_fewer_pictures_than_a_batch_are_one_batch() -> None:
    few = Pictures(random_images(3, 1, 2, 2), torch.arange(3))
    ((_, labels),) = batches(size=128).training(few, 0)
    assert sorted(labels.tolist()) == [0, 1, 2]


def augmented(images: torch.Tensor, *declared: Augment) -> torch.Tensor:
    _, c, h, w = images.shape
    augmentation = Augmentation(declared, (0.5,) * c, 10, Frame(c, h, w, CPU))
    return augmentation.changed(images, augmentation.draw(len(images)))


def test_flip_mirrors_some_pictures_and_only_that() -> None:
    torch.manual_seed(0)
    images = random_images(32, 2, 4, 4)
    after = augmented(images, Flip())
    same = [a.equal(b) for a, b in zip(after, images, strict=True)]
    mirrored = [a.equal(b.flip(-1)) for a, b in zip(after, images, strict=True)]
    assert all(a != b for a, b in zip(same, mirrored, strict=True))
    assert 0 < sum(same) < 32


def test_crop_moves_each_picture_by_at_most_an_eighth() -> None:
    torch.manual_seed(0)
    images = torch.zeros(64, 1, 16, 16, dtype=torch.uint8)
    images[:, :, 8, 8] = 255
    places = augmented(images, Crop()).view(64, -1).argmax(1)
    rows, columns = places // 16, places % 16
    for axis in (rows, columns):
        assert set(axis.tolist()) == {6, 7, 8, 9, 10}
    assert not rows.equal(columns)


def test_each_step_of_each_epoch_has_its_own_randomness() -> None:
    same = Pictures(random_images(1, 1, 8, 8).expand(8, 1, 8, 8), torch.arange(8))
    made = batches(augment=(Crop(),))
    steps = [images for epoch in (0, 1) for images, _ in made.training(same, epoch)]
    assert len(steps) == 4
    assert not any(a.equal(b) for i, a in enumerate(steps) for b in steps[:i])


def test_labels_of_mixed_pictures_are_shares_of_classes() -> None:
    some = Pictures(random_images(8, 1, 8, 8), torch.arange(8) % 3)
    made = batches(augment=(Crop(), MixUp(alpha=1)), classes=3)
    for images, targets in made.training(some, 0):
        assert images.shape == (4, 1, 8, 8)
        assert images.is_contiguous(memory_format=torch.channels_last)
        assert targets.shape == (4, 3)
        assert targets.sum(1).tolist() == pytest.approx([1] * 4)
    assert [labels.ndim for _, labels in made.evaluation(some)] == [1, 1]
