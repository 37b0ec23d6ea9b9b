"""One space for each way to keep and to break some principles: the cells of a factorial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from anydsl.design.network import Rule, Space, Waiver
from anydsl.design.predicates import Not, Total, write
from anydsl.design.study import PRINCIPLES
from anydsl.language.record import Record
from anydsl.language.source import Span
from anydsl.spaces.bounds import allowed


class Cell(Record):
    """The designs of a space that break these principles and keep the others.

    Attributes:
        name: such as `breaks_bw`, or `keeps_all`.
        broken: the letters of the principles, in the order of the factorial.
    """

    name: str
    broken: tuple[str, ...]
    space: Space


def cells(
    base: Space, letters: Sequence[str], places: Mapping[str, Span] | None = None
) -> tuple[Cell, ...]:
    """All 2^k cells over k principles, those that break fewer first.

    In each cell a principle is required, or its opposite is. What the base itself requires of one
    of them no longer counts, so that the base may be a space that keeps them all.

    Args:
        base: what all designs have in common.
        letters: which principles, by the keys of `PRINCIPLES`.
        places: where each letter was written, for errors.
    """
    predicates = {letter: PRINCIPLES[letter] for letter in letters}
    about = {p for kept in predicates.values() for p in (kept, Not(kept))}
    rules = tuple(rule for rule in base.rules if rule.predicate not in about)
    waivers = tuple(waiver for waiver in base.waivers if waiver.predicate not in about)
    found: list[Cell] = []
    for size in range(len(letters) + 1):
        for broken in combinations(letters, size):
            name = f"breaks_{''.join(broken)}" if broken else "keeps_all"
            required = tuple(
                Rule(
                    "require",
                    Not(kept) if letter in broken else kept,
                    owner=name,
                    span=(places or {}).get(letter),
                )
                for letter, kept in predicates.items()
            )
            waived = tuple(
                Waiver(
                    predicates[letter], "", f"{name}: what is {write(predicates[letter])} worth?"
                )
                for letter in broken
            )
            space = base.replace(
                name=name, doc="", rules=(*rules, *required), waivers=(*waivers, *waived)
            )
            found.append(Cell(name, broken, space))
    return tuple(found)


def flops_range(space: Space) -> tuple[int, int] | None:
    """Between what a space requires its flops to lie; None where it leaves an end open."""
    low, high = 0.0, float("inf")
    for rule in space.rules:
        within = allowed(rule.predicate) if rule.kind == "require" else None
        if within is not None and within[0] == Total("flops"):
            low, high = max(low, float(within[1][0])), min(high, float(within[1][1]))
    return (int(low), int(high)) if 1 <= low <= high < float("inf") else None
