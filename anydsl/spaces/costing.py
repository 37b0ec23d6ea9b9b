"""What the designs of a batch cost, and which of them build: the blocks evaluated over columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from anydsl.blocks.population import Picked, Place, Population, measure_population
from anydsl.design.values import Groups, is_number
from anydsl.spaces.batch import Array, Batch, exactly


def cost(batch: Batch) -> Array:
    """Give a batch its costs; return which designs build."""
    space = batch.plan.space
    stages = tuple(_place(batch, place) for place in range(batch.stages))
    population = Population(batch.size, space.input, stages, space.stem, space.head)
    measured = measure_population(population)
    batch.costs = {
        "params": measured.params,
        "flops": measured.flops,
        "acts": measured.acts,
    }
    batch.outputs = list(measured.widths)
    return measured.builds


def _place(batch: Batch, place: int) -> Place:
    made = batch.place(place)
    slots = batch.plan.slots[made]
    stage = batch.plan.space.stages[made]
    given = {key: _setting(batch, place, key) for key in slots if key not in ("d", "block")}
    block: Any = stage.block
    drawn = slots["block"].variable
    if drawn is not None:
        table = batch.proposer.tables[drawn]
        assert table is not None
        blocks = tuple(getattr(value, "block", None) for value in table.values)
        block = Picked(blocks, batch.drawn[drawn])
    elif "w" not in given and batch.widths[place] is not None and block.param("w") is not None:
        given["w"] = batch.widths[place]
    names = [p.name.text for p in block.params] if drawn is None else list(given)
    return Place(
        batch.numbers(place, "d"),
        block,
        tuple((name, given[name]) for name in names if name in given),
    )


def _setting(batch: Batch, place: int, key: str) -> Any:
    """A setting as a column of whole numbers, picks of a few values, or one value."""
    if key == "w" and batch.widths[place] is not None:
        return batch.widths[place]
    slot = batch.plan.slots[batch.place(place)][key]
    if slot.variable is None:
        return slot.value
    column = batch.drawn[slot.variable]
    table = batch.table(slot)
    if table is None:
        exact, places = np.unique(column, return_inverse=True)
        return Picked(tuple(map(exactly, exact.tolist())), places)
    if table.numeric and table.whole:
        return table.numbers[column]
    if not any(map(is_number, table.values)) and all(isinstance(v, Groups) for v in table.values):
        return Groups(np.array([v.n for v in table.values], np.int64)[column])  # type: ignore[arg-type, union-attr]
    used, places = np.unique(column, return_inverse=True)
    return Picked(tuple(table.values[int(place)] for place in used), places)
