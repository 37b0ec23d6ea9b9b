"""What the lines of a block stand for while it is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anydsl.design.faults import TOO_LARGE
from anydsl.design.values import Symbol, Value, spoken
from anydsl.graph.operations import Operation, Shape
from anydsl.language.diagnostics import Diagnostic, Fault, Kind
from anydsl.language.record import Record
from anydsl.language.source import Span


class Feature(Record):
    """What flows through a network: its shape, and what the interpreter made of it."""

    shape: Shape
    node: Any = None


class Applicable(Record):
    """An operation or a block with arguments, not applied yet, and those that follow it."""

    symbol: Symbol
    at: Span
    then: tuple[Applicable, ...] = ()


Interpreter = Callable[[str, Operation, tuple[Feature, ...], Shape], Feature]
"""Path, operation, inputs and the shape of the output to the output."""

Result = Value | Feature | Applicable


LONGEST_CHAIN = 1000


def chain(first: Applicable, then: Applicable, at: Span) -> Applicable:
    """One operation after another: still an operation.

    Raises:
        Fault: there are too many of them.
    """
    if len(first.then) + len(then.then) >= LONGEST_CHAIN:
        message = f"this chain is beyond the limit of {LONGEST_CHAIN:,} operations"
        raise fault(TOO_LARGE, message, at)
    return first.replace(then=(*first.then, then.replace(then=()), *then.then))


def sort_of(value: Result | None) -> str:
    """What a result is, for messages."""
    match value:
        case Feature():
            return "a picture"
        case Applicable():
            return f"the operation `{value.symbol.name}`"
        case None:
            return "nothing"
        case _:
            return f"`{spoken(value)}`"


def fault(kind: Kind, message: str, at: Span) -> Fault:
    """Make the end of an evaluation, to be raised."""
    return Fault(Diagnostic(kind, message, at))
