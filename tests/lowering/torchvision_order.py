"""Modules of two models in one order, whatever the models call them."""

from __future__ import annotations

import torch
from torch import fx, nn

PARAMETRIC = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)


def ordered(model: nn.Module) -> list[nn.Module]:
    """The modules with parameters in the order of the dataflow, of two branches the longer first.

    The order of execution would not do: in torchvision's RegNet the shortcut is computed before
    the main branch, in its ResNet after it.
    """
    traced = model if isinstance(model, fx.GraphModule) else fx.symbolic_trace(model)
    length: dict[fx.Node, int] = {}
    for node in traced.graph.nodes:
        length[node] = 1 + max((length[before] for before in node.all_input_nodes), default=0)
    modules = dict(traced.named_modules())
    (output,) = (node for node in traced.graph.nodes if node.op == "output")
    found: list[nn.Module] = []
    seen: set[fx.Node] = set()
    waiting: list[tuple[fx.Node, bool]] = [(output, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            if node.op == "call_module" and isinstance(modules[str(node.target)], PARAMETRIC):
                found.append(modules[str(node.target)])
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting += [(n, False) for n in sorted(node.all_input_nodes, key=length.__getitem__)]
    return found


def shapes(model: nn.Module) -> list[tuple[str, list[tuple[int, ...]]]]:
    """What stands in `ordered`: each class with the shapes of what it holds."""
    return [
        (type(m).__name__, [tuple(t.shape) for t in m.state_dict().values()])
        for m in ordered(model)
    ]


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    """Copy parameters and buffers, module by module."""
    pairs = zip(ordered(source), ordered(target), strict=True)
    for theirs, ours in pairs:
        assert type(theirs) is type(ours)
        ours.load_state_dict(theirs.state_dict())


def shake(model: nn.Module, seed: int = 0) -> None:
    """Give batch norms statistics and factors that show, were two of them confused."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            with torch.no_grad():
                for tensor, low, high in (
                    (module.weight, 0.5, 1.5),
                    (module.bias, -0.2, 0.2),
                    (module.running_mean, -0.2, 0.2),
                    (module.running_var, 0.5, 1.5),
                ):
                    assert tensor is not None
                    tensor.uniform_(low, high, generator=generator)
