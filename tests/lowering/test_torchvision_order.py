"""The order that modules of two models are compared in."""

from __future__ import annotations

import torch
from torch import fx, nn

from tests.lowering.torchvision_order import ordered


def test_the_order_is_that_of_the_dataflow() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.short = nn.Linear(5, 6), nn.Conv2d(1, 5, 1)
            self.first, self.second = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 5, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.short(x) + self.second(self.first(x).relu())
            return self.last(y.flatten(1))

    model = Model()
    assert ordered(model) == [model.first, model.second, model.short, model.last]
    assert ordered(fx.symbolic_trace(model))[0].weight.shape == (4, 1, 1, 1)
