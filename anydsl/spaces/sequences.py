"""Sequences of draws that rise, fall or agree: their number and their exact conditional law.

A formula of `shared`, `nondecreasing` and `increasing` of one key looks at neighbours only: whether
the next value is below, equal to or above the one before. So it is enough to carry, from stage to
stage, which of its predicates have held so far (the flags) and the last value; a table of what can
still come gives both the count and the law by dynamic programming.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from anydsl.design.predicates import And, Not, Or, Ordered, Predicate, Shared

Flags = int
FALLS, STAYS, RISES = range(3)


class Formula:
    """A conjunction of formulas of one key, read as a machine over the steps of a sequence.

    Attributes:
        atoms: the predicates that it is made of; flag i says whether atom i has held so far.
    """

    def __init__(self, predicates: Sequence[Predicate]) -> None:
        self.predicates = tuple(predicates)
        self.atoms = tuple(dict.fromkeys(a for p in predicates for a in atoms(p)))

    @property
    def start(self) -> Flags:
        """Nothing is broken yet."""
        return (1 << len(self.atoms)) - 1

    def step(self, flags: Flags, kind: int, *, last: bool) -> Flags:
        """The flags after one more value, that falls, stays or rises."""
        for place, atom in enumerate(self.atoms):
            if not _keeps(atom, kind, last=last):
                flags &= ~(1 << place)
        return flags

    def stays(self, length: int) -> Flags:
        """The flags after so many equal values."""
        flags = self.start
        for place in range(1, length):
            flags = self.step(flags, STAYS, last=place + 1 == length)
        return flags

    def accepts(self, flags: Flags) -> bool:
        """Whether the formula holds of a sequence that ends with these flags."""
        truth = {atom: bool(flags >> place & 1) for place, atom in enumerate(self.atoms)}
        return all(_value(predicate, truth) for predicate in self.predicates)


def atoms(predicate: Predicate) -> list[Shared | Ordered]:
    """The orders in a formula; none where it has other parts."""
    match predicate:
        case Shared() | Ordered():
            return [predicate]
        case Not():
            return atoms(predicate.predicate)
        case And() | Or():
            left, right = atoms(predicate.left), atoms(predicate.right)
            return left + right if left and right else []
        case _:
            return []


def tables(
    formula: Formula, weights: Sequence[Sequence[Any]]
) -> tuple[list[dict[Flags, list[Any]]], Any]:
    """What can still come.

    Args:
        formula: what has to hold in the end.
        weights: for each place of the sequence the weight of each value, in rising order of values;
            whole numbers count, probabilities give the law.

    Returns:
        For each place and each flags the weight of all that can follow each value, and the weight
        of all sequences together.
    """
    length, width = len(weights), len(weights[0])
    reached = _reached(formula, length)
    after: list[dict[Flags, list[Any]]] = [{} for _ in range(length)]
    after[-1] = {f: [int(formula.accepts(f))] * width for f in reached[-1]}
    for place in range(length - 2, -1, -1):
        here = weights[place + 1]
        last = place + 2 == length
        for flags in reached[place]:
            sums: list[list[Any]] = []
            for kind in (FALLS, STAYS, RISES):
                follow = after[place + 1][formula.step(flags, kind, last=last)]
                sums.append([p * b for p, b in zip(here, follow, strict=True)])
            below = [0, *accumulate(sums[FALLS])]
            above = [0, *accumulate(reversed(sums[RISES]))]
            after[place][flags] = [
                below[v] + sums[STAYS][v] + above[width - 1 - v] for v in range(width)
            ]
    first = after[0][formula.start]
    return after, sum(p * b for p, b in zip(weights[0], first, strict=True))


def count(formula: Formula, choices: Sequence[Sequence[Any]]) -> int:
    """How many sequences keep a formula, each place having its own choice of distinct values."""
    values, key = union(choices)
    weights = [[0] * len(values) for _ in choices]
    for place, choice in enumerate(choices):
        for value in choice:
            weights[place][key(value)] = 1
    return tables(formula, weights)[1]


def union(choices: Sequence[Sequence[Any]]) -> tuple[list[Any], Callable[[Any], int]]:
    """All values of some choices, numbers in rising order, and the place of a value among them."""
    values = list(dict.fromkeys(v for choice in choices for v in choice))
    if all(isinstance(v, (int,)) or hasattr(v, "numerator") for v in values):
        values.sort()
    places = {value: place for place, value in enumerate(values)}
    return values, places.__getitem__


def _reached(formula: Formula, length: int) -> list[set[Flags]]:
    reached = [{formula.start}]
    for place in range(1, length):
        last = place + 1 == length
        reached.append(
            {formula.step(f, kind, last=last) for f in reached[-1] for kind in (0, 1, 2)}
        )
    return reached


def _keeps(atom: Shared | Ordered, kind: int, *, last: bool) -> bool:
    if isinstance(atom, Shared):
        return kind == STAYS
    if atom.except_last and last:
        return True
    return kind == RISES or (kind == STAYS and not atom.strict)


def _value(predicate: Predicate, truth: dict[Any, bool]) -> bool:
    match predicate:
        case Not():
            return not _value(predicate.predicate, truth)
        case And():
            return _value(predicate.left, truth) and _value(predicate.right, truth)
        case Or():
            return _value(predicate.left, truth) or _value(predicate.right, truth)
        case _:
            return truth[predicate]
