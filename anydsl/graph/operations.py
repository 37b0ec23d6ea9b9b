"""What an operation is: a shape rule, a cost and a torch form, all in one place.

A shape is that of one picture, without the batch: (channels, height, width), or (channels,) once
flattened. Costs are those of Radosavovic et al. 2020 as their code counts them: flops are
multiply-adds, a bias included; acts are the output sizes of convolutions, linear layers and pools
with a window.
"""

from __future__ import annotations

from typing import Any, ClassVar

from anydsl.language.column import least
from anydsl.language.declaration import setting
from anydsl.language.record import Record

Shape = tuple[int, ...]
WIDEST = 2**20


class Misfit(Exception):
    """Shapes that an operation can't take; the message says why."""


class Excess(Misfit):
    """Shapes beyond a limit."""


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
    """How torch computes an operation: a module, or a function of torch.

    Attributes:
        name: a class of torch.nn or of `anydsl.lowering.modules`, such as `Conv2d`; or a function,
            such as `torch.cat`.
        arguments: the keyword arguments of the module, or those of the function after its inputs.
        is_module: which of the two.
        listed: whether the function takes its inputs as one list.
    """

    name: str
    arguments: dict[str, Any]
    is_module: bool = True
    listed: bool = False


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
        if self.groups is None and self.g is None:
            return 1
        if self.groups is not None:
            groups = self.groups
            if channels % groups:
                raise Misfit(f"{channels} channels don't divide into {groups} groups")
        else:
            g = least(self.g or channels, channels)
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
