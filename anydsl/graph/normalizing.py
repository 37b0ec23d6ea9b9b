"""Operations that bring values to a common scale."""

from __future__ import annotations

from typing import Any

from anydsl.graph.operations import Cost, Operation, Shape, Torch, picture
from anydsl.language.declaration import setting


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


class LayerNorm(Operation):
    """Layer normalization over the channels of each pixel (torch.nn.LayerNorm)."""

    word = "layernorm"
    eps: float = setting("number", "added to the variance", default=1e-6, above=0)

    def shape(self, *inputs: Shape) -> Shape:
        return picture(inputs[0], self.word)

    def cost(self, *inputs: Shape) -> Cost:
        return Cost(params=2 * inputs[0][0])

    def torch(self, *inputs: Shape) -> Torch:
        return Torch("LayerNorm2d", {"channels": inputs[0][0], "eps": float(self.eps)})


class LayerScale(Operation):
    """Each channel times a learned factor (Touvron et al. 2021, arXiv:2103.17239)."""

    word = "layer_scale"
    init: float = setting("number", "the factor before training", low=-(2**10), high=2**10)

    def shape(self, *inputs: Shape) -> Shape:
        return picture(inputs[0], self.word)

    def cost(self, *inputs: Shape) -> Cost:
        return Cost(params=inputs[0][0])

    def torch(self, *inputs: Shape) -> Torch:
        return Torch("LayerScale", {"channels": inputs[0][0], "init": float(self.init)})
