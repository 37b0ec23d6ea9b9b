"""A space as a list of draws: which setting of which stages each one gives, and what binds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anydsl.blocks.measurement import setting
from anydsl.design.draws import Choice, LogUniform, Normal, Uniform
from anydsl.design.network import Rule, Space
from anydsl.design.predicates import Shared
from anydsl.design.values import Symbol, Value, is_number
from anydsl.language.record import Record
from anydsl.spaces.laws import Law
from anydsl.spaces.sequences import Formula
from anydsl.spaces.terms import COSTS, keys, order, totals


class Variable(Record):
    """One draw.

    Attributes:
        key: the setting, of the stages or of the generator.
        stages: the places of the stages that it gives the setting to.
    """

    key: str
    law: Law
    stages: tuple[int, ...] = ()


class Slot(Record):
    """A setting: a draw, by its number, or a value that is fixed."""

    value: Value | None
    variable: int | None = None


class Chain(Record):
    """The values of one key from stage to stage, with all that is required of their order.

    Attributes:
        slots: those of the stages that have the key; none gives the key to two stages.
    """

    key: str
    slots: tuple[Slot, ...]
    rules: tuple[Rule, ...]
    formula: Formula


class Plan:
    """What has to be drawn for a design of a space, and how.

    Attributes:
        variables: all draws.
        slots: for each stage what gives each of its keys, `d` and `block` among them.
        generator: what gives each parameter of the generator.
        chains: draws that are made jointly, under the requirements of their order.
        settled: requirements that hold, or can't hold, of every draw.
        screens: the other requirements that no cost is needed for.
        finals: those of costs, and of widths that only the blocks know.
        again: those of widths, which have to hold of the adjusted design too.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.variables: list[Variable] = []
        self.slots: list[dict[str, Slot]] = []
        self._shared: dict[str, int] = {}
        self.generator = {key: self._slot(key, value, (), set()) for key, value in space.generator}
        blocks, own = dict(space.blocks), dict(space.own)
        for place, stage in enumerate(space.stages):
            given: dict[str, Any] = dict(stage.settings)
            given["d"] = stage.d
            given["block"] = blocks.get(stage.name, Symbol(stage.block.name, block=stage.block))
            common = {k for k in space.shared if k not in own.get(stage.name, ())}
            self.slots.append(
                {key: self._slot(key, value, (place,), common) for key, value in given.items()}
            )
        required = [rule for rule in space.rules if rule.kind == "require"]
        self.chains: list[Chain] = []
        chained: set[int] = set()
        by_key: dict[str, list[Rule]] = {}
        for rule in required:
            if order(rule.predicate):
                by_key.setdefault(order(rule.predicate), []).append(rule)
        self.settled: list[tuple[Rule, bool]] = []
        for key, rules in by_key.items():
            truth = self._constant(key, rules)
            if truth is not None:
                self.settled += zip(rules, truth, strict=True)
                chained |= {id(rule) for rule in rules}
                continue
            chain = self._chain(key, rules)
            if chain is not None:
                self.chains.append(chain)
                chained |= {id(rule) for rule in rules}
        loose = [rule for rule in required if id(rule) not in chained]
        self.screens = [rule for rule in loose if not totals(rule.predicate) & COSTS]
        self.finals = [rule for rule in loose if totals(rule.predicate) & COSTS]
        wide = [
            rule for rule in required if "w" in keys(rule.predicate) and rule not in self.finals
        ]
        known = all("w" in slots for slots in self.slots)
        self.again = wide if known else []
        self.finals += [] if known else wide
        if self.generator or not known:  # widths are no draws
            self.screens = [rule for rule in self.screens if rule not in wide]

    def slot(self, place: int, key: str) -> Slot | None:
        """What gives a stage a key; its block's default where it is not given."""
        given = self.slots[place].get(key)
        if given is not None or self.slots[place]["block"].variable is not None:
            return given
        value = setting(self.space.stages[place], key)
        return None if value is None else Slot(value)

    def everywhere(self, place: int, key: str) -> bool:
        """Whether all blocks that a stage may have take what it gives them of a key."""
        block = self.slots[place]["block"]
        if block.variable is None or key in ("d", "block"):
            return True
        symbols = self.variables[block.variable].law.values
        return key in self.slots[place] and all(
            isinstance(symbol, Symbol)
            and symbol.block is not None
            and symbol.block.param(key) is not None
            for symbol in symbols
        )

    def whole(self, key: str) -> bool:
        """Whether the slots of a key are all that will be compared from stage to stage.

        They are not where a block that is drawn decides whether its stage has the key, and not
        where a width is what a block makes of its other settings.
        """
        if key == "w" and not self.generator and not all("w" in slots for slots in self.slots):
            return False
        return all(self.everywhere(place, key) for place in range(len(self.slots)))

    def law(self, slot: Slot) -> Law | None:
        """The law of a slot; None where its value is fixed."""
        return None if slot.variable is None else self.variables[slot.variable].law

    def choices(self, slot: Slot) -> Sequence[Value]:
        """The values that a slot can have; none where it is continuous."""
        law = self.law(slot)
        if law is not None:
            return law.values
        assert slot.value is not None
        return (slot.value,)

    def _slot(self, key: str, value: Any, stages: tuple[int, ...], common: set[str]) -> Slot:
        if not is_draw(value):
            return Slot(value)
        if key in common and key in self._shared:
            number = self._shared[key]
            variable = self.variables[number]
            self.variables[number] = variable.replace(stages=(*variable.stages, *stages))
            return Slot(None, number)
        self.variables.append(Variable(key, Law(value), stages))
        if key in common:
            self._shared[key] = len(self.variables) - 1
        return Slot(None, len(self.variables) - 1)

    def _constant(self, key: str, rules: list[Rule]) -> list[bool] | None:
        """Which rules hold, where one draw or value gives the key to all stages."""
        slots = [s for place in range(len(self.slots)) if (s := self.slot(place, key)) is not None]
        if self.generator and key in ("d", "w"):
            return None
        if (
            not self.whole(key)
            or not slots
            or len(set(slots)) > 1
            or (slots[0].variable is None and len(slots) > 1)
        ):
            return None
        found: list[bool] = []
        for rule in rules:
            formula = Formula([rule.predicate])
            lengths = (1, 2, 3) if self.generator else (len(slots),)
            truths = {formula.accepts(formula.stays(length)) for length in lengths}
            if len(truths) > 1:
                return None
            found.append(truths.pop())
        return found

    def _chain(self, key: str, rules: list[Rule]) -> Chain | None:
        """The draws of a key as a sequence, if each stage has its own or a fixed value."""
        if self.generator or not self.whole(key):
            return None
        slots = [s for place in range(len(self.slots)) if (s := self.slot(place, key)) is not None]
        drawn = [self.variables[s.variable] for s in slots if s.variable is not None]
        if not drawn or any(len(v.stages) > 1 or v.law.continuous for v in drawn):
            return None
        formula = Formula([rule.predicate for rule in rules])
        samples = [value for slot in slots for value in self.choices(slot)[:2]]
        if not all(map(is_number, samples)) and not all(
            isinstance(atom, Shared) for atom in formula.atoms
        ):
            return None
        if any(isinstance(value, tuple) for value in samples):
            return None  # a list has a value for each block
        return Chain(key, tuple(slots), tuple(rules), formula)


def is_draw(value: object) -> bool:
    """Whether a setting is a distribution."""
    return isinstance(value, (Uniform, LogUniform, Normal, Choice))
