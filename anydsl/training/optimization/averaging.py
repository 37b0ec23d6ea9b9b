"""The exponential moving average of a net's weights."""

from __future__ import annotations

import copy
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast, final

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

if TYPE_CHECKING:
    from torch import nn


@final
class Average:
    """A copy of a module whose parameters and buffers follow the module's slowly.

    The decay starts low, min(decay, (1 + n) / (10 + n)) at update n, or the random weights of the
    start would weigh on short runs. Whole-number buffers are copied.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module: Final = copy.deepcopy(module).requires_grad_(False)
        self._decay = decay
        mine, theirs = _values(self.module), _values(module)
        floats = [place for place, value in enumerate(mine) if value.is_floating_point()]
        self._mine = [mine[place] for place in floats]
        self._theirs = [theirs[place] for place in floats]
        counts = [place for place in range(len(mine)) if place not in set(floats)]
        self._my_counts = [mine[place] for place in counts]
        self._their_counts = [theirs[place] for place in counts]

    def update(self, step: int) -> None:
        """Take in the module's weights after `step`, counted from 0."""
        decay = min(self._decay, (1 + step) / (10 + step))
        average = cast("Any", get_ema_multi_avg_fn(decay))
        average(self._mine, self._theirs, 0)
        if self._my_counts:  # all at once, for each by itself would be a kernel
            cast("Any", torch)._foreach_copy_(self._my_counts, self._their_counts)


def _values(module: nn.Module) -> list[torch.Tensor]:
    return [value.detach() for value in chain(module.parameters(), module.buffers())]
