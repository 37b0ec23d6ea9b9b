"""Augmentation: each change against torchvision's, picture by picture, and its draws as such."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
import torch
from torch.nn import functional
from torchvision.transforms import v2

from anydsl.design.augmentation import (
    AUGMENTS,
    Augment,
    ColorJitter,
    Crop,
    CutMix,
    Cutout,
    Flip,
    MixUp,
    RandAugment,
    ResizedCrop,
)
from anydsl.training.feeding.augmentation.chain import Augmentation, share
from anydsl.training.feeding.augmentation.change import Frame
from anydsl.training.feeding.augmentation.mixing import foremost, neighbours
from anydsl.training.feeding.augmentation.randaugment import OPERATIONS

CPU = torch.device("cpu")
SHAPES = ((3, 32, 32), (1, 8, 8), (3, 28, 20), (1, 2, 5))
ALL: tuple[Augment, ...] = (
    Crop(padding=3),
    Flip(),
    ResizedCrop(),
    ColorJitter(hue=0.2),
    RandAugment(num_ops=3, magnitude=20),
    Cutout(size=5),
    MixUp(alpha=1),
    CutMix(),
)


def images_of(count: int, shape: Sequence[int]) -> torch.Tensor:
    """Pictures with areas, edges and noise: all that a change could look at."""
    generator = torch.Generator().manual_seed(7)
    noise = torch.randint(256, (count, *shape), dtype=torch.uint8, generator=generator)
    flat = torch.randint(256, (count, shape[0], 1, 1), dtype=torch.uint8, generator=generator)
    noise[: count // 2] //= 3
    noise[:, :, : shape[1] // 2, : shape[2] // 2] = flat
    noise[0] = 40  # one level alone: nothing to stretch
    return noise


def chain(
    *declared: Augment, shape: Sequence[int] = (3, 32, 32), classes: int = 10
) -> Augmentation:
    c, h, w = shape
    return Augmentation(declared, (0.5,) * c, classes, Frame(c, h, w, CPU))


def applied(made: Augmentation, images: torch.Tensor, *draws: torch.Tensor) -> torch.Tensor:
    """The one change of `made`, with numbers of the test's own."""
    before = images.clone()
    after = made.changed(images, (draws,))
    assert images.equal(before)
    assert after.dtype == torch.uint8
    assert after.shape == images.shape
    return after


def near(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Equal to one grey level; nearly all of them exactly."""
    difference = (ours.int() - theirs.int()).abs()
    assert difference.max() <= 1
    assert (difference == 0).float().mean() > 0.95


# --------------------------------------------------------------------------- against torchvision


@pytest.mark.parametrize("shape", SHAPES)
def test_crop_is_padding_and_cutting(shape: tuple[int, int, int]) -> None:
    _, h, w = shape
    images, made = images_of(40, shape), chain(Crop(padding=3), shape=shape)
    ((place,),) = made.draw(40)
    theirs = [
        v2.functional.crop(v2.functional.pad(image, [3]), int(top), int(left), h, w)
        for image, (top, left) in zip(images, place, strict=True)
    ]
    assert applied(made, images, place).equal(torch.stack(theirs))


def test_crop_and_flip_draw_what_they_always_drew() -> None:
    """Runs of before go on: the places of crops as one 2 x N draw, then a number for each flip."""
    images = images_of(16, (3, 16, 16))
    torch.manual_seed(3)
    made = chain(Crop(), Flip(), shape=(3, 16, 16))
    ours = made.changed(images, made.draw(16))
    torch.manual_seed(3)
    top, left = torch.randint(5, (2, 16, 1)).flatten(1).tolist()
    mirrored = (torch.rand(16) < 0.5).tolist()
    padded = functional.pad(images, (2, 2, 2, 2))
    for i in range(16):
        window = padded[i, :, top[i] : top[i] + 16, left[i] : left[i] + 16]
        assert ours[i].equal(window.flip(-1) if mirrored[i] else window)


@pytest.mark.parametrize("shape", SHAPES)
def test_resized_crop(shape: tuple[int, int, int]) -> None:
    images, made = images_of(40, shape), chain(ResizedCrop(), shape=shape)
    ((parts,),) = made.draw(40)
    theirs = [
        # In floats: for bytes it rounds after each of the two directions.
        v2.functional.resized_crop(image.float(), *part, size=list(shape[1:]), antialias=True)
        for image, part in zip(images, parts.int().tolist(), strict=True)
    ]
    near(applied(made, images, parts), torch.stack(theirs).round())


def test_parts_have_torchvisions_distribution() -> None:
    torch.manual_seed(0)
    theirs = v2.RandomResizedCrop((24, 40))
    picture = torch.zeros(3, 24, 40)
    drawn = [theirs.make_params([picture]) for _ in range(4000)]
    ((ours,),) = chain(ResizedCrop(), shape=(3, 24, 40)).draw(40_000)
    for column, name in enumerate(("top", "left", "height", "width")):
        expected = torch.tensor([float(one[name]) for one in drawn])
        part = ours[:, column]
        assert part.equal(part.round())
        spread = float(expected.std()) / 4000**0.5
        assert abs(float(part.mean() - expected.mean())) < 5 * spread
        assert float(part.std()) == pytest.approx(float(expected.std()), rel=0.08)
        assert abs(part.min() - expected.min()) <= 1
        assert abs(part.max() - expected.max()) <= 1


@pytest.mark.parametrize(
    ("shape", "middle"), [((3, 8, 64), (0, 26, 8, 11)), ((3, 64, 8), (26, 0, 11, 8))]
)
def test_where_no_part_fits_the_middle_is_taken(
    shape: tuple[int, int, int], middle: tuple[int, ...]
) -> None:
    ((parts,),) = chain(ResizedCrop(scale=1), shape=shape).draw(4)
    assert parts.tolist() == [list(middle)] * 4


@pytest.mark.parametrize("size", [1, 4, 5, 100])
def test_cutout_is_torchvisions_erasing(size: int) -> None:
    images, made = images_of(60, (3, 12, 16)), chain(Cutout(size=size), shape=(3, 12, 16))
    ((rows, columns),) = made.draw(60)
    theirs = images.clone()
    for image, row, column in zip(theirs, rows.tolist(), columns.tolist(), strict=True):
        top, left = max(0, row - size // 2), max(0, column - size // 2)
        bottom, right = row - size // 2 + size, column - size // 2 + size
        value = torch.tensor(128)
        v2.functional.erase(image, top, left, bottom - top, right - left, value, inplace=True)
    assert applied(made, images, rows, columns).equal(theirs)


@pytest.mark.parametrize("shape", SHAPES)
def test_color_jitter(shape: tuple[int, int, int]) -> None:
    f = v2.functional
    words = (f.adjust_brightness, f.adjust_contrast, f.adjust_saturation, f.adjust_hue)
    images = images_of(48, shape)
    made = chain(ColorJitter(0.5, 0.9, 2, 0.5), shape=shape)
    ((order, amounts),) = made.draw(48)
    after = applied(made, images, order, amounts)
    for i in range(48):
        theirs = images[i]
        for which in order[i].tolist():
            theirs = words[which](theirs, float(amounts[i, which]))
        # A level of difference before contrast or saturation is a few after it.
        assert (after[i].int() - theirs.int()).abs().float().mean() < 0.3
        assert (after[i].int() - theirs.int()).abs().max() <= 6


@pytest.mark.parametrize("which", range(4))
def test_each_of_color_jitter(which: int) -> None:
    f = v2.functional
    word = (f.adjust_brightness, f.adjust_contrast, f.adjust_saturation, f.adjust_hue)[which]
    images, made = images_of(32, (3, 16, 16)), chain(ColorJitter(1, 1, 1, 0.5), shape=(3, 16, 16))
    ((order, amounts),) = made.draw(32)
    alone = torch.tensor([1.0, 1.0, 1.0, 0.0]).repeat(32, 1)
    alone[:, which] = amounts[:, which]
    theirs = [
        word(image, float(amount)) for image, amount in zip(images, alone[:, which], strict=True)
    ]
    near(applied(made, images, order, alone), torch.stack(theirs))


def their_operation(images: torch.Tensor, name: str, magnitude: int, seed: int) -> torch.Tensor:
    """What torchvision's RandAugment does where it has one operation to draw from."""
    (theirs,) = (
        k for k in v2.RandAugment._AUGMENTATION_SPACE if k.lower() == name.replace("_", "")
    )
    one = type(
        "One",
        (v2.RandAugment,),
        {"_AUGMENTATION_SPACE": {theirs: v2.RandAugment._AUGMENTATION_SPACE[theirs]}},
    )
    torch.manual_seed(seed)
    return one(num_ops=1, magnitude=magnitude)(images)


@pytest.mark.parametrize("magnitude", [0, 9, 30])
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 8, 8), (3, 28, 20)])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_of_randaugment(name: str, shape: tuple[int, int, int], magnitude: int) -> None:
    images = images_of(16, shape)
    made = chain(RandAugment(num_ops=1, magnitude=magnitude), shape=shape)
    which = torch.full((16, 1), OPERATIONS.index(name))
    positive = applied(made, images, which, torch.ones(16, 1))
    negative = applied(made, images, which, torch.zeros(16, 1))
    seen: set[bool] = set()
    for seed in range(4):
        theirs = their_operation(images, name, magnitude, seed)
        torch.manual_seed(seed)
        torch.randint(1, ())
        seen.add(sign := bool(torch.rand(()) > 0.5))
        near(positive if sign else negative, theirs)
    assert len(seen) == 2


def test_turns_of_randaugment_follow_each_other() -> None:
    images = images_of(64, (3, 16, 16))
    two, one = (chain(RandAugment(num_ops=n, magnitude=12), shape=(3, 16, 16)) for n in (2, 1))
    ((which, signs),) = two.draw(64)
    first = applied(one, images, which[:, :1], signs[:, :1])
    assert applied(two, images, which, signs).equal(applied(one, first, which[:, 1:], signs[:, 1:]))
    assert which.unique().tolist() == list(range(14))


# -------------------------------------------------------------------------------------- mixing


def test_neighbours() -> None:
    assert neighbours(6, CPU).tolist() == [1, 0, 3, 2, 5, 4]
    assert neighbours(5, CPU).tolist() == [1, 0, 3, 2, 3]
    assert neighbours(1, CPU).tolist() == [0]


def test_mixup_is_its_formula() -> None:
    images, labels = torch.rand(6, 3, 4, 4), torch.tensor([0, 1, 2, 3, 4, 4])
    made = chain(MixUp(alpha=1), shape=(3, 4, 4), classes=5)
    drawn = made.draw(6)
    mixed, targets = made.mixed(images, labels, drawn)
    hot = torch.eye(5)[labels]
    for i, j in enumerate((1, 0, 3, 2, 5, 4)):
        own = float(drawn[-1][0][i])
        assert torch.allclose(mixed[i], own * images[i] + (1 - own) * images[j])
        assert torch.allclose(targets[i], own * hot[i] + (1 - own) * hot[j])
    assert targets[5].tolist() == pytest.approx([0, 0, 0, 0, 1])


def test_the_loss_of_shares_is_mixups_sum_of_two_losses() -> None:
    outputs, labels = torch.randn(8, 10), torch.arange(8)
    made = chain(MixUp())
    drawn = made.draw(8)
    targets = made.mixed(torch.rand(8, 3, 32, 32), labels, drawn)[1]
    own, other = drawn[-1][0], labels ^ 1
    losses = [
        functional.cross_entropy(outputs, to, reduction="none", label_smoothing=0.1)
        for to in (labels, other)
    ]
    expected = (own * losses[0] + (1 - own) * losses[1]).mean()
    ours = functional.cross_entropy(outputs, targets, label_smoothing=0.1)
    assert ours.item() == pytest.approx(expected.item(), rel=1e-5)


def test_cutmix_is_torchvisions() -> None:
    """With its own numbers, for a pair: torchvision takes one box for all."""
    theirs = v2.CutMix(num_classes=10)
    made = chain(CutMix(), shape=(3, 12, 20))
    labels = torch.tensor([3, 7])
    for seed in range(40):
        torch.manual_seed(seed)
        images = torch.rand(2, 3, 12, 20)
        state = torch.get_rng_state()
        expected, shares = theirs(images, labels)
        torch.set_rng_state(state)
        own = float(theirs._dist.sample(()))
        column, row = int(torch.randint(20, (1,))), int(torch.randint(12, (1,)))
        draws = (torch.tensor([own] * 2), torch.zeros(2).long())
        drawn = ((*draws, torch.tensor([row] * 2), torch.tensor([column] * 2)),)
        mixed, targets = made.mixed(images, labels, drawn)
        assert mixed.equal(expected)
        assert torch.allclose(targets, shares)


def test_mixup_and_cutmix_share_the_pictures() -> None:
    torch.manual_seed(0)
    made = chain(MixUp(alpha=1), CutMix(), shape=(1, 8, 8))
    images = torch.arange(1.0, 1001.0).view(1000, 1, 1, 1).expand(-1, 1, 8, 8)
    mixed, targets = made.mixed(images, torch.arange(1000) % 10, made.draw(1000))
    whole = (mixed == mixed.round()).all((1, 2, 3))  # of pixels of the one picture or the other
    assert 400 < whole.sum() < 600
    assert torch.allclose(targets.sum(1), torch.ones(1000))
    assert foremost(targets).equal(targets.argmax(1))
    assert foremost(torch.tensor([4, 2])).tolist() == [4, 2]


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1, 400])
def test_shares_are_of_a_beta_distribution(alpha: float) -> None:
    torch.manual_seed(0)
    shares = chain(MixUp(alpha=alpha)).draw(20_000)[-1][0]
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert shares.mean().item() == pytest.approx(0.5, abs=0.02)
    assert shares.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.03)


# --------------------------------------------------------------------------------------- draws


def whole(made: Augmentation, images: torch.Tensor, labels: torch.Tensor) -> Any:
    drawn = made.draw(len(images))
    return made.mixed(made.changed(images, drawn).float(), labels, drawn)


@pytest.mark.parametrize("shape", SHAPES)
def test_shares_of_a_batch_are_the_batch(shape: tuple[int, int, int]) -> None:
    images, labels = images_of(24, shape), torch.arange(24) % 10
    made = chain(*ALL, shape=shape)
    torch.manual_seed(5)
    mixed, targets = whole(made, images, labels)
    for part in (slice(0, 8), slice(8, 24)):
        torch.manual_seed(5)
        drawn = share(made.draw(24), part)
        floats = made.changed(images[part], drawn).float()
        ours, shares = made.mixed(floats, labels[part], drawn)
        assert ours.equal(mixed[part])
        assert shares.equal(targets[part])


@pytest.mark.parametrize("declared", ALL, ids=lambda one: type(one).__name__)
def test_a_seed_decides_and_each_picture_is_changed_in_its_own_way(declared: Augment) -> None:
    """Sixty-four copies of a pair: nearly all come out unlike each other."""
    pair = images_of(4, (3, 24, 24))[2:]
    images, labels = pair.repeat(32, 1, 1, 1), torch.arange(64) % 2
    made = chain(declared, shape=(3, 24, 24))
    runs: list[torch.Tensor] = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        runs.append(whole(made, images, labels)[0])
    assert runs[0].equal(runs[1])
    assert not runs[0].equal(runs[2])
    ways = len({tuple(image.flatten().tolist()) for image in runs[0][::2]})
    assert ways == 2 if isinstance(declared, Flip) else ways >= 15


def test_crops_are_uniform_and_half_are_flipped() -> None:
    torch.manual_seed(0)
    (place,), (mirrored,) = chain(Crop(padding=2), Flip()).draw(20_000)
    counts = torch.bincount(place[:, 0] * 5 + place[:, 1], minlength=25).double()
    chi_squared = ((counts - 800) ** 2 / 800).sum()
    assert chi_squared < 52  # 24 degrees of freedom: 51.2 is exceeded once in a thousand
    assert (mirrored < 0.5).double().mean().item() == pytest.approx(0.5, abs=0.015)


def test_orders_and_operations_are_uniform() -> None:
    torch.manual_seed(0)
    (order, _), (which, signs) = chain(ColorJitter(), RandAugment()).draw(24_000)
    counts = torch.unique(order, dim=0, return_counts=True)[1].double()
    assert len(counts) == 24
    assert ((counts - 1000) ** 2 / 1000).sum() < 50  # 23 degrees of freedom
    counts = torch.bincount(which[:, 0] * 14 + which[:, 1], minlength=196).double()
    expected = 24_000 / 196
    assert ((counts - expected) ** 2 / expected).sum() < 262  # 195 degrees of freedom
    assert (signs <= 0.5).double().mean().item() == pytest.approx(0.5, abs=0.015)


def test_amounts_reach_as_far_as_they_may() -> None:
    torch.manual_seed(0)
    ((_, amounts),) = chain(ColorJitter(0.4, 0.1, 2, 0.25)).draw(10_000)
    for column, low, high in ((0, 0.6, 1.4), (1, 0.9, 1.1), (2, 0, 3), (3, -0.25, 0.25)):
        assert low <= amounts[:, column].min() < low + 0.01 * (high - low)
        assert high >= amounts[:, column].max() > high - 0.01 * (high - low)
        middle = amounts[:, column].mean().item()
        assert middle == pytest.approx((low + high) / 2, abs=0.02 * (high - low))


# ---------------------------------------------------------------------------------- forms


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_order_of_dimensions_changes_nothing(layout: torch.memory_format) -> None:
    images, labels = images_of(16, (3, 16, 12)), torch.arange(16) % 10
    made = chain(*ALL, shape=(3, 16, 12))
    torch.manual_seed(2)
    expected = whole(made, images, labels)[0]
    torch.manual_seed(2)
    drawn = made.draw(16)
    changed = made.changed(images.to(memory_format=layout), drawn)
    floats = changed.to(torch.float32, memory_format=layout)
    mixed = made.mixed(floats, labels, drawn)[0]
    assert mixed.equal(expected)
    assert mixed.is_contiguous(memory_format=layout)


def test_nothing_waits_for_the_device_nor_depends_on_what_is_drawn() -> None:
    """On meta there are no values: whatever asks for one fails."""
    frame = Frame(3, 16, 16, torch.device("meta"))
    changing, mixing = (Augmentation(part, (0.5,) * 3, 10, frame) for part in (ALL[:-2], ALL[-2:]))
    images = torch.empty(8, 3, 16, 16, dtype=torch.uint8, device="meta")
    assert changing.changed(images, changing.draw(8)).shape == (8, 3, 16, 16)
    labels, *draws = (torch.empty(8, dtype=torch.int64, device="meta") for _ in range(4))
    drawn = ((torch.empty(8, device="meta"), *draws),)  # torch can't draw from beta on meta
    mixed, targets = mixing.mixed(images.float(), labels, drawn)
    assert mixed.shape == (8, 3, 16, 16)
    assert targets.shape == (8, 10)


def test_every_declared_change_is_tested_here() -> None:
    assert {type(one) for one in ALL} == set(AUGMENTS.values())


def test_without_changes_pictures_and_labels_are_those_given() -> None:
    images, labels = images_of(3, (1, 8, 8)), torch.arange(3)
    made = chain(shape=(1, 8, 8))
    assert made.changed(images, made.draw(3)) is images
    floats = cast("torch.Tensor", images.float())
    assert made.mixed(floats, labels, made.draw(3)) == (floats, labels)
