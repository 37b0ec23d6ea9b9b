"""What each step of the compiler makes, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from anydsl.errors import UsageError
from anydsl.graph.operations import spoken
from anydsl.language.record import Record

if TYPE_CHECKING:
    from anydsl.lowering.compilation import Compilation

STAGES = ("tree", "network", "graph", "fx")


def show_stage(stage: str, net: Compilation) -> str:
    """Print a step: the syntax tree, the network, the dataflow graph or the torch.fx graph.

    Raises:
        UsageError: the form for inference is asked for, and the step comes before there is one.
    """
    if net.for_inference and stage in ("tree", "network"):
        raise UsageError(f"--for-inference changes the graph; --stop-at {stage} comes before it")
    match stage:
        case "tree":
            return _dump(net.file)
        case "network":
            return _dump(net.network)
        case "graph":
            graph = net.graph
            lines = [f"input {spoken(graph.input)}"]
            lines += [
                f"{node.path} = {node.operation.word}({', '.join(node.inputs)}) "
                f"{spoken(node.output)}"
                for node in graph
            ]
            return "\n".join([*lines, f"output {graph.output}"])
        case _:
            from anydsl.lowering.compiler import lower

            return str(lower(net.graph, device="meta").graph)


def _dump(value: Any, indent: int = 0) -> str:
    """Records and tuples as an indented outline, without what is only a place in the text."""
    pad = "  " * indent
    if isinstance(value, Record):
        fields = [f for f in value.__fields__ if f not in ("span", "scope", "source", "head")]
        values = [(f, getattr(value, f)) for f in fields]
        if all(not isinstance(v, (Record, tuple)) for _, v in values):
            return f"{pad}{type(value).__name__}({', '.join(f'{f}={v!r}' for f, v in values)})"
        lines = [f"{pad}{type(value).__name__}"]
        for field, inner in values:
            if isinstance(inner, Record) or (isinstance(inner, tuple) and inner):
                lines += [f"{pad}  {field}:", _dump(inner, indent + 2)]
            elif inner not in (None, (), ""):
                lines.append(f"{pad}  {field}={inner!r}")
        return "\n".join(lines)
    if isinstance(value, tuple):
        return "\n".join(_dump(item, indent) for item in cast("tuple[Any, ...]", value))
    return f"{pad}{value!r}"
