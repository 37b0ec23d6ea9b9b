"""A standalone Python module: plain torch.nn, no dependence on anydsl, the same parameters."""

from __future__ import annotations

import inspect
import keyword
from typing import TYPE_CHECKING

from anydsl.lowering.modules import OWN

if TYPE_CHECKING:
    from torch import fx

    from anydsl.graph.dataflow import Graph

SUFFIX = ".py"

_OPERATORS = {"operator.add": "+", "operator.mul": "*"}


def write(module: fx.GraphModule, graph: Graph, path: str) -> None:
    """Write a class with the modules of the graph, under their paths, and its forward pass."""
    del module
    with open(path, "w", encoding="utf-8") as file:
        file.write(source(graph))


def source(graph: Graph) -> str:
    """The text of the module."""
    makes: list[str] = []
    runs: list[str] = []
    made: set[str] = set()
    own: dict[str, str] = {}
    values = {"input": "x"}
    last = {path: node.path for node in graph for path in node.inputs}
    for node in graph:
        form = node.operation.torch(*map(graph.shape, node.inputs))
        inputs = [values[path] for path in node.inputs]
        source = node.inputs[0]
        reused = source not in ("input", graph.output) and last[source] == node.path
        name = inputs[0] if reused else f"x{len(values)}"
        values[node.path] = name
        if form.is_module:
            parents = node.path.split(".")[:-1]
            for depth in range(1, len(parents) + 1):
                parent = ".".join(parents[:depth])
                if parent not in made:
                    made.add(parent)
                    makes.append(_assignment(parent, "nn.Module()"))
            arguments = ", ".join(f"{k}={v!r}" for k, v in form.arguments.items())
            home = "" if form.name in OWN else "nn."
            makes.append(_assignment(node.path, f"{home}{form.name}({arguments})"))
            if not home and form.name not in own:
                own[form.name] = inspect.getsource(OWN[form.name])
            runs.append(f"{name} = {_module(node.path)}({inputs[0]})")
        elif form.name in _OPERATORS:
            runs.append(f"{name} = {f' {_OPERATORS[form.name]} '.join(inputs)}")
        else:
            given = ", ".join(inputs)
            arguments = "".join(f", {k}={v!r}" for k, v in form.arguments.items())
            given = f"[{given}]" if form.listed else given
            runs.append(f"{name} = {form.name}({given}{arguments})")
    shape = " x ".join(map(str, graph.input))
    lines = [
        f'"""{graph.name}, written by anydsl."""',
        "",
        "import torch",
        "from torch import nn",
        "from torch.nn import functional",
        "",
        "",
        *(f"{text}\n" for text in own.values()),
        f"class {_class_name(graph.name)}(nn.Module):",
        f'    """Takes batch x {shape}."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *(f"        {line}" for line in makes),
        "",
        "    def forward(self, x: torch.Tensor) -> torch.Tensor:",
        *(f"        {line}" for line in runs),
        f"        return {values[graph.output]}",
        "",
    ]
    return "\n".join(lines)


def _module(path: str) -> str:
    """The expression for a submodule; within a class Python changes names that begin with `__`."""
    text = "self"
    for name in path.split(".") if path else ():
        text = f'getattr({text}, "{name}")' if name.startswith("__") else f"{text}.{name}"
    return text


def _assignment(path: str, value: str) -> str:
    parent, _, name = path.rpartition(".")
    if name.startswith("__"):
        return f'{_module(parent)}.add_module("{name}", {value})'
    return f"{_module(parent)}.{name} = {value}"


def _class_name(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name in ("nn", "torch") else name
