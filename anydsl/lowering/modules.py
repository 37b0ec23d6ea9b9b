"""The modules that torch.nn lacks. Each stands by itself: the Python exporter copies their text."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class LayerNorm2d(nn.Module):
    """Layer normalization over the channels of batch x channels x height x width."""

    def __init__(self, channels: int, eps: float, device: torch.device | None = None) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(channels, device=device))
        self.bias = nn.Parameter(torch.empty(channels, device=device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make it the identity on normalized values."""
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize each pixel."""
        pixels = x.permute(0, 2, 3, 1)
        normal = functional.layer_norm(pixels, self.weight.shape, self.weight, self.bias, self.eps)
        return normal.permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        """What the module prints of itself."""
        return f"{self.weight.shape[0]}, eps={self.eps}"


class LayerScale(nn.Module):
    """Each channel times a learned factor."""

    def __init__(self, channels: int, init: float, device: torch.device | None = None) -> None:
        super().__init__()
        self.init = init
        self.weight = nn.Parameter(torch.empty(channels, 1, 1, device=device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set all factors to `init`."""
        nn.init.constant_(self.weight, self.init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale the channels."""
        return x * self.weight

    def extra_repr(self) -> str:
        """What the module prints of itself."""
        return f"{self.weight.shape[0]}, init={self.init}"


class DropPath(nn.Module):
    """Drops all values of a picture with probability p in training; the others make up for it."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop pictures of the batch."""
        if not self.training or self.p == 0:
            return x
        kept = x.new_empty(x.shape[0], *(1 for _ in x.shape[1:])).bernoulli_(1 - self.p)
        return x * kept / max(1 - self.p, 1e-12)

    def extra_repr(self) -> str:
        """What the module prints of itself."""
        return f"p={self.p}"


OWN: dict[str, type[nn.Module]] = {cls.__name__: cls for cls in (LayerNorm2d, LayerScale, DropPath)}
"""The classes of this file, by name."""


def module_class(name: str) -> type[nn.Module]:
    """The class of a name: one of these, else torch.nn's."""
    return OWN.get(name) or getattr(nn, name)
