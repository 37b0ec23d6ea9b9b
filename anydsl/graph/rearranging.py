"""Operations that move values and compute nothing."""

from __future__ import annotations

import math
from typing import ClassVar

from anydsl.graph.operations import (
    WIDEST,
    Excess,
    Misfit,
    Operation,
    Shape,
    Torch,
    picture,
    spoken,
)
from anydsl.language.declaration import setting


class Flatten(Operation):
    """All values of a picture in a row (torch.nn.Flatten)."""

    word = "flatten"

    def shape(self, *inputs: Shape) -> Shape:
        return (math.prod(inputs[0]),)

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("Flatten", {})


class Split(Operation):
    """One of n equal parts of the channels (torch.narrow)."""

    word = "split"
    n: int = setting("whole", "how many parts", low=1, high=2**20)
    i: int = setting("whole", "which of them, counted from 0", low=0, high=2**20)

    def shape(self, *inputs: Shape) -> Shape:
        channels, *sides = picture(inputs[0], self.word)
        if channels % self.n:
            raise Misfit(f"{channels} channels don't divide into {self.n} equal parts")
        if self.i >= self.n:
            raise Misfit(f"there is no part {self.i}: {self.n} parts are counted from 0")
        return channels // self.n, *sides

    def torch(self, *inputs: Shape) -> Torch:
        part = inputs[0][0] // self.n
        arguments = {"dim": 1, "start": self.i * part, "length": part}
        return Torch("torch.narrow", arguments, is_module=False)


class Shuffle(Operation):
    """Channels of so many groups taken in turns (torch.nn.ChannelShuffle; Zhang et al. 2018)."""

    word = "shuffle"
    groups: int = setting("whole", "how many groups", low=1, high=2**20)

    def shape(self, *inputs: Shape) -> Shape:
        channels = picture(inputs[0], self.word)[0]
        if channels % self.groups:
            raise Misfit(f"{channels} channels don't divide into {self.groups} groups")
        return inputs[0]

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("ChannelShuffle", {"groups": self.groups})


class Concat(Operation):
    """`concat(a, b, …)`: the channels of all, one after the other."""

    word = "concat"
    inputs: ClassVar[int] = 0  # as many as there are

    def shape(self, *inputs: Shape) -> Shape:
        first = inputs[0]
        for other in inputs[1:]:
            if other[1:] != first[1:]:
                raise Misfit(
                    "`concat` joins pictures of one size, and these are "
                    f"{spoken(first)} and {spoken(other)}"
                )
        channels = sum(shape[0] for shape in inputs)
        if channels > WIDEST:
            raise Excess(f"`concat` makes {channels} channels, beyond the limit of {WIDEST:,}")
        return channels, *first[1:]

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("torch.cat", {"dim": 1}, is_module=False, listed=True)
