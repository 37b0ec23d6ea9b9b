"""Weights from a safetensors file into a module, all of them or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from torch import nn

_SHOWN = 5


def load_weights(module: nn.Module, path: str) -> None:
    """Load parameters and buffers under the names of the spec.

    Raises:
        UsageError: the file is missing or unreadable.
        WeightsError: it is no safetensors file, or tensors are missing, left over or of another
            shape; nothing is loaded then.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]

    try:
        state = load_file(path)
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror or error}") from None
    except SafetensorError as error:
        raise WeightsError(f"{path} is no safetensors file, or cut short: {error}") from None
    own = module.state_dict()
    problems = [
        *(f"missing {name}" for name in own if name not in state),
        *(f"left over {name}" for name in state if name not in own),
        *(
            f"{name} is {_shape(state[name])} and should be {_shape(own[name])}"
            for name in own
            if name in state and state[name].shape != own[name].shape
        ),
    ]
    if problems:
        shown = "; ".join(problems[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise WeightsError(f"{path} doesn't fit the net: {shown}{more}")
    module.load_state_dict(state)


def _shape(tensor: object) -> str:
    return "x".join(map(str, getattr(tensor, "shape", ()))) or "a single number"
