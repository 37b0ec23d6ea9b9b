"""Numbers fetched from a device: each call waits until the device has got so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import torch


def floats(tensor: torch.Tensor) -> list[float]:
    """Return the values of a one-dimensional tensor of floats."""
    return cast("Any", tensor).tolist()  # torch leaves the type of `tolist` open


def whole_numbers(tensor: torch.Tensor) -> list[int]:
    """Return the values of a one-dimensional tensor of whole numbers."""
    return cast("Any", tensor).tolist()
