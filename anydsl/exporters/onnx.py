"""ONNX, by torch's own exporter, with a batch of any size."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import fx

    from anydsl.graph.dataflow import Graph

SUFFIX = ".onnx"


def write(module: fx.GraphModule, graph: Graph, path: str) -> None:
    """Write the model, its weights in the same file."""
    import_module("onnxscript")  # torch's exporter needs it, and says so less clearly
    import torch

    example = torch.zeros(2, *graph.input)
    shapes = {"x": {0: torch.export.Dim("batch", min=1)}}
    program: Any = torch.onnx.export(  # pyright: ignore[reportUnknownMemberType]
        module, (example,), dynamo=True, dynamic_shapes=shapes, verbose=False
    )
    program.save(path, external_data=False)
