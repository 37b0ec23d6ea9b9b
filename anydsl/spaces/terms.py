"""What a requirement looks at: keys of the stages, totals of the network."""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.design.predicates import (
    Aggregate,
    And,
    Arithmetic,
    Comparison,
    Not,
    Or,
    Ordered,
    Predicate,
    Quantity,
    Shared,
    Total,
    Within,
)

COSTS = frozenset({"flops", "params", "acts"})


def keys(predicate: Predicate) -> set[str]:
    """The settings of the stages that a predicate looks at; `depth` looks at `d`."""
    found: set[str] = set()
    for part in _walk(predicate):
        match part:
            case Shared() | Ordered() | Aggregate():
                found.add(part.key)
            case Total(name="depth"):
                found.add("d")
            case _:
                pass
    return found


def totals(predicate: Predicate) -> set[str]:
    """The totals that a predicate looks at."""
    return {part.name for part in _walk(predicate) if isinstance(part, Total)}


def order(predicate: Predicate) -> str:
    """The key of a formula of `shared`, `nondecreasing` and `increasing` of one key; else empty."""
    found: set[str] = set()
    for part in _walk(predicate):
        match part:
            case Shared() | Ordered():
                found.add(part.key)
            case And() | Or() | Not():
                pass
            case _:
                return ""
    return found.pop() if len(found) == 1 else ""


def _walk(part: Predicate | Quantity) -> Iterator[Predicate | Quantity]:
    yield part
    match part:
        case And() | Or() | Comparison() | Arithmetic():
            yield from _walk(part.left)
            yield from _walk(part.right)
        case Not():
            yield from _walk(part.predicate)
        case Within():
            yield from _walk(part.quantity)
        case Shared() | Ordered() | Total() | Aggregate():
            pass
        case _:
            if not hasattr(part, "numerator"):
                raise AssertionError(part)
