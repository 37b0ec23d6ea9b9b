"""Behind each part of a net what it puts out and costs; behind a generator what it makes."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from anydsl.blocks.measurement import Measurement
from anydsl.design.modules import Module
from anydsl.language import tree
from anydsl.lsp import costs
from anydsl.lsp.session import Feature, Server

_MOST = 3
"""How many of the stages that one statement stands for are written out."""


def hints(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    """The hints of a stretch of a file."""
    document = ls.document(params.text_document)
    start, end = document.offset(params.range.start), document.offset(params.range.end)
    found: list[types.InlayHint] = []
    for net, checked in costs.nets(document):
        if checked.measured is None or net.span.end < start or net.span.start > end:
            continue
        for statement, text in _parts(document.module, net, checked.measured):
            if start <= statement.span.end <= end:
                at = document.range(statement.span.end, statement.span.end).start
                found.append(types.InlayHint(at, f"-> {text}", padding_left=True))
    return found


def _parts(
    module: Module, net: tree.Block, measured: Measurement
) -> Iterator[tuple[tree.Block, str]]:
    parts = {part.name: part for part in measured.parts}
    for statement in net.body:
        match statement:
            case tree.Block(kind=tree.Name(text=("stem" | "head") as kind)) if kind in parts:
                yield statement, costs.part(parts[kind])
            case tree.Block(kind=tree.Name(text="body")):
                for stage in statement.body:
                    if isinstance(stage, tree.Block):
                        text = _stage(module, stage, measured)
                        if text:
                            yield stage, text
            case _:
                pass


def _stage(module: Module, stage: tree.Block, measured: Measurement) -> str:
    if stage.kind.text == "stages":
        depths = ", ".join(str(s.d) for s in measured.network.stages)
        widths = ", ".join(str(part.output[0]) for part in measured.stages)
        return f"d {depths}; w {widths}"
    label = stage.label
    if stage.kind.text != "stage" or label is None:
        return ""
    if label.places is None:
        named = [part for part in measured.stages if part.name == label.name.text]
        return costs.part(named[0]) if named else ""
    names = costs.stage_names(module, label)
    own = [part for part in measured.stages if part.name in names]
    shown = [f"{part.name} {costs.part(part)}" for part in own[:_MOST]]
    return "; ".join(shown) + ("; …" if len(own) > _MOST else "")


FEATURES = (Feature(types.TEXT_DOCUMENT_INLAY_HINT, hints),)
