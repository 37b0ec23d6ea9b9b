"""Rules over a design: what holds, and which value is to blame where it doesn't.

The set of predicates is closed. They compare as values, which is how a `waive` finds its `prefer`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Protocol, assert_never

from anydsl.design.values import Groups, Number, Range, Value, is_number, spoken
from anydsl.language.record import Record

TOTALS = {
    "flops": "multiply-adds of one picture",
    "params": "parameters",
    "acts": "output sizes of all convolution-like layers",
    "depth": "blocks in all stages",
    "stages": "how many stages there are",
}
ORDERS = ("shared", "nondecreasing", "increasing")
AGGREGATES: dict[str, Callable[[list[Number]], Number]] = {
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "min": min,
    "max": max,
    "sum": sum,
}


class Shared(Record):
    """`shared(key)`: the stages agree on the key."""

    key: str


class Ordered(Record):
    """`nondecreasing(key)`, or `increasing(key)` where `strict`."""

    key: str
    strict: bool = False
    except_last: bool = False


class Total(Record):
    """`flops`, `params`, `acts`, `depth`, `stages`."""

    name: str


class Aggregate(Record):
    """`first(key)`, `last(key)`, `min(key)`, `max(key)`, `sum(key)` over the stages."""

    function: str
    key: str


class Arithmetic(Record):
    """`left operator right` over quantities."""

    operator: str
    left: Quantity
    right: Quantity


Quantity = int | Fraction | Total | Aggregate | Arithmetic


class Comparison(Record):
    """`left operator right`."""

    operator: str
    left: Quantity
    right: Quantity


class Within(Record):
    """`quantity in range` or `quantity in [list]`."""

    quantity: Quantity
    values: Range | tuple[Value, ...]


class And(Record):
    """Both hold."""

    left: Predicate
    right: Predicate


class Or(Record):
    """At least one holds."""

    left: Predicate
    right: Predicate


class Not(Record):
    """It doesn't hold."""

    predicate: Predicate


Predicate = Shared | Ordered | Comparison | Within | And | Or | Not


class Facts(Protocol):
    """What predicates look at: a network that has been measured."""

    def values(self, key: str) -> list[tuple[str, Value]]:
        """Stage name and value of a key, for the stages that have it."""
        ...

    def total(self, name: str) -> int:
        """One of `TOTALS`."""
        ...


class Blame(Record):
    """Why a predicate fails: a value, by its path, and the value it clashes with."""

    message: str
    path: str = ""
    other: str = ""
    other_message: str = ""


def write(predicate: Predicate) -> str:
    """A predicate as it is written in the language."""
    match predicate:
        case Shared():
            return f"shared({predicate.key})"
        case Ordered():
            name = "increasing" if predicate.strict else "nondecreasing"
            more = ", except_last = true" if predicate.except_last else ""
            return f"{name}({predicate.key}{more})"
        case Comparison():
            left, right = _write(predicate.left), _write(predicate.right)
            return f"{left} {predicate.operator} {right}"
        case Within():
            return f"{_write(predicate.quantity)} in {spoken(predicate.values)}"
        case And():
            return f"{_bracket(predicate.left)} and {_bracket(predicate.right)}"
        case Or():
            return f"{_bracket(predicate.left)} or {_bracket(predicate.right)}"
        case Not():
            return f"not {_bracket(predicate.predicate)}"
        case _:
            assert_never(predicate)


def holds(predicate: Predicate, facts: Facts) -> bool:
    """Whether a predicate holds."""
    return not blame(predicate, facts)


def blame(predicate: Predicate, facts: Facts) -> list[Blame]:
    """Why a predicate fails, at the narrowest values; nothing where it holds."""
    match predicate:
        case Shared():
            return _blame_shared(predicate, facts)
        case Ordered():
            return _blame_ordered(predicate, facts)
        case Comparison():
            left, right = quantity(predicate.left, facts), quantity(predicate.right, facts)
            if left is None or right is None:
                return [_no_value(predicate.left if left is None else predicate.right)]
            if _COMPARE[predicate.operator](left, right):
                return []
            message = f"{_write(predicate.left)} is {_count(left)}"
            if not isinstance(predicate.right, (int, Fraction)):
                message += f" and {_write(predicate.right)} is {_count(right)}"
            message = f"`{write(predicate)}` does not hold: {message}"
            return [Blame(message, _path(predicate.left, facts))]
        case Within():
            value = quantity(predicate.quantity, facts)
            if value is None:
                return [_no_value(predicate.quantity)]
            if _within(value, predicate.values):
                return []
            name = _write(predicate.quantity)
            message = f"{name} is {_count(value)}, outside of {spoken(predicate.values)}"
            return [Blame(message, _path(predicate.quantity, facts))]
        case And():
            return blame(predicate.left, facts) + blame(predicate.right, facts)
        case Or():
            left, right = blame(predicate.left, facts), blame(predicate.right, facts)
            return (
                [Blame(f"neither holds: {left[0].message}; {right[0].message}")]
                if left and right
                else []
            )
        case Not():
            if blame(predicate.predicate, facts):
                return []
            return [Blame(f"{write(predicate.predicate)} holds")]
        case _:
            assert_never(predicate)


def quantity(of: Quantity, facts: Facts) -> Number | None:
    """What a quantity comes to; None where no stage has the key, or it divides by zero."""
    match of:
        case Total():
            return facts.total(of.name)
        case Aggregate():
            values = [v for _, v in facts.values(of.key) if isinstance(v, (int, Fraction))]
            return AGGREGATES[of.function](values) if values else None
        case Arithmetic():
            left, right = quantity(of.left, facts), quantity(of.right, facts)
            if left is None or right is None or (right == 0 and of.operator in ("/", "//", "%")):
                return None
            return _ARITHMETIC[of.operator](left, right)
        case _:
            return of


_COMPARE: dict[str, Callable[[Number, Number], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}
_ARITHMETIC: dict[str, Callable[[Number, Number], Number]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: Fraction(a) / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


def _no_value(of: Quantity) -> Blame:
    return Blame(f"`{_write(of)}` has no value here: no stage has that number, or it divides by 0")


def _within(value: Number, values: Range | tuple[Value, ...]) -> bool:
    if isinstance(values, tuple):
        return value in values
    inside = values.low <= value <= values.high
    return inside and (values.step is None or (value - values.low) % values.step == 0)


def _blame_shared(predicate: Shared, facts: Facts) -> list[Blame]:
    values = facts.values(predicate.key)
    found: list[Blame] = []
    for stage, value in values[1:]:
        first, expected = values[0]
        if value != expected:
            one, other = _counted(value), _counted(expected)
            message = f"`{predicate.key}` is {one} in {stage} but {other} in {first}"
            key = predicate.key
            found.append(Blame(message, f"{stage}.{key}", f"{first}.{key}", "differs from this"))
            break  # one is enough to say that it is not shared
    return found


def _counted(value: Value) -> str:
    return f"{value.n} groups" if isinstance(value, Groups) else spoken(value)


def _blame_ordered(predicate: Ordered, facts: Facts) -> list[Blame]:
    key = predicate.key
    values = [(s, v) for s, v in facts.values(key) if is_number(v)]
    if predicate.except_last:
        values = values[:-1]
    found: list[Blame] = []
    for (before, left), (stage, right) in pairwise(values):
        if right < left or (predicate.strict and right == left):
            verb = "falls" if right < left else "does not rise"
            message = (
                f"`{key}` {verb} from {spoken(left)} in {before} to {spoken(right)} in {stage}"
            )
            label = "it falls from this" if right < left else "it does not rise from this"
            found.append(Blame(message, f"{stage}.{key}", f"{before}.{key}", label))
    return found


def _path(of: Quantity, facts: Facts) -> str:
    """The value that a quantity of the stages comes from; empty for totals."""
    if not isinstance(of, Aggregate) or of.function == "sum":
        return ""
    values = [(s, v) for s, v in facts.values(of.key) if isinstance(v, (int, Fraction))]
    if of.function in ("first", "last"):
        stage = values[0][0] if of.function == "first" else values[-1][0]
    else:
        extreme = AGGREGATES[of.function]([v for _, v in values])
        stage = next(s for s, v in values if v == extreme)
    return f"{stage}.{of.key}"


def _count(value: Number) -> str:
    return f"{value:,}" if isinstance(value, int) else spoken(value)


def _write(of: Quantity) -> str:
    match of:
        case Total():
            return of.name
        case Aggregate():
            return f"{of.function}({of.key})"
        case Arithmetic():
            parts = [_operand(part) for part in (of.left, of.right)]
            return f"{parts[0]} {of.operator} {parts[1]}"
        case _:
            return spoken(of)


def _operand(of: Quantity) -> str:
    text = _write(of)
    return f"({text})" if isinstance(of, Arithmetic) or "/" in text or text[0] == "-" else text


def _bracket(predicate: Predicate) -> str:
    text = write(predicate)
    return f"({text})" if isinstance(predicate, (And, Or)) else text
