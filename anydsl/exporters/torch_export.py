"""A torch.export program, with a batch of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anydsl.lowering.compilation import Compilation

SUFFIX = ".pt2"


def write(net: Compilation, path: str) -> None:
    """Write the program; `torch.export.load` reads it."""
    import torch

    example = torch.zeros(2, *net.graph.input)
    shapes = {"x": {0: torch.export.Dim("batch", min=1)}}
    program = torch.export.export(net.module, (example,), dynamic_shapes=shapes)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # paths of this machine
    torch.export.save(program, path)
