"""Whether a net lies in a space, and every reason why it does not.

A net is in a space if some draw yields it and the requirements hold. What a space fixes with `=` is
no part of it: a child may fix it otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

from anydsl.blocks.measurement import Measurement, setting
from anydsl.design.draws import Distribution, can_draw
from anydsl.design.network import Rule, Space, Stage
from anydsl.design.predicates import Comparison, Within, blame, holds, quantity, write
from anydsl.design.quantized import compatible
from anydsl.design.values import Groups, Range, Symbol, Value
from anydsl.spaces.generated import generated
from anydsl.spaces.plan import Plan, Slot
from anydsl.spaces.reason import Reason, listed, number, outside, said
from anydsl.spaces.terms import COSTS, keys, totals


def reasons(
    space: Space, measured: Measurement, generator: tuple[tuple[str, Any], ...] = ()
) -> list[Reason]:
    """Every reason why a net is not in a space; none if it is.

    Args:
        space: the space.
        measured: the net, measured.
        generator: the parameters that its stages were made of, where they are known.
    """
    return list(_Member(space, measured).run(generator))


class _Member:
    def __init__(self, space: Space, measured: Measurement) -> None:
        self.space = space
        self.plan = Plan(space)
        self.measured = measured
        self.stages = measured.network.stages
        self.widths = [part.output[0] for part in measured.stages]

    def run(self, generator: tuple[tuple[str, Any], ...]) -> Iterator[Reason]:
        plan = self.plan
        if not plan.generator and len(self.stages) != len(plan.slots):
            stages = "1 stage" if len(self.stages) == 1 else f"{len(self.stages)} stages"
            message = f"it has {stages}, where the space has {len(plan.slots)}"
            yield Reason(message, "", self.space.place("body"))
        yield from self._settings()
        broken = False
        for rule in self.space.rules:
            if rule.kind == "require":
                for found in self._broken(rule):
                    broken = True
                    yield found
        if plan.generator:
            yield from generated(self.space, plan, self.measured, generator)
        elif len(self.stages) == len(plan.slots):
            yield from self._widths(broken)

    # ------------------------------------------------------------------------------ settings

    def _settings(self) -> Iterator[Reason]:
        """Settings that their draws can't give, but for widths."""
        found: dict[tuple[str, Value | None, Distribution], list[str]] = {}
        common: dict[int, list[tuple[str, Value | None]]] = {}
        for place, stage in enumerate(self.stages):
            made = 0 if self.plan.generator else place
            if made >= len(self.plan.slots):
                break
            for key, slot in self.plan.slots[made].items():
                if slot.variable is None or key == "w":
                    continue
                some_block = self.plan.slots[made]["block"].variable is not None
                if some_block and key not in ("d", "block") and stage.block.param(key) is None:
                    continue  # a drawn block takes what it has
                value = self._value(stage, place, key, slot)
                variable = self.plan.variables[slot.variable]
                common.setdefault(slot.variable, []).append((stage.name, value))
                if value is None or not can_draw(variable.law.draw, value):
                    found.setdefault((key, value, variable.law.draw), []).append(stage.name)
        for (key, value, draw), names in found.items():
            at = self.space.place(f"{self._name(names[0])}.{key}")
            if value is None:
                message = f"there is no one `{key}` to be drawn in {listed(names)}"
                yield Reason(message, names[0], at)
            else:
                where = f"`{key}` is {said(value)} in {listed(names)}"
                yield Reason(f"{where}, {outside(value, draw)}", f"{names[0]}.{key}", at)
        for drawn, ((first, one), *others) in common.items():
            key = self.plan.variables[drawn].key
            for name, other in others:
                if other != one and one is not None and other is not None:
                    values = f"is {said(other)} in {name} but {said(one)} in {first}"
                    message = f"`{key}` is drawn once for all stages, and {values}"
                    at = self.space.place(f"{self._name(name)}.{key}")
                    yield Reason(message, f"{name}.{key}", at)
                    break

    def _name(self, stage: str) -> str:
        """The stage of the space that a stage of the net is held to."""
        place = [s.name for s in self.stages].index(stage)
        return self.space.stages[0 if self.plan.generator else place].name

    def _value(self, stage: Stage, place: int, key: str, slot: Slot) -> Value | None:
        """The value of a key, in the form in which it is drawn; None where there is none."""
        if key == "block":
            return Symbol(stage.block.name, block=stage.block)
        value = setting(stage, key)
        if isinstance(value, tuple):
            value = value[0] if len(set(value)) == 1 else None
        if key == "g" and value is not None:
            assert slot.variable is not None
            drawn = self.plan.variables[slot.variable].law.values[:1]
            grouped = any(isinstance(v, Groups) for v in drawn)
            inner = max(1, int(self.widths[place] / ratio(stage)))
            if grouped and isinstance(value, int) and inner % min(value, inner) == 0:
                return Groups(inner // min(value, inner))
            if not grouped and isinstance(value, Groups) and inner % value.n == 0:
                return inner // value.n
        return value

    # -------------------------------------------------------------------------- requirements

    def _broken(self, rule: Rule) -> Iterator[Reason]:
        for found in blame(rule.predicate, self.measured):
            yield Reason(found.message + self._excess(rule), found.path, rule.span, rule.owner)

    def _excess(self, rule: Rule) -> str:
        """By how much a number misses its bound."""
        match rule.predicate:
            case Within(quantity=of, values=Range(low=low, high=high)):
                pass
            case Comparison(left=of, right=int() | Fraction() as bound):
                low = high = bound
            case _:
                return ""
        value = quantity(of, self.measured)
        if value is None or low <= value <= high:
            return ""
        off = value - high if value > high else low - value
        return f", {number(off)} too {'many' if value > high else 'few'}"

    # -------------------------------------------------------------------------------- widths

    def _widths(self, broken: bool) -> Iterator[Reason]:
        """Widths that no drawn width is made, alone or under the requirements."""
        choices: list[list[Value]] = []
        drawn: dict[int, int] = {}
        possible = True
        for place, stage in enumerate(self.stages):
            slot = self.plan.slots[place].get("w")
            if slot is None or slot.variable is None:
                choices.append([self.widths[place]])
                continue
            found = list(self._preimages(place, stage, slot.variable))
            if not found:
                possible = False
                draw = self.plan.variables[slot.variable].law.draw
                width = self.widths[place]
                why = outside(width, draw)
                if can_draw(draw, width):
                    why = "which the groups change"
                at = self.space.place(f"{self.space.stages[place].name}.w")
                message = f"`w` is {width} in {stage.name}, {why}"
                yield Reason(message, f"{stage.name}.w", at)
            drawn[place] = slot.variable
            choices.append(found)
        rules = [
            rule
            for rule in self.space.rules
            if rule.kind == "require"
            and "w" in keys(rule.predicate)
            and not COSTS & totals(rule.predicate)
        ]
        if possible and not broken and not self._some(choices, drawn, rules):
            names = ", ".join(f"`{write(rule.predicate)}`" for rule in rules)
            message = f"no draw of `w` that is made these widths keeps {names or 'one value'}"
            yield Reason(message, "", rules[0].span if rules else self.space.place("body"))

    def _preimages(self, place: int, stage: Stage, variable: int) -> Iterator[Value]:
        """The widths that can be drawn and are made the stage's width."""
        law = self.plan.variables[variable].law
        width, (b, g, groups) = self.widths[place], fitting(stage)
        if stage.block.param("w") is None:
            return
        own = [width] if can_draw(law.draw, width) else []
        near = (w for w in range(1, 2 * width + 2) if w != width)
        for w in (*own, *near):
            if can_draw(law.draw, w) and compatible(w, b, g, groups, "pycls") == width:
                yield w

    def _some(self, choices: list[list[Value]], drawn: dict[int, int], rules: list[Rule]) -> bool:
        """Whether some of the draws keep the requirements of widths."""
        for tried, draws in enumerate(product(*choices)):
            if tried >= _MOST_DRAWS:
                return True  # so many that one of them will do
            if any(
                draws[a] != draws[b] for a in drawn for b in drawn if a < b and drawn[a] == drawn[b]
            ):
                continue
            facts = _Drawn(self.measured, draws)
            if all(holds(rule.predicate, facts) for rule in rules):
                return True
        return False


_MOST_DRAWS = 100_000


class _Drawn:
    """A net with the widths that were drawn."""

    def __init__(self, measured: Measurement, widths: tuple[Value, ...]) -> None:
        self.measured = measured
        self.widths = widths

    def values(self, key: str) -> list[tuple[str, Value]]:
        if key != "w":
            return self.measured.values(key)
        names = [stage.name for stage in self.measured.network.stages]
        return list(zip(names, self.widths, strict=True))

    def total(self, name: str) -> int:
        return self.measured.total(name)


def ratio(stage: Stage) -> int | Fraction:
    """The bottleneck ratio of a stage, 1 where its block has none."""
    b = setting(stage, "b")
    return b if isinstance(b, (int, Fraction)) else 1


def fitting(stage: Stage) -> tuple[int | Fraction, int | None, int | None]:
    """What the widths of a stage have to fit: b, g and groups."""
    g = setting(stage, "g")
    groups = g.n if isinstance(g, Groups) else None
    return ratio(stage), g if isinstance(g, int) else None, groups
