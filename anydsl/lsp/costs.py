"""What a network costs, in a few words."""

from __future__ import annotations

from anydsl.blocks.measurement import Measurement, PartCost
from anydsl.checker.engine import Checked
from anydsl.design import reading
from anydsl.design.modules import Module
from anydsl.design.outline import MOST_STAGES
from anydsl.design.values import Range
from anydsl.design.wording import scaled
from anydsl.graph.operations import spoken
from anydsl.language import tree
from anydsl.language.diagnostics import Fault
from anydsl.lsp.documents import Document


def flops(count: int) -> str:
    """`19.3 MFLOPs`: multiply-adds of one picture."""
    number = scaled(count)
    return f"{number}FLOPs" if " " in number else f"{number} FLOPs"


def part(measured: PartCost) -> str:
    """`80x24x24, 5 groups, 19.3 MFLOPs`: what a stem, a stage or a head puts out and costs."""
    groups = measured.blocks[0].groups if measured.blocks else None
    said = [spoken(measured.output)]
    if groups is not None:
        said.append(f"{groups} group{'s' if groups != 1 else ''}")
    return ", ".join([*said, flops(measured.cost.flops)])


def total(measured: Measurement) -> str:
    """`402 MFLOPs, 4.34 M parameters`: a whole network."""
    return f"{flops(measured.cost.flops)}, {scaled(measured.cost.params)} parameters"


def stage_names(module: Module, label: tree.Label) -> list[str]:
    """The stages that `s1` or `s[1..4]` stands for."""
    if label.places is None:
        return [label.name.text]
    try:
        places = reading.evaluate(label.places, module)
    except Fault:
        return []
    if not isinstance(places, Range) or not isinstance(places.low, int):
        return []
    highest = min(int(places.high), places.low + MOST_STAGES)
    return [f"{label.name.text}{place}" for place in range(places.low, highest + 1)]


def nets(document: Document) -> list[tuple[tree.Block, Checked]]:
    """The nets of a file with what they came to."""
    checked = {c.name: c for c in document.checked if c.kind == "net"}
    found: list[tuple[tree.Block, Checked]] = []
    for block in document.module.declared("net"):
        known = checked.get(block.label.name.text) if block.label else None
        if known is not None:
            found.append((block, known))
    return found
