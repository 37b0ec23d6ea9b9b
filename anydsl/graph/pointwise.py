"""Operations on each value by itself, and those that join two values."""

from __future__ import annotations

from typing import ClassVar

from anydsl.graph.operations import Misfit, Operation, Shape, Torch, spoken


class Activation(Operation):
    """A function of each value, by the name of its class in torch.nn."""

    module: ClassVar[str] = ""

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch(self.module, {})


class ReLU(Activation):
    """max(0, x)."""

    word, module = "relu", "ReLU"


class ReLU6(Activation):
    """min(max(0, x), 6)."""

    word, module = "relu6", "ReLU6"


class SiLU(Activation):
    """x sigmoid(x), also called swish."""

    word, module = "silu", "SiLU"


class GELU(Activation):
    """x times the normal distribution function of x."""

    word, module = "gelu", "GELU"


class Sigmoid(Activation):
    """1 / (1 + exp(-x))."""

    word, module = "sigmoid", "Sigmoid"


class Hardswish(Activation):
    """x relu6(x + 3) / 6."""

    word, module = "hardswish", "Hardswish"


class Hardsigmoid(Activation):
    """relu6(x + 3) / 6."""

    word, module = "hardsigmoid", "Hardsigmoid"


class Add(Operation):
    """`a + b`: the sum, value by value."""

    word = "add"
    inputs = 2

    def shape(self, *inputs: Shape) -> Shape:
        left, right = inputs
        if left != right:
            raise Misfit(
                f"`+` joins two equal shapes, and these are {spoken(left)} and {spoken(right)}"
            )
        return left

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("operator.add", {}, is_module=False)


class Multiply(Operation):
    """`a * b`: the product, value by value; a w x 1 x 1 is repeated over the picture."""

    word = "mul"
    inputs = 2

    def shape(self, *inputs: Shape) -> Shape:
        left, right = inputs
        if left == right or (len(left) == 3 and right == (left[0], 1, 1)):
            return left
        if len(right) == 3 and left == (right[0], 1, 1):
            return right
        raise Misfit(
            f"`*` joins equal shapes or a picture and its w x 1 x 1, and these are "
            f"{spoken(left)} and {spoken(right)}"
        )

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("operator.mul", {}, is_module=False)
