"""A trained module in the form for inference."""

from __future__ import annotations

import torch
from torch import fx, nn

from anydsl.graph.dataflow import Graph
from anydsl.graph.folding import fold
from anydsl.lowering.compiler import lower


def for_inference(module: fx.GraphModule, graph: Graph) -> fx.GraphModule:
    """Fold batch norm into convolutions, and leave dropout out.

    With the weight w and the bias b of a convolution, and the mean m, the variance v, the factor g
    and the shift h of the batch norm behind it, the new weight is w g / sqrt(v + eps) and the new
    bias h + (b - m) g / sqrt(v + eps) (Jacob et al. 2018, arXiv:1712.05877, section 3.2), computed
    in double precision.

    Args:
        module: what `graph` was compiled to, with its weights; it stays as it is.
        graph: as the spec says it.

    Returns:
        A module in eval mode with the same outputs, where the other was in eval mode, too. It
        shares no memory with it.
    """
    folding = fold(graph)
    state = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
    for norm, conv in folding.into.items():
        _fold(state, conv, norm, module.get_submodule(norm))
    folded = lower(folding.graph, device="meta")
    folded.load_state_dict({name: state[name] for name in folded.state_dict()}, assign=True)
    return folded.eval()


def _fold(state: dict[str, torch.Tensor], conv: str, norm: str, module: nn.Module) -> None:
    assert isinstance(module, nn.BatchNorm2d)
    weight = state[f"{conv}.weight"]
    gain, shift, mean, variance = (
        state[f"{norm}.{name}"].double()
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    bias = state.get(f"{conv}.bias", torch.zeros_like(mean)).double()
    factor = gain / torch.sqrt(variance + module.eps)
    folded = weight.double() * factor.reshape(-1, 1, 1, 1)
    state[f"{conv}.weight"] = folded.to(weight.dtype)
    state[f"{conv}.bias"] = (shift + (bias - mean) * factor).to(weight.dtype)
