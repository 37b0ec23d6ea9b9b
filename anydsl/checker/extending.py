"""A net that extends a space is thereby declared to lie in it."""

from __future__ import annotations

from anydsl.blocks.measurement import Measurement
from anydsl.design.faults import EXTENDS
from anydsl.design.modules import Module
from anydsl.design.network import Resolved, Space
from anydsl.design.resolving import resolve_space
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Label


def outside_of_space(
    module: Module, block: tree.Block, resolved: Resolved, measured: Measurement
) -> list[Diagnostic]:
    """Why a net does not lie in the space that it extends.

    That each setting can be drawn has been seen to where it was read, and inherited rules are the
    net's own by now, less those that it waives.
    """
    space = _nearest_space(module, block)
    if space is None:
        return []
    from anydsl.spaces.membership import reasons  # most nets extend no space

    found: list[Diagnostic] = []
    for reason in reasons(space.replace(rules=()), measured, resolved.generator):
        labels = (Label(reason.line, f"in space `{space.name}`"),) if reason.line else ()
        message = f"this is no net of {space.name}: {reason.message}"
        found.append(Diagnostic(EXTENDS, message, resolved.place(reason.path), labels))
    return found


def _nearest_space(module: Module, block: tree.Block) -> Space | None:
    """The first space among what a net extends."""
    while block.base is not None:
        found = module.find(block.base.text)
        if found is None or not isinstance(found[1], tree.Block):
            return None
        module, block = found[0], found[1]
        if block.kind.text == "space":
            return resolve_space(module, block)[0]
    return None
