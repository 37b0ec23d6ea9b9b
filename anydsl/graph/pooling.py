"""Pools: windows that move over the picture, and those that cover it."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from anydsl.graph.operations import Cost, Misfit, Operation, Shape, Torch, picture, window
from anydsl.language.declaration import setting


class Pool(Operation):
    """A window that moves over the picture; `module` is its class in torch.nn."""

    module: ClassVar[str] = ""
    k: int = setting("whole", "side of the window", low=1, high=2**10)
    s: int | None = setting("whole", "stride; `k` if not given", default=None, low=1, high=2**10)
    pad: int = setting("whole", "padding, at most half of `k`", default=0, low=0, high=2**9)
    ceil: bool = setting("flag", "whether a last partial window counts", default=False)

    def shape(self, *inputs: Shape) -> Shape:
        channels, *sides = picture(inputs[0], self.word)
        if self.pad > self.k // 2:
            raise Misfit(f"a padding of {self.pad} is more than half of the window of {self.k}")
        s = self.s or self.k
        return channels, *(window(n, self.k, s, self.pad, ceil=self.ceil) for n in sides)

    def cost(self, *inputs: Shape) -> Cost:
        return Cost(acts=math.prod(self.shape(*inputs)))

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        arguments: dict[str, Any] = {"kernel_size": self.k}
        for name, value, default in (
            ("stride", self.s or self.k, self.k),
            ("padding", self.pad, 0),
            ("ceil_mode", self.ceil, False),
        ):
            if value != default:
                arguments[name] = value
        return Torch(self.module, arguments)


class MaxPool(Pool):
    """The largest value of each window (torch.nn.MaxPool2d)."""

    word, module = "maxpool", "MaxPool2d"


class AvgPool(Pool):
    """The mean of each window (torch.nn.AvgPool2d)."""

    word, module = "avgpool", "AvgPool2d"


class GlobalAvgPool(Operation):
    """The mean of each channel, as a picture of one pixel (torch.nn.AdaptiveAvgPool2d)."""

    word = "gap"

    def shape(self, *inputs: Shape) -> Shape:
        return picture(inputs[0], self.word)[0], 1, 1

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("AdaptiveAvgPool2d", {"output_size": 1})


class AvgPoolTo(Operation):
    """The mean of as many equal parts of the picture as the size says (torch.nn.AdaptiveAvgPool2d).

    Parts overlap where the size does not divide the picture; that they may be larger than it, so
    that pixels are repeated, is torch's rule as well.
    """

    word = "avgpool_to"
    size: tuple[int, ...] = setting("size", "height x width of what comes out", low=1, high=2**10)

    def shape(self, *inputs: Shape) -> Shape:
        return picture(inputs[0], self.word)[0], *self.size

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("AdaptiveAvgPool2d", {"output_size": self.size})
