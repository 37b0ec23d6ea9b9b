"""Nets of specs, and weights that show it where two of them are confused."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import fx, nn

import anydsl
from anydsl.blocks.graphing import build_graph
from anydsl.graph.dataflow import Graph
from anydsl.lowering.compiler import compile_network

SPECS = Path(__file__).parents[2] / "specs"


class Net(NamedTuple):
    """A spec's graph and what it was compiled to."""

    graph: Graph
    module: fx.GraphModule


def load(spec: str, device: str = "cpu", seed: int = 0) -> Net:
    """A net of a file in specs/, without its suffix: `classic/resnet18`."""
    file, _, name = spec.partition("::")
    return compiled(anydsl.load(f"{SPECS / file}.anynet{'::' if name else ''}{name}"), device, seed)


def compiled(network: object, device: str = "cpu", seed: int = 0) -> Net:
    assert isinstance(network, anydsl.Network)
    module = compile_network(network, device=device, seed=seed).eval()
    return Net(build_graph(network), module)


def shake(model: nn.Module, seed: int = 0) -> None:
    """Give norms and layer scales factors, offsets and statistics that differ."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            continue
        for name, tensor in (
            *module.named_parameters(recurse=False),
            *module.named_buffers(recurse=False),
        ):
            if tensor.is_floating_point():
                low, high = (-0.2, 0.2) if name in ("bias", "running_mean") else (0.5, 1.5)
                with torch.no_grad():
                    tensor.uniform_(low, high, generator=generator)


def same(state: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return state.keys() == other.keys() and all(torch.equal(state[k], other[k]) for k in state)


def shapes(state: dict[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}
