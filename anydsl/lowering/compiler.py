"""A network as a torch.fx.GraphModule."""

from __future__ import annotations

import gc
import operator
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import fx, nn

from anydsl.blocks.graphing import build_graph
from anydsl.design.network import Network
from anydsl.graph.dataflow import INPUT, Graph, Node
from anydsl.graph.operations import Shape, Torch
from anydsl.lowering.initialization import initialize
from anydsl.lowering.modules import module_class

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "operator.add": operator.add,
    "operator.mul": operator.mul,
    "torch.cat": torch.cat,
    "torch.narrow": torch.narrow,
}

# What may be overwritten: these don't need their own output to compute their gradient.
_OVERWRITABLE = ("conv", "bn", "add", "linear", "concat")
_INPLACE = ("ReLU", "ReLU6", "SiLU", "Hardswish", "Hardsigmoid")


def compile_network(
    network: Network, *, device: str | torch.device = "cpu", seed: int = 0
) -> fx.GraphModule:
    """Compile a network.

    Args:
        network: what to compile.
        device: where the parameters are made; on `meta` they have shapes only.
        seed: of the initialization; the same on every device.

    Returns:
        A module from pictures, batch x channels x height x width, to what the head puts out. Its
        submodules have the paths of the spec: `s2.b1.main.conv1`.

    Raises:
        SpecError: the blocks of the network don't fit together.
    """
    with _without_collection():
        return compile_graph(build_graph(network), device=device, seed=seed)


def compile_graph(
    graph: Graph, *, device: str | torch.device = "cpu", seed: int = 0
) -> fx.GraphModule:
    """Compile a graph; the same as `compile_network`, which builds it first."""
    with _without_collection():
        module = lower(graph, device=device)
    if torch.device(device).type != "meta":
        initialize(module, seed=seed)
    return module


def lower(graph: Graph, *, device: str | torch.device = "cpu") -> fx.GraphModule:
    """Make the GraphModule of a graph; its parameters are not initialized."""
    module = fx.GraphModule(nn.Module(), fx.Graph(), class_name=graph.name)
    place = torch.device(device)
    traced = fx.Graph()
    values: dict[str, fx.Node] = {INPUT: traced.placeholder("x")}
    shapes = {INPUT: graph.input}
    forms: dict[tuple[int, tuple[Shape, ...]], Torch] = {}  # equal blocks share their operations
    for node in graph:
        taken = tuple([shapes[path] for path in node.inputs])
        shapes[node.path] = node.output
        key = id(node.operation), taken
        form = forms.get(key)
        if form is None:
            form = forms[key] = node.operation.torch(*taken)
        inputs = tuple([values[path] for path in node.inputs])
        if form.is_module:
            arguments = tuple(form.arguments.items())
            if form.name in _INPLACE and _overwrites(graph, node):
                arguments = (*arguments, ("inplace", True))
            made = _copy(*_prototype(form.name, arguments), place)
            _attach(module.__dict__["_modules"], node.path, made)
            name = node.path.replace(".", "_")
            values[node.path] = traced.create_node("call_module", node.path, name=name)
            values[node.path].args = inputs  # set later: on creation they are searched for symbols
        else:
            given = (list(inputs),) if form.listed else inputs
            values[node.path] = traced.call_function(_FUNCTIONS[form.name], given, form.arguments)
    traced.output(values[graph.output])
    module.graph = traced
    return module


@contextmanager
def _without_collection() -> Generator[None]:
    """Spare the collector, which would search, again and again, objects that all stay."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@lru_cache(maxsize=4096)
def _prototype(name: str, arguments: tuple[tuple[str, Any], ...]) -> tuple[nn.Module, list[str]]:
    """A module that others are copied from, without any numbers in it, and what `_copy` asks for.

    Most modules of a network are alike, and a constructor of torch.nn takes far longer than a copy,
    not least because it initializes parameters, which `initialize` does once for all.
    """
    cls: Any = module_class(name)
    has_numbers = hasattr(cls, "reset_parameters")
    module = cls(**dict(arguments), **({"device": "meta"} if has_numbers else {}))
    return module, _collections(module)


def _collections(module: nn.Module) -> list[str]:
    """The attributes of a module that two modules can't share."""
    return [k for k, v in module.__dict__.items() if v.__class__ in (dict, OrderedDict, set)]


_CONTAINER = nn.Module()
_CONTAINER_COLLECTIONS = _collections(_CONTAINER)


def _copy(module: nn.Module, collections: list[str], device: torch.device | None) -> nn.Module:
    """A copy whose parameters, buffers, submodules and hooks are its own."""
    copy = module.__class__.__new__(module.__class__)
    own = copy.__dict__
    own.update(module.__dict__)
    for name in collections:
        own[name] = own[name].copy()
    for name, parameter in own["_parameters"].items():
        if parameter is not None:
            own["_parameters"][name] = nn.Parameter(torch.empty(parameter.shape, device=device))
    for name, buffer in own["_buffers"].items():
        if buffer is not None:
            own["_buffers"][name] = torch.empty(buffer.shape, dtype=buffer.dtype, device=device)
    return copy


def _overwrites(graph: Graph, node: Node) -> bool:
    """Whether an activation can write into its input: nobody else reads it."""
    source = node.inputs[0]
    return (
        source not in (INPUT, graph.output)
        and graph.users(source) == 1
        and graph.node(source).operation.word in _OVERWRITABLE
    )


def _attach(children: dict[str, nn.Module | None], path: str, module: nn.Module) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        child = children.get(parent)
        if child is None:
            child = children[parent] = _copy(_CONTAINER, _CONTAINER_COLLECTIONS, None)
        children = child.__dict__["_modules"]
    children[name] = module
