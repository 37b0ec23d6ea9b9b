"""Designs of a space: the first of the proposals (seed, i, 0), (seed, i, 1), … that is accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from anydsl.design.network import Network, Space
from anydsl.design.values import Value
from anydsl.errors import AnydslError
from anydsl.spaces.batch import Array, Batch
from anydsl.spaces.describing import describe_stage
from anydsl.spaces.matching import Matching
from anydsl.spaces.plan import Plan, Slot
from anydsl.spaces.streams import Stream, tile
from anydsl.spaces.trials import Trials

CHUNK = 2**15
"""How many proposals are made at once; it changes nothing but speed and memory."""

PATIENCE = 2**18
"""Of so many proposals one has to be accepted, and as many of all that follow."""

MOST_NUMBERS = 2**22
"""So many random numbers are enough to lose patience, where a proposal takes many of them."""

STRATUM = "flops in the stratum of the design's number"

STRATUM_PATIENCE = 2**18
"""A stratum that none of so many proposals of one design meets is as good as empty."""

_HALVED, _WORTH = 32, 2**14


class Design:
    """One design: the stages, what they cost, and which proposal it was."""

    __slots__ = ("_batch", "_row", "index", "tries")

    def __init__(self, index: int, tries: int, batch: Batch, row: int) -> None:
        self.index = index
        self.tries = tries
        self._batch = batch
        self._row = row

    @property
    def costs(self) -> dict[str, int]:
        """`params`, `flops` and `acts`."""
        return {key: int(column[self._row]) for key, column in self._batch.costs.items()}

    @property
    def space(self) -> Space:
        """The space that it was drawn from."""
        return self._batch.plan.space

    def draws(self) -> list[tuple[str, Value]]:
        """What was drawn: the key and the value of each draw, widths before they were adjusted."""
        variables = self._batch.plan.variables
        return [
            (variable.key, self._batch.value(self._row, Slot(None, number)))
            for number, variable in enumerate(variables)
        ]

    def described(self) -> dict[str, Any]:
        """The design as plain data: index, settings of the stages, costs."""
        stages = [
            describe_stage(self._batch.stage(self._row, place), self._batch.width(self._row, place))
            for place in range(self._batch.stages)
        ]
        return {"index": self.index, "stages": stages, **self.costs}

    def network(self) -> Network:
        """The design as a network, with the rules and waivers of its space."""
        space = self.space
        stages = tuple(self._batch.stage(self._row, place) for place in range(self._batch.stages))
        return Network(
            f"{space.name}_{self.index}",
            space.input,
            stages,
            stem=space.stem,
            head=space.head,
            rules=tuple(rule.replace(inherited=True) for rule in space.rules),
            waivers=tuple(waiver.replace(inherited=True) for waiver in space.waivers),
        )


class Sampler:
    """Draws designs of a space.

    Attributes:
        proposals: how many were tried up to the accepted ones.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        chunk: int = CHUNK,
        paired: Sequence[str] = (),
        matching: Matching | None = None,
    ) -> None:
        """Make ready to draw.

        Args:
            space: what is drawn from.
            seed: of all numbers.
            chunk: how many proposals are made at once.
            paired: the names of the numbers that this space and others take, from
                `pairing.names`; samplers with the same names and seed draw alike.
            matching: the costs that the designs have to have.
        """
        self.space = space
        self.plan = Plan(space)
        self.trials = Trials(self.plan)
        own = self.trials.proposer.names
        self.stream = Stream(seed, len(paired or own))
        self._rows = [paired.index(name) for name in own] if paired else None
        self._matching = matching
        self.chunk = max(1, min(chunk, 2**20 // self.stream.width))
        self.patience = max(1, min(PATIENCE, MOST_NUMBERS // self.stream.width))
        if matching is not None:
            self.patience *= 16  # strata have a patience of their own
        self.proposals = 0
        self.accepted = 0

    def designs(self, n: int, start: int = 0) -> list[Design]:
        """Designs start to start + n - 1, in order.

        Raises:
            AnydslError: the space is met too rarely.
        """
        found: dict[int, Design] = {}
        pending = np.arange(start, start + n, dtype=np.int64)
        number = tried = 0
        while len(pending):
            for tries in _pieces(tile(number), self.chunk, len(pending)):
                if not len(pending):
                    break
                size = max(1, self.chunk // len(tries))
                for at in range(0, len(pending), size):
                    some = pending[at : at + size]
                    self._try(some, number, tries, found)
                    tried += len(some) * len(tries)
                    if tried >= self.patience and len(found) < tried // self.patience:
                        raise AnydslError(self._rare(tried, len(found)))
                    if self._matching is not None and tries.stop > STRATUM_PATIENCE:
                        raise AnydslError(self._empty(self._matching, int(some[0]), tries.stop))
                pending = pending[[int(i) not in found for i in pending]]
            number += 1
        self.proposals += sum(design.tries for design in found.values())
        self.accepted += n
        return [found[i] for i in range(start, start + n)]

    def _try(self, some: Array, number: int, tries: range, found: dict[int, Design]) -> None:
        u: Any = self.stream.proposals(some, number, tries)
        first = np.full(len(some), len(tries))
        kept = self.trials.run(u if self._rows is None else u[self._rows])
        if self._matching is not None:
            kept = [self._matched(self._matching, some, tries, *found) for found in kept]
        for places, _ in kept:
            np.minimum.at(first, places // len(tries), places % len(tries))
        for places, batch in kept:
            design, place = places // len(tries), places % len(tries)
            rows = np.flatnonzero(first[design] == place)
            own = batch.take(rows)
            for row, (d, t) in enumerate(zip(design[rows], place[rows], strict=True)):
                index = int(some[d])
                found[index] = Design(index, tries.start + int(t) + 1, own, row)

    def _matched(
        self, matching: Matching, some: Array, tries: range, places: Array, batch: Batch
    ) -> tuple[Array, Batch]:
        keeps = matching.keeps(some[places // len(tries)], batch)
        self.trials.judged[STRATUM] += len(keeps)
        self.trials.kept[STRATUM] += int(keeps.sum())
        rows = np.flatnonzero(keeps)
        return places[rows], batch.take(rows)

    def rates(self) -> list[tuple[str, int, int]]:
        """For each requirement how many proposals came to it and how many kept it."""
        return [
            (name, self.trials.kept[name], judged) for name, judged in self.trials.judged.items()
        ]

    def _empty(self, matching: Matching, index: int, tried: int) -> str:
        low, high = matching.between(index)
        return (
            f"{self.space.name} has hardly a design with flops in {low:,}..{high:,}: none of "
            f"{tried:,} proposals, where what it is compared with has some. Require flops of a "
            "range that all can meet, or draw widths and depths in finer steps"
        )

    def _rare(self, tried: int, accepted: int) -> str:
        lines = [
            f"{self.space.name} is met too rarely to be sampled: {accepted} of {tried:,} proposals "
            "were accepted. Of those that came to each requirement, one after the other, kept it:"
        ]
        for name, kept, judged in self.rates():
            lines.append(f"  {kept:>9,} of {judged:>9,}  {name}")
        return "\n".join(lines)


def _pieces(whole: range, chunk: int, designs: int) -> Iterator[range]:
    """A tile in parts: as there are fewer to draw at the end of a long one.

    A part is not so short that most of the time would go into the calls.
    """
    least = max(_HALVED, _WORTH // designs)
    size = min(chunk, len(whole) if len(whole) < least else max(least, len(whole) // 4))
    for start in range(whole.start, whole.stop, size):
        yield range(start, min(start + size, whole.stop))
