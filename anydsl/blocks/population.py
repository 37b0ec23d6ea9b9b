"""What many designs cost, measured together: the blocks evaluated over columns.

The same blocks, shape rules and costs as for one network; only the numbers are columns. Where the
designs don't agree on a condition, or on whether something fits, those on either side go on by
themselves, so every design is measured as it would be alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from anydsl.blocks.columns import Numbers, Whole, column
from anydsl.blocks.evaluator import MOST_OPERATIONS, Evaluator
from anydsl.blocks.flows import Array, Flow, among, as_array, highest, merged, same, taken
from anydsl.blocks.results import Feature
from anydsl.design.network import Part, Stage
from anydsl.design.values import BlockDef, Groups
from anydsl.graph.operations import Cost, Operation, Shape
from anydsl.language.builder import LARGEST
from anydsl.language.column import Fork
from anydsl.language.diagnostics import Fault
from anydsl.language.record import Record

CHUNK = 2**16
"""How many designs are measured at once: their columns should fit a processor's cache."""


class Picked(Record):
    """A setting that is one of a few values: that of design i is `values[index[i]]`."""

    values: tuple[Any, ...]
    index: Array


class Place(Record):
    """A stage of every design.

    Attributes:
        d: its depth in each design, an int64 array or one number; 0 where a design lacks the stage.
        block: the block, or a `Picked` of blocks.
        settings: what the block is given, as in a `Stage`; in place of a value there may be an
            int64 array or a `Picked`, also in `Groups`. A tuple has a value for each block.
    """

    d: Any
    block: Any
    settings: tuple[tuple[str, Any], ...] = ()


class Population(Record):
    """Designs that share an input and have the same parts, in columns.

    Attributes:
        size: how many designs there are; every array has so many entries.
        stem, head: as in a network; settings may be columns as those of a `Place`.
    """

    size: int
    input: tuple[int, int, int]
    stages: tuple[Place, ...]
    stem: Part | None = None
    head: Part | None = None


class PopulationCost(Record):
    """What each design costs.

    Attributes:
        params, flops, acts: int64, 0 where a design does not build.
        builds: whether it does, as `measurement.measure` says of one network.
        widths: by stage and design, what the stage puts out; 0 where it is absent, or none builds.
    """

    params: Array
    flops: Array
    acts: Array
    builds: Array
    widths: Array


def measure_population(population: Population, *, chunk: int = CHUNK) -> PopulationCost:
    """Measure designs: parameters, multiply-adds and acts of each, exact.

    Args:
        population: the designs.
        chunk: how many are measured at once; it changes nothing but speed and memory.
    """
    starts = range(0, population.size, chunk)
    parts = [_Chunk(population, at, min(at + chunk, population.size)).measure() for at in starts]
    if not parts:
        none = np.zeros(0, np.int64)
        widths = np.zeros((len(population.stages), 0), np.int64)
        return PopulationCost(none, none, none, np.zeros(0, np.bool_), widths)
    return PopulationCost(
        *(
            np.concatenate([getattr(part, field) for part in parts], axis=-1)
            for field in PopulationCost.__fields__
        )
    )


class _Leaf(Record):
    """Designs for which a block does the same; `flow` is what it puts out, None if it fails."""

    index: Array | None
    before: tuple[Any, ...]
    shape: Shape | None
    cost: Cost
    operations: int
    placed: bool


class _Chunk:
    def __init__(self, population: Population, start: int, stop: int) -> None:
        self.rows = slice(start, stop)
        self.size = stop - start
        self.population = population
        self.depths: list[Numbers] = [self._cut(stage.d) for stage in population.stages]
        self.costs: list[Numbers] = [0, 0, 0]
        self.operations: list[tuple[Array | None, Numbers]] = []
        self.widths = np.zeros((len(population.stages), self.size), np.int64)

    def measure(self) -> PopulationCost:
        population = self.population
        flows = [Flow(None, population.input)]
        if population.stem is not None:
            flows = self._part(population.stem, flows)
        for number, stage in enumerate(population.stages):
            flows = self._stage(number, stage, flows)
        if population.head is not None:
            flows = self._part(population.head, flows)
        builds = np.zeros(self.size, np.bool_)
        for flow in flows:
            builds[slice(None) if flow.index is None else flow.index] = True
        counted: Numbers = 0
        if sum(highest(times) for _, times in self.operations) > MOST_OPERATIONS:
            for index, times in self.operations:
                counted = counted + self._spread(times, index)
            builds &= as_array(counted, self.size) <= MOST_OPERATIONS
        for total in self.costs:
            if highest(total) > LARGEST:
                builds &= (as_array(total, self.size) <= LARGEST).astype(np.bool_)
        self.widths[:, ~builds] = 0
        params, flops, acts = (
            np.where(builds, as_array(total, self.size), 0).astype(np.int64) for total in self.costs
        )
        return PopulationCost(params, flops, acts, builds, self.widths)

    # ----------------------------------------------------------------------------- the parts

    def _part(self, part: Part, flows: list[Flow]) -> list[Flow]:
        """Lead designs through a stem or a head."""
        settings = tuple((name, self._cut(value)) for name, value in part.settings)
        out: list[Flow] = []
        for flow in flows:
            for own, block, given in self._alike(flow, part.block, settings):
                for leaf in self._leaves(own, block, dict(given), 0, 0):
                    if leaf.shape is not None:
                        self._count(leaf, 1)
                        out.append(Flow(leaf.index, leaf.shape))
        return merged(out, self.size)

    def _stage(self, number: int, stage: Place, flows: list[Flow]) -> list[Flow]:
        """Lead designs through a stage."""
        settings = tuple((name, self._cut(value)) for name, value in stage.settings)
        block = self._cut(stage.block)
        ended: list[Flow] = []
        done: list[Flow] = []
        for flow in flows:
            absent, present = self._split(flow, self.depths[number], 1)
            ended += absent
            for some in present:
                for own, chosen, given in self._alike(some, block, settings):
                    done += self._blocks(number, Stage("", 1, chosen, given), own)
        for flow in done:
            index = slice(None) if flow.index is None else flow.index
            width = flow.shape[0]
            self.widths[number, index] = width.numbers if isinstance(width, Whole) else width
        return merged(ended + done, self.size)

    def _blocks(self, number: int, stage: Stage, flow: Flow) -> list[Flow]:
        """Lead designs that have a stage through its blocks, all of them the same kind."""
        done: list[Flow] = []
        depth = self.depths[number]
        listed = any(isinstance(value, tuple) for _, value in stage.settings)
        flows, i = [flow], 0
        while flows:
            following: list[Flow] = []
            for some in flows:
                ended, going = self._split(some, depth, i + 1) if i > 1 else ([], [some])
                done += ended
                for each in going:
                    for leaf in self._leaves(each, stage.block, stage.block_settings(i), number, i):
                        left = taken(depth, leaf.index) - i  # 0 where the stage has ended before
                        steady = i > 0 and not leaf.placed and not listed
                        if leaf.shape is not None and steady and same(leaf.before, leaf.shape):
                            self._count(leaf, left)
                            done.append(Flow(leaf.index, leaf.shape))
                            continue
                        before = Flow(leaf.index, leaf.before)
                        ended, _ = self._split(before, depth, i + 1)
                        done += ended
                        if leaf.shape is None:
                            continue
                        self._count(leaf, left.least(1) if isinstance(left, Whole) else 1)
                        _, on = self._split(Flow(leaf.index, leaf.shape), depth, i + 1)
                        if i == 0:  # those that end here may come along: that is faster
                            following += on if highest(left) > 1 else []
                            done += [] if highest(left) > 1 else on
                            continue
                        for reached in on:
                            ended, going_on = self._split(reached, depth, i + 2)
                            done += ended
                            following += going_on
            flows, i = merged(following, self.size), i + 1
        return done

    def _alike(
        self, flow: Flow, block: Any, settings: tuple[tuple[str, Any], ...]
    ) -> Iterator[tuple[Flow, BlockDef, tuple[tuple[str, Any], ...]]]:
        """The designs with the same picks."""
        places = [n for n, (_, value) in enumerate(settings) if isinstance(value, Picked)]
        if isinstance(block, Picked):
            for some, chosen in self._by(flow, block):
                yield from self._alike(some, chosen, settings)
        elif places:
            name, value = settings[places[0]]
            for some, chosen in self._by(flow, value):
                fixed = ((name, chosen),)
                yield from self._alike(
                    some, block, settings[: places[0]] + fixed + settings[places[0] + 1 :]
                )
        else:
            yield flow, block, settings

    def _by(self, flow: Flow, picked: Picked) -> Iterator[tuple[Flow, Any]]:
        index = picked.index if flow.index is None else picked.index[flow.index]
        for pick, value in enumerate(picked.values):
            some = among(flow, index == pick)
            if some is not None:
                yield some, value

    def _split(self, flow: Flow, depth: Numbers, least: int) -> tuple[list[Flow], list[Flow]]:
        """Those whose stage is less deep than that, and the others."""
        depth = taken(depth, flow.index)
        if isinstance(depth, int):
            return ([flow], []) if depth < least else ([], [flow])
        if depth.low >= least:
            return [], [flow]
        deep = depth.numbers >= least
        below, above = among(flow, ~deep), among(flow, deep)
        return [below] if below else [], [above] if above else []

    # ----------------------------------------------------------------------------- a block

    def _leaves(
        self, flow: Flow, block: BlockDef, given: dict[str, Any], number: int, i: int
    ) -> Iterator[_Leaf]:
        """Evaluate a block, again for either side wherever designs don't agree."""
        waiting = [flow]
        placed = False
        while waiting:
            now = waiting.pop()
            made: list[tuple[Operation, tuple[Shape, ...]]] = []

            def record(
                _path: str,
                operation: Operation,
                inputs: tuple[Feature, ...],
                shape: Shape,
                made: list[tuple[Operation, tuple[Shape, ...]]] = made,
            ) -> Feature:
                made.append((operation, tuple(x.shape for x in inputs)))
                return Feature(shape)

            evaluator = Evaluator(record, noting=False)
            own = {name: taken(value, now.index) for name, value in given.items()}
            positions: dict[str, Any] = {"i": i, "j": 0, "depth": 1}
            if placed:
                before = sum(self.depths[:number])
                positions["j"] = taken(before, now.index) + i
                positions["depth"] = taken(sum(self.depths), now.index)
            shape: Shape | None = None
            cost = Cost()
            sides: Array | None = None
            try:
                shape = evaluator.run(block, own, Feature(now.shape), "", positions).shape
                for operation, inputs in made:
                    cost += operation.cost(*inputs)
            except Fork as fork:
                sides = fork.sides
            except Fault:
                pass
            if evaluator.placed and not placed:
                placed = True  # those before it in this loop did not ask: theirs is done
                waiting.append(now)
            elif sides is not None:
                waiting += [some for some in (among(now, ~sides), among(now, sides)) if some]
            else:
                yield _Leaf(
                    now.index, now.shape, shape, cost, evaluator.operations, evaluator.placed
                )

    def _count(self, leaf: _Leaf, times: Numbers) -> None:
        """Add what a block costs, so many times."""
        self.operations.append((leaf.index, leaf.operations * times))
        for n, one in enumerate((leaf.cost.params, leaf.cost.flops, leaf.cost.acts)):
            self.costs[n] = self.costs[n] + self._spread(one * times, leaf.index)

    def _spread(self, some: Numbers, index: Array | None) -> Numbers:
        """A column for all of the chunk, 0 where it has no number."""
        if index is None:
            return some
        numbers = some.numbers if isinstance(some, Whole) else some
        full = np.zeros(self.size, object if highest(some) > LARGEST else np.int64)
        full[index] = numbers
        return Whole(full, 0, highest(some))

    def _cut(self, value: Any) -> Any:
        """The part of a setting that belongs to this chunk."""
        match value:
            case Picked():
                return Picked(value.values, value.index[self.rows])
            case Groups():
                return Groups(self._cut(value.n))
            case tuple():
                return tuple(map(self._cut, cast("tuple[Any, ...]", value)))
            case _:
                is_array = isinstance(value, np.ndarray)
                return column(cast("Array", value)[self.rows]) if is_array else value
