"""Proposals held to a space: made compatible, measured, and kept where the requirements hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from anydsl.design.network import Rule
from anydsl.design.predicates import write
from anydsl.design.quantized import compatible as exactly_compatible
from anydsl.design.values import Groups, Symbol, is_number
from anydsl.design.vocabulary import MOST_BLOCKS
from anydsl.spaces.adjusting import compatible, quantized_linear
from anydsl.spaces.batch import Array, Batch, Irregular, is_column
from anydsl.spaces.costing import cost
from anydsl.spaces.judging import judge
from anydsl.spaces.plan import Plan
from anydsl.spaces.proposing import Floats, Proposer
from anydsl.spaces.terms import totals

BUILDS = "the design builds"
_FINE = 2**20


class Trials:
    """Makes proposals of a space and says which are designs of it.

    Attributes:
        proposer: what draws.
        judged, kept: by requirement, how many proposals came to it and how many of them kept it;
            one after the other, so that the product of the rates is the acceptance.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.proposer = Proposer(plan)
        self.judged: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()
        self.finals = sorted(plan.finals, key=lambda rule: len(totals(rule.predicate)))

    def run(self, u: Floats) -> list[tuple[Array, Batch]]:
        """Try proposals.

        Args:
            u: uniform numbers, as the proposer takes them.

        Returns:
            Batches of those that are designs of the space, with their places among the proposals.
        """
        found: list[tuple[Array, Batch]] = []
        for rows, batch in self._batches(u):
            places, kept = rows, batch
            for step in (self._screen, self._adjust, self._measure):
                chosen = step(kept)
                places = places[chosen]
                kept = kept.take(chosen) if len(chosen) < kept.size else kept
                if not len(places):
                    break
            else:
                found.append((places, kept))
        return found

    def _batches(self, u: Floats) -> Iterator[tuple[Array, Batch]]:
        """Draw; a generator's designs are sorted by their number of stages."""
        drawn, size = self.proposer.draw(u), u.shape[1]
        if not self.plan.generator:
            stages = len(self.plan.slots)
            yield np.arange(size), Batch(self.proposer, drawn, size, stages)
            return
        numbers = [self._parameter(name, drawn, size) for name in ("d", "w0", "wa", "wm", "q")]
        d, w0, wa, wm, q = numbers
        stages, depths, widths = quantized_linear(
            d.astype(np.int64), w0, wa, wm, q.astype(np.int64)
        )
        for count in np.unique(stages).tolist():
            rows = np.flatnonzero(stages == count)
            chosen = [column[rows] for column in drawn]
            if count == 0:
                self._tally(BUILDS, np.zeros(len(rows), np.bool_))
                continue
            own = [depths[rows, place] for place in range(count)]
            batch = Batch(self.proposer, chosen, len(rows), count, own)
            batch.widths = [widths[rows, place] for place in range(count)]
            yield rows, batch

    def _parameter(self, name: str, drawn: list[Array], size: int) -> Floats:
        slot = self.plan.generator.get(name)
        if slot is None or slot.variable is None:
            value: Any = 8 if slot is None else slot.value
            return np.full(size, float(value))
        table = self.proposer.tables[slot.variable]
        column = drawn[slot.variable]
        return (column if table is None else table.numbers[column]).astype(np.float64)

    # ------------------------------------------------------------------------- requirements

    def _screen(self, batch: Batch) -> Array:
        """Those whose draws keep what is required of draws."""
        return self._hold(self.plan.screens, batch, adjusted=False)

    def _adjust(self, batch: Batch) -> Array:
        """Make widths compatible; those that keep what is required of widths."""
        for place in range(batch.stages):
            _fit(batch, place)
        return self._hold(self.plan.again, batch, adjusted=True, again=True)

    def _measure(self, batch: Batch) -> Array:
        """Those that build and keep what is required of costs."""
        builds = cost(batch)
        depth: Any = sum(batch.numbers(place, "d") for place in range(batch.stages))
        builds &= depth <= MOST_BLOCKS
        self._tally(BUILDS, builds)
        rows = np.flatnonzero(builds)
        if not len(rows) or not self.finals:
            return rows
        whole = batch if len(rows) == batch.size else batch.take(rows)
        return rows[self._hold(self.finals, whole, adjusted=True)]

    def _hold(
        self, rules: list[Rule], batch: Batch, *, adjusted: bool, again: bool = False
    ) -> Array:
        rows = np.arange(batch.size)
        left = batch
        for rule in rules:
            mask = judge(rule.predicate, left, adjusted=adjusted)
            name = write(rule.predicate)
            self._tally(f"{name}, widths made compatible" if again else name, mask)
            if not mask.all():
                chosen = np.flatnonzero(mask)
                rows, left = rows[chosen], left.take(chosen)
            if not len(rows):
                break
        return rows

    def _tally(self, name: str, mask: Array) -> None:
        self.judged[name] += len(mask)
        self.kept[name] += int(mask.sum())


def _fit(batch: Batch, place: int) -> None:
    """Make the widths of a stage compatible, where they are drawn or generated."""
    plan = batch.plan
    slots = plan.slots[batch.place(place)]
    width = batch.widths[place]
    if batch.depths is None:
        slot = slots.get("w")
        if slot is None or slot.variable is None:
            return
        width = batch.numbers_drawn(place)
    assert width is not None
    rounding = plan.generator.get("rounding")
    word: Any = rounding.value if rounding is not None else "pycls"
    try:
        b, g = batch.numbers(place, "b"), batch.numbers(place, "g")
    except Irregular:
        b = g = None
        irregular = True
    else:
        irregular = _ratio(batch, place, b) is None
    if irregular:
        batch.widths[place] = _one_by_one(batch, place, width, word)
        return
    ratio = _ratio(batch, place, b)
    assert ratio is not None
    groups, unit = _grouping(batch, place, g)
    batch.widths[place] = compatible(width, ratio, unit, groups, word)


def _ratio(batch: Batch, place: int, b: Any) -> tuple[Any, Any] | None:
    """A column of bottleneck ratios as numerators and denominators; None if these are long."""
    if b is None:
        return 1, 1
    if not is_column(b):
        exact = Fraction(b) if is_number(b) else Fraction(1)
        return exact.numerator, exact.denominator
    if b.dtype.kind == "i":
        return b, 1
    slot = batch.slot(place, "b")
    assert slot is not None
    table = batch.table(slot)
    if table is None or len(table.values) > _FINE:
        return None
    assert slot.variable is not None
    exacts = [Fraction(value) for value in filter(is_number, table.values)]
    if max(max(e.numerator, e.denominator) for e in exacts) > _FINE:
        return None
    rows = batch.drawn[slot.variable]
    above = np.array([e.numerator for e in exacts], np.int64)
    below = np.array([e.denominator for e in exacts], np.int64)
    return above[rows], below[rows]


def _grouping(batch: Batch, place: int, g: Any) -> tuple[Any, Any]:
    """Numbers of groups and group widths, 0 where there are none."""
    if isinstance(g, Groups):
        return g.n, 0
    if not is_column(g):
        return 0, g if is_number(g) else 0
    slot = batch.slot(place, "g")
    table = batch.table(slot) if slot is not None and slot.variable is not None else None
    if table is None or table.numeric:
        return 0, g.astype(np.int64)
    assert slot is not None and slot.variable is not None
    rows = batch.drawn[slot.variable]
    groups = np.array([v.n if isinstance(v, Groups) else 0 for v in table.values], np.int64)
    units = np.array([v if isinstance(v, int) else 0 for v in table.values], np.int64)
    return groups[rows], units[rows]


def _one_by_one(batch: Batch, place: int, width: Array, rounding: str) -> Array:
    """The same where columns can't say it: blocks that are drawn, ratios with long denominators."""
    from anydsl.blocks.measurement import setting

    made: list[int] = []
    for row in range(batch.size):
        stage = batch.stage(row, place, adjusted=False)
        assert isinstance(batch.value(row, batch.plan.slots[batch.place(place)]["block"]), Symbol)
        b, g = setting(stage, "b"), setting(stage, "g")
        ratio: Any = b if is_number(b) else 1
        groups = g.n if isinstance(g, Groups) else None
        unit = g if isinstance(g, int) else None
        made.append(exactly_compatible(int(width[row]), ratio, unit, groups, rounding))
    return np.array(made, np.int64)
