"""Waivers: which rules a declaration breaks on purpose, and which of them cancel nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from anydsl.checker.editing import take_out
from anydsl.checker.outcomes import UNUSED_WAIVER
from anydsl.checker.registry import files, rule
from anydsl.checker.rule import NetworkRule, Rule
from anydsl.design.faults import UNKNOWN_NAME
from anydsl.design.network import Waiver
from anydsl.design.predicates import Predicate, write
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Fix, nearest


class Waivers:
    """The waivers of one declaration.

    Attributes:
        used: those that have cancelled something.
    """

    def __init__(self, waivers: Iterable[Waiver]) -> None:
        self.waivers = tuple(waivers)
        self.used: set[Waiver] = set()

    def named(self) -> list[Rule]:
        """The rules that are waived by their names."""
        found = (rule(w.rule) for w in self.waivers if w.predicate is None)
        return [known for known in dict.fromkeys(found) if known is not None]

    def cancel(self, broken: Rule) -> bool:
        """Whether a waiver cancels a rule that is broken."""
        predicate = broken.predicate if isinstance(broken, NetworkRule) else None
        matching = [
            w
            for w in self.waivers
            if w.rule == broken.name or (w.predicate is not None and w.predicate == predicate)
        ]
        self.used |= set(matching)
        return bool(matching)

    def idle(
        self, block: tree.Block, holds: Callable[[Predicate], bool] | None = None
    ) -> list[Diagnostic]:
        """What is wrong with waivers: names of no rule, and those that cancel nothing.

        Args:
            block: the declaration, whose own waivers alone are judged.
            holds: whether a predicate holds; None where it isn't known what is broken.
        """
        found: list[Diagnostic] = []
        for waiver in self.waivers:
            if waiver.inherited or waiver.span is None or waiver in self.used:
                continue
            if waiver.predicate is None and waiver.rule not in files():
                hint = nearest(waiver.rule, files())
                message = f"no rule is called `{waiver.rule}`"
                found.append(Diagnostic(UNKNOWN_NAME, message, waiver.span, help=hint))
            elif holds is not None:
                message = _why(waiver, holds)
                fixes = _without(waiver, block)
                found.append(Diagnostic(UNUSED_WAIVER, message, waiver.span, fixes=fixes))
        return found


def _why(waiver: Waiver, holds: Callable[[Predicate], bool]) -> str:
    if waiver.predicate is None:
        return f"`{waiver.rule}` finds nothing here to waive"
    text = write(waiver.predicate)
    if holds(waiver.predicate):
        return f"`{text}` holds: there is nothing to waive"
    return f"no rule says `{text}`"


def _without(waiver: Waiver, block: tree.Block) -> tuple[Fix, ...]:
    for statement in block.body:
        if isinstance(statement, tree.Requirement) and statement.predicate.span == waiver.span:
            edit, lost = take_out(statement.span)
            return (Fix("take the waiver out", (edit,), not lost),)
    return ()
