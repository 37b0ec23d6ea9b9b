"""Pictures with their classes, and how a set of them is split."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import torch

from anydsl.language.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from anydsl.training.feeding.stored import Stored

_TEST_SHARE = Fraction(1, 5)
_TEST_SEED = 0


class Pictures(Record):
    """A set of pictures.

    Attributes:
        images: N x C x H x W uint8, or what reads them when they are asked for.
        labels: their classes, N int64.
    """

    images: torch.Tensor | Stored
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one picture."""
        _, c, h, w = self.images.shape
        return c, h, w

    def part(self, index: torch.Tensor) -> Pictures:
        """Return the pictures at `index` (int64)."""
        if isinstance(self.images, torch.Tensor):
            return Pictures(self.images[index], self.labels[index])
        return Pictures(self.images.part(index), self.labels[index])


class Opened(Record):
    """A data set whose files were found; the pictures are read when they are asked for.

    `validation` is there for data that comes with a validation split of its own. `note` says what
    was decided about the data in the reader's place.
    """

    classes: tuple[str, ...]
    train: Callable[[], Pictures]
    test: Callable[[], Pictures]
    validation: Callable[[], Pictures] | None = None
    note: str = ""


def opened_splits(
    classes: tuple[str, ...],
    train: Callable[[], Pictures],
    test: Callable[[], Pictures] | None,
    validation: Callable[[], Pictures] | None,
    where: object,
) -> Opened:
    """Return data that comes with these splits.

    Without a test split one fifth of the training pictures is held out for it, stratified by
    class under a fixed seed, so that it is the same whatever the recipe says. `where` is what the
    note calls the data.
    """
    if test is not None:
        note = "the data's own validation split is used" if validation else ""
        return Opened(classes, train, test, validation, note)
    whole = train()
    kept, held = hold_out(whole.labels, _TEST_SHARE, _TEST_SEED)
    note = (
        f"{where} has no test split: {len(held):,} of {len(whole):,} pictures are held out "
        "for the test"
    )
    return Opened(classes, lambda: whole.part(kept), lambda: whole.part(held), validation, note)


def hold_out(
    labels: torch.Tensor, share: Fraction | float, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Split the places of N `labels` (int64) into those kept and those held out, both ascending.

    Stratified: shuffled under `seed`, lined up by class, and taken at equal distances.
    """
    count = len(labels)
    shuffled = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    taken = round(count * share)
    held = torch.zeros(count, dtype=torch.bool)
    held[by_class[[(2 * i + 1) * count // (2 * taken) for i in range(taken)]]] = True
    return (~held).nonzero().flatten(), held.nonzero().flatten()
