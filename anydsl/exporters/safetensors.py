"""The weights alone, under the names of the spec, as safetensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anydsl.lowering.compilation import Compilation

SUFFIX = ".safetensors"


def write(net: Compilation, path: str) -> None:
    """Write parameters and buffers."""
    from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

    state = {name: tensor.contiguous() for name, tensor in net.module.state_dict().items()}
    save_file(state, path, metadata={"format": "pt", "net": net.graph.name})
