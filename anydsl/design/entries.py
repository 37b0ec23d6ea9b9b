"""Entries of an outline to values, with the parents' draws as their bounds."""

from __future__ import annotations

from typing import Any

from anydsl.design import reading
from anydsl.design.draws import Distribution, can_draw, read_draw, within, write_draw
from anydsl.design.faults import EXTENDS, FREE, MISSING, WRONG_VALUE
from anydsl.design.outline import Entry, Outline
from anydsl.design.values import spoken
from anydsl.language import tree
from anydsl.language.declaration import Setting
from anydsl.language.diagnostics import Diagnostic, Fault, Kind, Label
from anydsl.language.source import Span


class EntryReader:
    """Reads the entries of one outline and collects what it finds.

    Attributes:
        free: whether settings may be drawn: those of a space may, a net's may not.
        lacking: whether something is missing of which nothing is said.
    """

    def __init__(self, out: Outline, *, free: bool) -> None:
        self.out = out
        self.free = free
        self.lacking = False
        self.diagnostics = out.diagnostics
        self.said = set(out.diagnostics)

    def listed(self, entry: Entry, setting: Setting, depth: int) -> Any:
        """One value, or one for each block of a stage."""
        if not isinstance(entry.value, tree.List) or entry.drawn:
            return self.value(entry, setting)
        items = entry.value.items
        if len(items) != depth:
            message = f"this list has {len(items)} values for {depth} blocks"
            self.report(WRONG_VALUE, message, entry.value.span)
            return None
        try:
            return tuple(reading.read(i, setting, entry.module, entry.name.text) for i in items)
        except Fault as fault:
            self.add(fault.diagnostic)
            return None

    def value(self, entry: Entry, setting: Setting, *, quiet: bool = False) -> Any:
        """The value of one setting; None, with a finding, where it has none."""
        name = entry.name.text
        try:
            if entry.drawn:
                draw = read_draw(entry.value, setting, entry.module, name)
                self._bounded(entry, draw, setting)
                if self.free:
                    return draw
                raise Fault(self._still_free(entry, draw))
            value = reading.read(entry.value, setting, entry.module, name)
            self._bounded(entry, value, setting)
            return value
        except Fault as fault:
            if not quiet:
                self.add(fault.diagnostic)
            return None

    def _still_free(self, entry: Entry, draw: Distribution) -> Diagnostic:
        """A net's own draw is to blame where it stands, an inherited one at the net."""
        name = entry.name.text
        message = f"`{name}` is still free: a net fixes it with `{name} = …`"
        own = self.out.block.span
        at = entry.value.span
        if at.source is own.source and own.start <= at.start < own.end:
            return Diagnostic(FREE, message, at)
        label = Label(at, f"it may be one of {write_draw(draw)}")
        return Diagnostic(FREE, message, self.out.block.head, (label,))

    def _bounded(self, entry: Entry, value: Any, setting: Setting) -> None:
        for bound in entry.bounds:
            draw = read_draw(bound.value, setting, bound.module, entry.name.text)
            if not (within(value, draw) if entry.drawn else can_draw(draw, value)):
                shown = entry.value.span.text if entry.drawn else spoken(value)
                message = f"{shown} is outside of what its space draws: {write_draw(draw)}"
                label = Label(bound.value.span, "the space draws it here")
                raise Fault(Diagnostic(EXTENDS, message, entry.value.span, (label,)))

    def report(self, kind: Kind, message: str, at: Span, *, hint: str = "", name: str = "") -> None:
        """Add an error; `name` is what is missing.

        What an ancestor was to give is not missing if that one is, and what could not be read is
        not either.
        """
        if kind is MISSING and (not self.out.whole or name in self.out.broken):
            self.lacking = True
            return
        self.add(Diagnostic(kind, message, at, help=hint))

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a finding, once."""
        if diagnostic not in self.said:
            self.said.add(diagnostic)
            self.diagnostics.append(diagnostic)
