"""Requirements that no draw of a space can meet, found before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from anydsl.design.network import Rule, Space
from anydsl.design.predicates import Not, Predicate, Quantity, Shared, write
from anydsl.design.values import is_number
from anydsl.language.diagnostics import Diagnostic, Label
from anydsl.spaces.bounds import Bounds, allowed, bounds, possible
from anydsl.spaces.faults import IMPOSSIBLE
from anydsl.spaces.plan import Chain, Plan
from anydsl.spaces.sequences import Formula, atoms, count
from anydsl.spaces.terms import order

_MOST_VALUES = 20_000
"""Draws with more values are not counted here: a check is quick."""


def contradictions(space: Space) -> list[Diagnostic]:
    """What makes a space empty: requirements that no draw meets, alone or together."""
    plan = Plan(space)
    found: list[Diagnostic] = []
    for rule, holds in plan.settled:
        if not holds:
            message = f"`{write(rule.predicate)}` can't hold: all stages have the same value"
            found += _said(space, message, (rule,), order(rule.predicate))
    for chain in plan.chains:
        found += _chain(space, plan, chain)
    rules = [*plan.screens, *plan.finals]
    for rule in rules:
        key = order(rule.predicate)
        if key and plan.whole(key) and _never(rule.predicate, key, plan):
            message = f"`{write(rule.predicate)}` can't hold: what the stages have is fixed"
            found += _said(space, message, (rule,), key, "given")
        elif not possible(rule.predicate, plan):
            said = allowed(rule.predicate)
            more = f": it is {_between(bounds(said[0], plan))} in every draw" if said else ""
            found += _said(space, f"`{write(rule.predicate)}` can't hold{more}", (rule,), "")
    for pair in _exclusive(rules):
        found += _together(space, pair, "")
    return found


def _chain(space: Space, plan: Plan, chain: Chain) -> Iterator[Diagnostic]:
    choices = [plan.choices(slot) for slot in chain.slots]
    if sum(map(len, choices)) > _MOST_VALUES or count(chain.formula, choices):
        return
    for number in range(1, len(chain.rules) + 1):
        for some in combinations(chain.rules, number):
            if count(Formula([rule.predicate for rule in some]), choices):
                continue
            if number == 1:
                message = f"`{write(some[0].predicate)}` can't hold: no draw of the stages keeps it"
                yield from _said(space, message, some, chain.key)
            else:
                yield from _together(space, some, chain.key)
            return


def _never(predicate: Predicate, key: str, plan: Plan) -> bool:
    """Whether the values of a key, none of them drawn, are in an order that is not allowed."""
    slots = [s for place in range(len(plan.slots)) if (s := plan.slot(place, key)) is not None]
    if plan.generator or not slots or any(slot.variable is not None for slot in slots):
        return False
    values = [slot.value for slot in slots]
    if any(isinstance(value, tuple) for value in values):
        return False  # a list has a value for each block
    shared = all(isinstance(atom, Shared) for atom in atoms(predicate))
    if not shared and not all(map(is_number, values)):
        return False
    return count(Formula([predicate]), [(value,) for value in values]) == 0


def _exclusive(rules: list[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Pairs of which one denies the other, or that leave a quantity no number."""
    said: dict[Predicate, Rule] = {}
    least: dict[Quantity, tuple[Any, Rule]] = {}
    most: dict[Quantity, tuple[Any, Rule]] = {}
    for rule in rules:
        predicate = rule.predicate
        denied = predicate.predicate if isinstance(predicate, Not) else Not(predicate)
        within = allowed(predicate)
        if denied in said:
            yield said[denied], rule
        elif within is not None:
            quantity, (low, high) = within
            if quantity in most and low > most[quantity][0]:
                yield most[quantity][1], rule
            elif quantity in least and high < least[quantity][0]:
                yield least[quantity][1], rule
            if quantity not in least or low > least[quantity][0]:
                least[quantity] = low, rule
            if quantity not in most or high < most[quantity][0]:
                most[quantity] = high, rule
        said[predicate] = rule


def _together(space: Space, rules: tuple[Rule, ...], key: str) -> list[Diagnostic]:
    texts = [f"`{write(rule.predicate)}`" for rule in rules]
    message = f"{', '.join(texts[:-1])} and {texts[-1]} can't hold together"
    return _said(space, message, rules, key)


def _said(
    space: Space, message: str, rules: tuple[Rule, ...], key: str, how: str = "drawn"
) -> list[Diagnostic]:
    """The finding at the last of the rules, with the other ones and the values as labels."""
    last = rules[-1]
    at = last.span or space.place("")
    if at is None:
        raise ValueError(message)  # a space that was never text: whoever made it has to know
    labels = [
        Label(rule.span, f"required here by {rule.owner}")
        for rule in rules[:-1]
        if rule.span is not None
    ]
    if key:
        drawn = dict.fromkeys(space.place(f"{stage.name}.{key}") for stage in space.stages)
        labels += [Label(span, f"`{key}` is {how} here") for span in drawn if span is not None]
    return [Diagnostic(IMPOSSIBLE, message, at, tuple(labels))]


def _between(ends: Bounds) -> str:
    low, high = ends
    return f"{low}" if low == high else f"{low} to {high}"
