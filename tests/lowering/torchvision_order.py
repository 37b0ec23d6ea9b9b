"""Modules of two models in one order, whatever the models call them."""

from __future__ import annotations

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
