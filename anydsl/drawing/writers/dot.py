"""Graphviz: the network, its stages and their blocks as clusters, operations as nodes."""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.drawing.content.figure import Figure, StageBox
from anydsl.drawing.content.flow import Flow, X
from anydsl.drawing.content.labels import CHANGES, JOINS, Label
from anydsl.drawing.content.numbers import shape
from anydsl.drawing.content.repeats import labels, repeats
from anydsl.drawing.writers.style import ACCENT, BOXES, QUIET

SUFFIX = ".dot"

_FONT = "Helvetica"
_CLUSTER = {"style": "rounded", "fontname": _FONT, "fontsize": "11", "labeljust": "l"}


def write(figure: Figure, scale: float = 1) -> bytes:
    """The figure as a file, for `dot -Tsvg`."""
    del scale
    return ("\n".join(_graph(figure)) + "\n").encode()


def _graph(figure: Figure) -> Iterator[str]:
    yield f"digraph {_quoted(figure.name)} {{"
    yield f"  graph [rankdir=TB, fontname={_quoted(_FONT)}, nodesep=0.3, ranksep=0.35]"
    yield (
        f"  node [shape=box, style={_quoted('rounded,filled')}, fontname={_quoted(_FONT)}, "
        "fontsize=10, margin=0.1]"
    )
    yield f"  edge [fontname={_quoted(_FONT)}, fontsize=9, arrowsize=0.6]"
    yield f"  input [label={_quoted(figure.input)}, shape=plaintext, style={_quoted('')}]"
    yield from _cluster("network", figure.name, {}, "  ")
    parts = repeats(figure)
    stages = {stage.name: stage for stage in figure.stages}
    last, before, edges = "input", "", list[str]()
    for name, own in parts.items():
        indent = "    "
        if name in stages:
            yield from _cluster(f"stage {name}", *_stage(stages[name]), indent)
            indent += "  "
        for repeat in own:
            title = f"{repeat.name}: {repeat.flow.block}"
            title += f" ({repeat.times} times)" if repeat.times > 1 else ""
            yield from _cluster(f"block {repeat.name}", title, {"color": "#9aa5b1"}, indent)
            nodes, last, more = _flow(repeat.name, repeat.flow, last, before, indent + "  ")
            yield from nodes
            edges += more
            yield f"{indent}}}"
            before = shape(repeat.flow.output)
        if name in stages:
            yield "    }"
    yield "  }"
    yield f"  output [label={_quoted(before)}, shape=plaintext, style={_quoted('')}]"
    edges.append(f"{_quoted(last) if last != 'input' else last} -> output")
    yield from (f"  {edge}" for edge in edges)
    yield "}"


def _stage(stage: StageBox) -> tuple[str, dict[str, str]]:
    lines = [f"{stage.name}: {stage.block}", *stage.lines, stage.output]
    lines += [f"waived: {m.text}: {m.because}" if m.waived else m.text for m in stage.marks]
    if any(not mark.waived for mark in stage.marks):
        return "\n".join(lines), {"color": ACCENT, "fontcolor": ACCENT, "penwidth": "2"}
    return "\n".join(lines), {"color": QUIET, "style": "rounded,dashed"} if stage.marks else {}


def _cluster(name: str, title: str, look: dict[str, str], indent: str) -> Iterator[str]:
    yield f"{indent}subgraph {_quoted(f'cluster {name}')} {{"
    for key, value in ({"label": title} | _CLUSTER | look).items():
        yield f"{indent}  {key}={_quoted(value, left=key == 'label')}"


def _flow(
    path: str, flow: Flow, x: str, label: str, indent: str
) -> tuple[list[str], str, list[str]]:
    """The nodes of a flow, the one that it puts out, and its edges; a block in it is a cluster."""
    nodes: list[str] = []
    edges: list[str] = []
    made = {X: x}
    for n, (step, text) in enumerate(zip(flow.steps, labels(flow), strict=True)):
        own = f"{path}.{step.path}"
        if step.inner is not None:
            nodes += _cluster(f"block {own}", step.inner.block, {"color": "#4d7550"}, indent)
            inside, made[n], more = _flow(own, step.inner, made[step.inputs[0]], "", indent + "  ")
            nodes += [*inside, f"{indent}}}"]
            edges += more
            continue
        nodes.append(f"{indent}{_quoted(own)} [{_look(text)}]")
        made[n] = own
        for source in step.inputs:
            told = f" [label={_quoted(label)}]" if source == X and label else ""
            begin = made[source] if made[source] == "input" else _quoted(made[source])
            edges.append(f"{begin} -> {_quoted(own)}{told}")
            label = "" if source == X else label
    return nodes, made[flow.out], edges


def _look(label: Label) -> str:
    look = {"label": "\n".join(label.lines)}
    look |= {key: BOXES[label.role][of] for key, of in (("fillcolor", "fill"), ("color", "stroke"))}
    if label.role == JOINS:
        look |= {"shape": "circle", "width": "0.3", "fixedsize": "true"}
    if label.role == CHANGES:
        look |= {"fontsize": "9", "height": "0.25"}
    return ", ".join(f"{key}={_quoted(value)}" for key, value in look.items())


def _quoted(text: str, *, left: bool = False) -> str:
    r"""A string of DOT; `\l` ends a line that is set to the left."""
    end = r"\l" if left else r"\n"
    plain = "".join(c if c == "\n" or c.isprintable() else " " for c in text)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    lines = escaped.split("\n")
    return f'"{end.join(lines)}{end if left and len(lines) > 1 else ""}"'
