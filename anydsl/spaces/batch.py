"""Many drawn designs of one space, in columns; all of them have the same number of stages."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from anydsl.blocks.measurement import setting
from anydsl.design.network import Stage
from anydsl.design.values import Symbol, Value
from anydsl.spaces.plan import Slot
from anydsl.spaces.proposing import Proposer, Table

Array = NDArray[Any]


class Irregular(Exception):
    """A key that some designs have and others lack, or numbers beside words: no column for it."""


class Batch:
    """Designs in columns.

    Attributes:
        drawn: for each variable of the plan the places of its values, or its numbers.
        stages: how many stages each design has.
        depths: by stage, where a generator gives them.
        widths: by stage, made to fit the groups; None where the stage keeps what it was given.
        costs: `params`, `flops` and `acts`, once they are known.
        outputs: by stage the width that it puts out, once it is known.
    """

    def __init__(
        self,
        proposer: Proposer,
        drawn: list[Array],
        size: int,
        stages: int,
        depths: list[Array] | None = None,
    ) -> None:
        self.proposer = proposer
        self.plan = proposer.plan
        self.drawn = drawn
        self.size = size
        self.stages = stages
        self.depths = depths
        self.widths: list[Array | None] = [None] * stages
        self.costs: dict[str, Array] = {}
        self.outputs: list[Array] = []

    def take(self, rows: Array) -> Batch:
        """Some of the designs."""
        depths = None if self.depths is None else [d[rows] for d in self.depths]
        taken = Batch(self.proposer, [d[rows] for d in self.drawn], len(rows), self.stages, depths)
        taken.widths = [None if w is None else w[rows] for w in self.widths]
        taken.costs = {key: cost[rows] for key, cost in self.costs.items()}
        taken.outputs = [w[rows] for w in self.outputs]
        return taken

    def slot(self, stage: int, key: str) -> Slot | None:
        """What gives a stage a key; a generator's stages are all alike."""
        return self.plan.slot(0 if self.depths is not None else stage, key)

    def place(self, stage: int) -> int:
        """The stage of the space that a stage is made from."""
        return 0 if self.depths is not None else stage

    def numbers(self, stage: int, key: str, *, adjusted: bool = True) -> Any:
        """A key of a stage: a column of numbers, codes for other values, or one fixed value.

        None where the stage has no such key.

        Args:
            stage: its place.
            key: the setting.
            adjusted: whether the widths are those that fit the groups.

        Raises:
            Irregular: there is no column that says it.
        """
        if key == "d" and self.depths is not None:
            return self.depths[stage]
        if key == "w" and (adjusted or self.depths is not None):
            width = self.widths[stage]
            if self.outputs and adjusted:
                return self.outputs[stage]
            if width is not None:
                return width
        slot = self.slot(stage, key)
        if not self.plan.everywhere(self.place(stage), key):
            raise Irregular  # another block lacks the key, or has another default
        if slot is None:
            return None
        if slot.variable is None:
            return slot.value
        table = self.table(slot)
        column = self.drawn[slot.variable]
        return column if table is None else table.numbers[column]

    def numbers_drawn(self, stage: int) -> Array:
        """The widths of a stage as they were drawn."""
        slot = self.plan.slots[self.place(stage)]["w"]
        assert slot.variable is not None
        table, column = self.table(slot), self.drawn[slot.variable]
        return column if table is None else table.numbers[column]

    def width(self, row: int, place: int) -> int:
        """What a stage of a design that was measured puts out."""
        return int(self.outputs[place][row])

    def table(self, slot: Slot) -> Table | None:
        """The table of a drawn slot; None where it is continuous."""
        assert slot.variable is not None
        return self.proposer.tables[slot.variable]

    def value(self, row: int, slot: Slot) -> Value:
        """What a slot gives one design, exactly."""
        if slot.variable is None:
            assert slot.value is not None
            return slot.value
        table = self.table(slot)
        drawn = self.drawn[slot.variable][row]
        if table is not None:
            return table.values[int(drawn)]
        return exactly(float(drawn))

    def stage(self, row: int, place: int, *, adjusted: bool = True) -> Stage:
        """One stage of one design, as a network has it."""
        made = self.place(place)
        slots = self.plan.slots[made]
        block = self.value(row, slots["block"])
        assert isinstance(block, Symbol) and block.block is not None
        given: dict[str, Any] = {
            key: self.value(row, slot)
            for key, slot in slots.items()
            if key not in ("d", "block") and block.block.param(key) is not None
        }
        width = self.widths[place]
        if width is not None and (adjusted or self.depths is not None):
            given["w"] = int(width[row])
        depth: Any = self.value(row, slots["d"])
        if self.depths is not None:
            depth = int(self.depths[place][row])
        name = self.plan.space.stages[made].name if self.depths is None else f"s{place + 1}"
        settings = tuple(
            (p.name.text, given[p.name.text]) for p in block.block.params if p.name.text in given
        )
        return Stage(name, depth, block.block, settings)


class Facts:
    """One design of a batch, for the predicates."""

    def __init__(self, batch: Batch, row: int, *, adjusted: bool) -> None:
        self.batch, self.row, self.adjusted = batch, row, adjusted
        self.stages = [batch.stage(row, place, adjusted=adjusted) for place in range(batch.stages)]

    def values(self, key: str) -> list[tuple[str, Value]]:
        """Stage name and value of a key, for the stages that have it."""
        found = [(stage.name, setting(stage, key)) for stage in self.stages]
        if key == "w" and self.adjusted and self.batch.outputs:
            found = [
                (stage.name, self.batch.width(self.row, place))
                for place, stage in enumerate(self.stages)
            ]
        return [(name, value) for name, value in found if value is not None]

    def total(self, name: str) -> int:
        """One of the totals."""
        if name == "stages":
            return len(self.stages)
        if name == "depth":
            return sum(stage.d for stage in self.stages)
        return int(self.batch.costs[name][self.row])


def exactly(number: float) -> int | Fraction:
    """A number of a continuous draw as it is written."""
    exact = Fraction(repr(number))
    return int(exact) if exact.denominator == 1 else exact


def is_column(value: object) -> TypeGuard[Array]:
    """Whether something is a column and not one value for all designs."""
    return isinstance(value, np.ndarray)
