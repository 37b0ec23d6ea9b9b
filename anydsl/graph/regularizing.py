"""Operations that change values at random in training, and pass them on in evaluation."""

from __future__ import annotations

from anydsl.graph.operations import Operation, Shape, Torch
from anydsl.language.declaration import setting


class Dropout(Operation):
    """Values dropped at random in training (torch.nn.Dropout)."""

    word = "dropout"
    p: float = setting("number", "share that is dropped", low=0, high=1)

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("Dropout", {"p": float(self.p)})


class DropPath(Operation):
    """Whole pictures dropped at random in training: stochastic depth (Huang et al. 2016)."""

    word = "drop_path"
    p: float = setting("number", "share of the pictures that are dropped", low=0, high=1)

    def torch(self, *inputs: Shape) -> Torch:
        del inputs
        return Torch("DropPath", {"p": float(self.p)})
