"""How many draws a space has, by counting."""

from __future__ import annotations

from anydsl.design.network import Rule, Space
from anydsl.language.record import Record
from anydsl.spaces.plan import Plan
from anydsl.spaces.sequences import count

MOST_VALUES = 2**18
"""Orders over more values, in all stages together, are not counted."""


class Size(Record):
    """The size of a space.

    Attributes:
        draws: how many draws keep the requirements that were counted; None where a draw has no
            step, so that there is no end of them.
        counted: requirements of order, each over draws of its own for each stage.
        uncounted: the others, which make the space smaller by what only sampling tells.
    """

    draws: int | None
    counted: tuple[Rule, ...]
    uncounted: tuple[Rule, ...]

    @property
    def rounded(self) -> str:
        """The number of draws to two digits, as in 1.8e18."""
        if self.draws is None:
            return "endless"
        if self.draws < 10_000:
            return str(self.draws)
        digits = len(str(self.draws)) - 1
        tenths = round(self.draws / 10 ** (digits - 1))
        digits, tenths = (digits + 1, 10) if tenths == 100 else (digits, tenths)
        return f"{tenths // 10}.{tenths % 10}e{digits}"


def size(space: Space) -> Size:
    """Count the draws of a space that keep what is required of their order."""
    plan = Plan(space)
    draws = int(all(holds for _, holds in plan.settled))
    chained: set[int] = set()
    chains = [
        chain
        for chain in plan.chains
        if sum(len(plan.choices(slot)) for slot in chain.slots) <= MOST_VALUES
    ]
    for chain in chains:
        draws *= count(chain.formula, [plan.choices(slot) for slot in chain.slots])
        chained |= {slot.variable for slot in chain.slots if slot.variable is not None}
    for number, variable in enumerate(plan.variables):
        if number not in chained and not variable.law.continuous:
            draws *= len(variable.law.values)
    endless = draws and any(variable.law.continuous for variable in plan.variables)
    counted = [rule for rule, _ in plan.settled]
    counted += [rule for chain in chains for rule in chain.rules]
    required = [rule for rule in space.rules if rule.kind == "require"]
    return Size(
        None if endless else draws,
        tuple(rule for rule in required if rule in counted),
        tuple(rule for rule in required if rule not in counted),
    )
