"""What an operation is: a shape rule, a cost and a torch form, all in one place.

A shape is that of one picture, without the batch: (channels, height, width), or (channels,) once
flattened. Costs are those of Radosavovic et al. 2020 as their code counts them: flops are
multiply-adds, a bias included; acts are the output sizes of convolutions, linear layers and pools
with a window.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from anydsl.language.declaration import setting
from anydsl.language.record import Record

Shape = tuple[int, ...]
WIDEST = 2**20


class Misfit(Exception):
    """Shapes that an operation can't take; the message says why."""


class Cost(Record):
    """Parameters, multiply-adds and activations; they add up."""

    params: int = 0
    flops: int = 0
    acts: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.params + other.params, self.flops + other.flops, self.acts + other.acts)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.params * times, self.flops * times, self.acts * times)


FREE = Cost()


class Torch(Record):
    """How torch computes an operation: a module of torch.nn, or a function of torch.

    Attributes:
        name: such as `Conv2d`, or `torch.flatten`.
        arguments: the keyword arguments of the module, or those of the function after its inputs.
        is_module: which of the two.
    """

    name: str
    arguments: dict[str, Any]
    is_module: bool = True


class Operation(Record):
    """One of the closed set; its fields are its parameters in the language."""

    word: ClassVar[str] = ""
    inputs: ClassVar[int] = 1

    def shape(self, *inputs: Shape) -> Shape:
        """The shape of the output.

        Raises:
            Misfit: the operation can't take these inputs.
        """
        return inputs[0]

    def cost(self, *inputs: Shape) -> Cost:
        """What it costs on inputs that it can take."""
        del inputs
        return FREE

    def torch(self, *inputs: Shape) -> Torch:
        """What computes it on inputs of these shapes."""
        raise NotImplementedError

    def adjusted(self, *inputs: Shape) -> str:
        """What was cut to fit these inputs, in words; empty if nothing was."""
        del inputs
        return ""


def picture(shape: Shape, word: str) -> tuple[int, int, int]:
    """A shape that is a picture.

    Raises:
        Misfit: it has been flattened.
    """
    if len(shape) != 3:
        raise Misfit(f"`{word}` needs a picture, and this was flattened to {shape[0]} values")
    return shape


def window(size: int, k: int, s: int, pad: int, *, dilation: int = 1, ceil: bool = False) -> int:
    """How many places a window of k takes along a side.

    Raises:
        Misfit: none.
    """
    span = size + 2 * pad - dilation * (k - 1) - 1
    places = (-(-span // s) if ceil else span // s) + 1
    if ceil and (places - 1) * s >= size + pad:
        places -= 1  # a window must not start beyond the picture
    if places < 1 or (span < 0 and not ceil):
        raise Misfit(
            f"a window of {k} does not fit a side of {size}: the picture has shrunk too far"
        )
    return places


def spoken(shape: Shape) -> str:
    """A shape as the language writes it."""
    return "x".join(map(str, shape))


class Conv(Operation):
    """2-D convolution (torch.nn.Conv2d)."""

    word = "conv"
    w: int = setting("whole", "output channels", low=1, high=WIDEST)
    k: int = setting("whole", "side of the kernel", low=1, high=2**10)
    s: int = setting("whole", "stride", default=1, low=1, high=2**10)
    g: int | None = setting(
        "whole",
        "channels per group; without it all are one group",
        default=None,
        low=1,
        high=WIDEST,
    )
    groups: int | None = setting(
        "whole", "groups, in place of `g`", default=None, low=1, high=WIDEST
    )
    dilation: int = setting("whole", "distance between taps", default=1, low=1, high=2**10)
    bias: bool = setting("flag", "whether a bias is added", default=False)
    pad: int | str = setting(
        "whole",
        "zeros around the picture; `same` is dilation (k - 1) // 2",
        default="same",
        choices=("same",),
        low=0,
        high=2**10,
    )

    def group_count(self, channels: int) -> int:
        """How many groups there are on an input of so many channels.

        Raises:
            Misfit: they don't divide.
        """
        if self.groups is not None:
            groups = self.groups
            if channels % groups:
                raise Misfit(f"{channels} channels don't divide into {groups} groups")
        else:
            g = min(self.g or channels, channels)
            if channels % g:
                raise Misfit(f"{channels} channels don't divide into groups of {g}")
            groups = channels // g
        if self.w % groups:
            raise Misfit(f"{self.w} output channels don't divide into {groups} groups")
        return groups

    def padding(self) -> int:
        """Zeros on each side."""
        return self.dilation * (self.k - 1) // 2 if self.pad == "same" else int(self.pad)

    def shape(self, *inputs: Shape) -> Shape:
        channels, *sides = picture(inputs[0], self.word)
        self.group_count(channels)
        pad = self.padding()
        return self.w, *(window(n, self.k, self.s, pad, dilation=self.dilation) for n in sides)

    def cost(self, *inputs: Shape) -> Cost:
        channels = inputs[0][0]
        _, height, width = self.shape(*inputs)
        weights = self.k**2 * channels * self.w // self.group_count(channels)
        bias = self.w if self.bias else 0
        places = height * width
        return Cost(weights + bias, (weights + bias) * places, self.w * places)

    def torch(self, *inputs: Shape) -> Torch:
        channels = inputs[0][0]
        arguments: dict[str, Any] = {
            "in_channels": channels,
            "out_channels": self.w,
            "kernel_size": self.k,
        }
        for name, value, default in (
            ("stride", self.s, 1),
            ("padding", self.padding(), 0),
            ("dilation", self.dilation, 1),
            ("groups", self.group_count(channels), 1),
            ("bias", self.bias, True),
        ):
            if value != default:
                arguments[name] = value
        return Torch("Conv2d", arguments)

    def adjusted(self, *inputs: Shape) -> str:
        channels = inputs[0][0]
        if self.g is None or self.g <= channels:
            return ""
        return f"a group width of {self.g} is cut to the {channels} channels that there are"


class Linear(Operation):
    """Fully connected layer over flattened values (torch.nn.Linear)."""

    word = "linear"
    w: int = setting("whole", "outputs", low=1, high=WIDEST)
    bias: bool = setting("flag", "whether a bias is added", default=True)

    def shape(self, *inputs: Shape) -> Shape:
        if len(inputs[0]) != 1:
            raise Misfit(
                f"`linear` needs flattened values, and this is {spoken(inputs[0])}: add `flatten`"
            )
        return (self.w,)

    def cost(self, *inputs: Shape) -> Cost:
        weights = inputs[0][0] * self.w + (self.w if self.bias else 0)
        return Cost(weights, weights, self.w)

    def torch(self, *inputs: Shape) -> Torch:
        arguments: dict[str, Any] = {"in_features": inputs[0][0], "out_features": self.w}
        return Torch("Linear", arguments if self.bias else {**arguments, "bias": False})


class BatchNorm(Operation):
    """Batch normalization over channels (torch.nn.BatchNorm2d)."""

    word = "bn"
    eps: float = setting("number", "added to the variance", default=1e-5, above=0)
    momentum: float = setting("number", "share of the new batch", default=0.1, low=0, high=1)

    def shape(self, *inputs: Shape) -> Shape:
        return picture(inputs[0], self.word)

    def cost(self, *inputs: Shape) -> Cost:
        return Cost(params=2 * inputs[0][0])

    def torch(self, *inputs: Shape) -> Torch:
        arguments: dict[str, Any] = {"num_features": inputs[0][0]}
        for name, value, default in (("eps", self.eps, 1e-5), ("momentum", self.momentum, 0.1)):
            if value != default:
                arguments[name] = float(value)
        return Torch("BatchNorm2d", arguments)


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


class Flatten(Operation):
    """All values of a picture in a row (torch.nn.Flatten)."""

    word = "flatten"

    def shape(self, *inputs: Shape) -> Shape:
        return (math.prod(inputs[0]),)

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("Flatten", {})


class Dropout(Operation):
    """Values dropped at random in training (torch.nn.Dropout)."""

    word = "dropout"
    p: float = setting("number", "share that is dropped", low=0, high=1)

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("Dropout", {"p": float(self.p)})
