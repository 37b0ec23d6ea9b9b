"""A net's weights as safetensors under another library's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.weights.naming import renamed, schemes

if TYPE_CHECKING:
    from anydsl.lowering.compilation import Compilation


class RenamedWeights:
    """Writes weights like an exporter, for one library.

    Raises:
        UsageError: no names of this library are known.
    """

    SUFFIX: str = ".safetensors"

    def __init__(self, library: str) -> None:
        schemes(library)
        self.library = library

    def write(self, net: Compilation, path: str) -> None:
        """Write parameters and buffers.

        Raises:
            WeightsError: the library has no names for this net.
        """
        from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]

        state = renamed(net.graph, net.module.state_dict(), self.library)
        metadata = {"format": "pt", "net": net.graph.name, "names": self.library}
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, path, metadata)
