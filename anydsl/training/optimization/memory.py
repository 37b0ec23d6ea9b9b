"""What an optimizer remembers, by the names of the parameters, so that groups don't matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

_GROUP = "group"
_COUNT = "step"


def remembered(optimizer: torch.optim.Optimizer, module: nn.Module) -> dict[str, torch.Tensor]:
    """Return every tensor of the optimizer's memory: momentum, or the means of Adam.

    They are called `momentum_buffer.s1.b1.main.conv1.weight`, and `group.0.step` what counts the
    steps of a whole group, as timm's optimizers do.
    """
    found: dict[str, torch.Tensor] = {}
    for name, parameter in module.named_parameters():
        state = cast("dict[str, Any]", optimizer.state.get(parameter, {}))
        for key, value in state.items():
            if isinstance(value, torch.Tensor):
                found[f"{key}.{name}"] = value
    for place, group in enumerate(optimizer.param_groups):
        if _COUNT in group:
            found[f"{_GROUP}.{place}.{_COUNT}"] = torch.as_tensor(group[_COUNT])
    return found


def recall(
    optimizer: torch.optim.Optimizer, module: nn.Module, tensors: Mapping[str, torch.Tensor]
) -> None:
    """Give an optimizer what `remembered` took from another one over an equal module.

    Raises:
        KeyError: a name is none of this module's parameters.
    """
    parameters = dict(module.named_parameters())
    names = {parameter: name for name, parameter in parameters.items()}
    order = [names[p] for group in optimizer.param_groups for p in group["params"]]
    places = {name: place for place, name in enumerate(order)}
    state: dict[int, dict[str, torch.Tensor]] = {}
    groups = optimizer.state_dict()["param_groups"]
    for full, value in tensors.items():
        key, name = full.split(".", 1)
        if key == _GROUP:
            groups[int(name.split(".")[0])][_COUNT] = value.clone()
        else:
            state.setdefault(places[name], {})[key] = _like(value, parameters[name])
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _like(value: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Return `value` laid out in memory as `parameter` is; Adam's count of steps as it is."""
    if value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)
