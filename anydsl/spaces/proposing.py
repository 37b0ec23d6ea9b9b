"""Proposals: from uniform numbers to the draws of many designs at once, by inverse laws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anydsl.design.draws import Uniform
from anydsl.design.predicates import Not, Shared
from anydsl.design.values import Value, is_number
from anydsl.errors import AnydslError
from anydsl.spaces.laws import MOST_VALUES, Grid, Law
from anydsl.spaces.plan import Chain, Plan, Variable
from anydsl.spaces.sequences import FALLS, RISES, STAYS, Flags, Formula, count, tables, union

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Table:
    """The values of a draw, and the numbers that stand for them in arrays.

    Attributes:
        numbers: the values themselves where they are numbers, else codes that are equal where the
            values are.
        whole: whether all are whole numbers.
    """

    def __init__(self, values: Sequence[Value], codes: dict[Value, int]) -> None:
        self.values = values
        self.numeric = isinstance(values, Grid) or all(map(is_number, values))
        self.whole = values.whole if isinstance(values, Grid) else _whole(values)
        numbers: Any
        if not self.numeric:
            numbers = [codes.setdefault(value, len(codes)) for value in values]
        elif not isinstance(values, Grid):
            numbers = values
        elif self.whole:
            numbers = int(values.start) + int(values.step) * np.arange(len(values))
        else:
            numbers = values.floats()
        kind = np.int64 if self.whole or not self.numeric else np.float64
        self.numbers: NDArray[Any] = np.array(numbers, kind)


def _whole(values: Sequence[Value]) -> bool:
    return all(isinstance(v, int) and not isinstance(v, bool) for v in values)


class Proposer:
    """Turns uniform numbers into draws.

    Attributes:
        names: what each of the numbers is for that a proposal takes, such as `s2.w`.
        tables: for each variable of the plan its values; None where it is continuous.
        codes: the numbers of values that are no numbers.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.codes: dict[Value, int] = {}
        self.tables: list[Table | None] = [None] * len(plan.variables)
        _check(plan)
        self._chains = [_ChainLaw(plan, chain) for chain in plan.chains]
        chained: set[int] = set()
        for law in self._chains:
            table = Table(law.values, self.codes)
            for slot in law.chain.slots:
                if slot.variable is not None:
                    self.tables[slot.variable] = table
                    chained.add(slot.variable)
        self._singles = [i for i in range(len(plan.variables)) if i not in chained]
        self._cumulated: dict[int, Floats | None] = {}
        for number in self._singles:
            law = plan.variables[number].law
            if not law.continuous:
                self.tables[number] = Table(law.values, self.codes)
                self._cumulated[number] = None if _even(law) else np.array(law.cumulated)
        self.names = [name for law in self._chains for name in law.names]
        self.names += [_name(plan, plan.variables[number]) for number in self._singles]

    @property
    def width(self) -> int:
        """How many numbers a proposal takes."""
        return len(self.names)

    def draw(self, u: Floats) -> list[NDArray[Any]]:
        """Draw.

        Args:
            u: width x proposals uniform numbers in [0, 1).

        Returns:
            For each variable the places of its values in its table, or the numbers themselves.
        """
        drawn: list[NDArray[Any]] = [np.empty(0)] * len(self.plan.variables)
        row = 0
        for law in self._chains:
            places = law.draw(u[row : row + len(law.names)])
            row += len(law.names)
            for slot, column in zip(law.chain.slots, places, strict=True):
                if slot.variable is not None:
                    drawn[slot.variable] = column
        for number in self._singles:
            drawn[number] = self._single(number, u[row])
            row += 1
        return drawn

    def _single(self, number: int, u: Floats) -> NDArray[Any]:
        law = self.plan.variables[number].law
        if law.continuous:
            return np.array(law.inverse(u.tolist()))
        cumulated = self._cumulated[number]
        if cumulated is None:
            return (u * len(law.values)).astype(np.int64)
        return np.searchsorted(cumulated, u, side="right")


def _name(plan: Plan, variable: Variable) -> str:
    """A draw by the first stage that has it, or as a parameter of the generator."""
    stage = plan.space.stages[variable.stages[0]].name if variable.stages else "stages"
    return f"{stage}.{variable.key}"


def _check(plan: Plan) -> None:
    """Tables are made of all values, so that there can't be too many of them.

    Raises:
        AnydslError: there are.
    """
    for variable in plan.variables:
        if len(variable.law.values) > MOST_VALUES:
            raise AnydslError(
                f"`{variable.key}` of {plan.space.name} is drawn from more than {MOST_VALUES:,} "
                "values: take a coarser step, or none"
            )
    for chain in plan.chains:
        if sum(len(plan.choices(slot)) for slot in chain.slots) > MOST_VALUES:
            raise AnydslError(
                f"`{chain.key}` of {plan.space.name} has a required order over more than "
                f"{MOST_VALUES:,} values: take a coarser step"
            )


def _even(law: Law) -> bool:
    """Whether all values are alike."""
    draw = law.draw
    return isinstance(draw, Uniform) or len(getattr(draw, "values", ())) == len(law.values)


class _ChainLaw:
    """The conditional law of a chain, drawn from place to place.

    At a place the weight of what can follow a value is split by whether the next one is below,
    equal or above; in each part the next value is found in sums that belong to its flags.
    """

    def __init__(self, plan: Plan, chain: Chain) -> None:
        self.chain = chain
        choices = [plan.choices(slot) for slot in chain.slots]
        self.values, place_of = union(choices)
        weights: list[list[float]] = []
        for slot, choice in zip(chain.slots, choices, strict=True):
            law = plan.law(slot)
            row = [0.0] * len(self.values)
            for value, weight in zip(choice, law.probabilities() if law else [1.0], strict=True):
                row[place_of(value)] = weight
            weights.append(row)
        self._constant = _constant(chain)
        stages = [s for s, _ in enumerate(plan.slots) if plan.slot(s, chain.key) is not None]
        names = [f"{plan.space.stages[stage].name}.{chain.key}" for stage in stages]
        self.names = names[:1] if self._constant else names
        if self._constant:
            product = np.prod(np.array(weights), axis=0)
            self._first = np.cumsum(product)
            return
        after, _ = tables(chain.formula, weights)
        self._first = np.cumsum(np.array(weights[0]) * np.array(after[0][chain.formula.start]))
        self._sums: list[dict[Flags, Floats]] = []
        for row, follow in zip(weights, after, strict=True):
            sums = {f: np.array(row) * np.array(rest) for f, rest in follow.items()}
            self._sums.append({f: np.concatenate(([0.0], np.cumsum(s))) for f, s in sums.items()})

    def draw(self, u: Floats) -> list[Places]:
        first = _search(self._first, u[0] * self._first[-1])
        length = len(self.chain.slots)
        if self._constant:
            return [first] * length
        formula = self.chain.formula
        found = [first]
        flags: NDArray[np.int64] | None = None  # one and the same for all
        alike = formula.start
        for place in range(1, length):
            live = [alike] if flags is None else np.unique(flags).tolist()
            if len(live) == 1:
                value, after = self._step(place, live[0], found[-1], u[place])
            else:
                assert flags is not None
                value, after = np.empty_like(first), np.empty_like(first)
                for flag in live:
                    rows = np.flatnonzero(flags == flag)
                    value[rows], after[rows] = self._step(
                        place, flag, found[-1][rows], u[place][rows]
                    )
            if isinstance(after, int):
                flags, alike = None, after
            else:
                flags = after
            found.append(value)
        return found

    def _step(
        self, place: int, flags: Flags, before: Places, u: Floats
    ) -> tuple[Places, NDArray[np.int64] | int]:
        """The next value after others, and the flags then."""
        last = place + 1 == len(self.chain.slots)
        after = [self.chain.formula.step(flags, kind, last=last) for kind in (0, 1, 2)]
        falls, stays, rises = (self._sums[place][f] for f in after)
        if falls[-1] == 0 and (after[STAYS] == after[RISES] or stays[-1] == 0):
            low = rises[before + (after[STAYS] != after[RISES])]
            return _search(rises[1:], low + u * (rises[-1] - low)), after[RISES]
        if after[FALLS] == after[STAYS] == after[RISES]:
            return _search(rises[1:], u * rises[-1]), after[RISES]
        below = falls[before]
        equal = stays[before + 1] - stays[before]
        above = rises[-1] - rises[before + 1]
        x = u * (below + equal + above)
        down, up = x < below, x >= below + equal
        value = before.copy()
        value[down] = _search(falls[1:], x[down])
        value[up] = _search(rises[1:], (x - below - equal + rises[before + 1])[up])
        following = np.full(len(before), after[STAYS])
        following[down], following[up] = after[FALLS], after[RISES]
        return value, following


def _constant(chain: Chain) -> bool:
    """Whether a formula leaves sequences of one value only."""
    differ = Formula([*chain.formula.predicates, Not(Shared(chain.key))])
    return count(differ, [range(len(chain.slots))] * len(chain.slots)) == 0


def _search(sums: Floats, x: Floats) -> Places:
    """The first place whose sum is above x; rounding never leads beyond the last weight."""
    last: Places = np.searchsorted(sums, sums[-1:])
    found: Places = np.searchsorted(sums, x, side="right")
    return np.minimum(found, last)
