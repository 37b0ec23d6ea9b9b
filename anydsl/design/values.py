"""What expressions stand for, and exact arithmetic over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, TypeGuard

from anydsl.design.faults import TOO_LARGE, WRONG_VALUE
from anydsl.language import tree
from anydsl.language.builder import LARGEST
from anydsl.language.column import NUMBERS, is_column
from anydsl.language.diagnostics import Diagnostic, Fault
from anydsl.language.record import Record
from anydsl.language.source import Span

if TYPE_CHECKING:
    from anydsl.design.modules import Module

Number = int | Fraction


class Size(Record):
    """`96x96` (height x width) or `3x224x224` (channels x height x width)."""

    dims: tuple[int, ...]


class Range(Record):
    """`low..high step step`, both ends included."""

    low: Number
    high: Number
    step: Number | None = None


class Groups(Record):
    """A group width given as the number of groups, to be turned into a width by a convolution."""

    n: int


class Symbol(Record):
    """A word, bare or called, that means something to whoever reads the setting.

    An operation or a block: `silu`, `bn(eps = 1e-3)`. `block` is the block of that name, where the
    place it is written in knows one.
    """

    name: str
    positional: tuple[Value, ...] = ()
    named: tuple[tuple[str, Value], ...] = ()
    block: BlockDef | None = None


class BlockDef(Record):
    """A block as it is written; `scope` is the module whose names its lines may use.

    Attributes:
        whole: whether all of its lines could be read.
    """

    name: str
    params: tuple[tree.Param, ...]
    lines: tuple[tree.Assign, ...]
    span: Span
    scope: Module
    whole: bool = True

    @property
    def signature(self) -> str:
        """`resnext(w, s = 1, …)`, as it is written."""
        return f"{self.name}({', '.join(p.span.text for p in self.params)})"

    def param(self, name: str) -> tree.Param | None:
        """The parameter of that name."""
        return next((p for p in self.params if p.name.text == name), None)


Value = int | Fraction | bool | str | Size | Range | Groups | Symbol | tuple["Value", ...]


def spoken(value: Value) -> str:
    """A value as it is written in the language."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            for scale, letter in ((10**9, "G"), (10**6, "M")):
                if value and value % scale == 0:
                    return f"{value // scale}{letter}"
            return str(value)
        case Fraction():
            return _decimal(value)
        case str():
            return f'"{value}"'
        case Size():
            return "x".join(map(str, value.dims))
        case Range():
            step = "" if value.step is None else f" step {spoken(value.step)}"
            return f"{spoken(value.low)}..{spoken(value.high)}{step}"
        case Groups():
            return str(value.n)
        case Symbol():
            arguments = [spoken(v) for v in value.positional]
            arguments += [f"{name} = {spoken(v)}" for name, v in value.named]
            return value.name + (f"({', '.join(arguments)})" if arguments else "")
        case tuple():
            return f"[{', '.join(map(spoken, value))}]"
        case _:
            return "a column of numbers"


def _decimal(value: Fraction) -> str:
    """A fraction as a decimal where that is exact and short, as a quotient elsewhere."""
    for digits in range(13):
        if (value * 10**digits).denominator == 1:
            sign, units = ("-" if value < 0 else ""), str(abs(int(value * 10**digits)))
            units = units.rjust(digits + 1, "0")
            return sign + (f"{units[:-digits]}.{units[-digits:]}" if digits else units)
    return f"{value.numerator}/{value.denominator}"


def is_number(value: object) -> TypeGuard[Number]:
    """Whether a value is a whole number or a fraction, or a column; a truth value is none."""
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def arithmetic(operator: str, left: Number, right: Number, at: Span) -> Number:
    """Compute `+ - * / // %` exactly.

    Raises:
        Fault: a division by zero, or a result beyond the limit.
    """
    if operator in ("/", "//", "%") and right == 0:
        raise Fault(Diagnostic(WRONG_VALUE, "this divides by zero", at))
    match operator:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case "/":
            result = (Fraction(left) if isinstance(left, int) else left) / right
        case "//":
            result = left // right
        case _:
            result = left % right
    return within_limit(result, at)


def within_limit(value: Number, at: Span) -> Number:
    """Return a number as a whole one where it is one.

    Raises:
        Fault: it is beyond the limit.
    """
    column: object = value
    if is_column(column):
        if column.beyond(LARGEST):
            raise _too_large(at)
        return value
    if abs(value.numerator) > LARGEST or value.denominator > LARGEST:
        raise _too_large(at)
    return value.numerator if value.denominator == 1 else value


def whole(value: Value) -> int | None:
    """A number that is whole, None for any other value."""
    if is_column(value):
        return value.whole()
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _too_large(at: Span) -> Fault:
    return Fault(Diagnostic(TOO_LARGE, f"this number is beyond the limit of {LARGEST:,}", at))


def compare(operator: str, left: Value, right: Value, at: Span) -> bool:
    """Decide `< <= == != >= > in`.

    Raises:
        Fault: the two can't be compared.
    """
    if operator == "==":
        return left == right
    if operator == "!=":
        return left != right
    if operator == "in":
        if isinstance(right, Range) and is_number(left):
            inside = right.low <= left <= right.high
            return inside and (right.step is None or (left - right.low) % right.step == 0)
        if isinstance(right, tuple):
            return left in right
        raise Fault(Diagnostic(WRONG_VALUE, "`in` needs a range `a..b` or a list", at))
    if is_number(left) and is_number(right):
        match operator:
            case "<":
                return left < right
            case "<=":
                return left <= right
            case ">":
                return left > right
            case _:
                return left >= right
    raise Fault(Diagnostic(WRONG_VALUE, f"`{operator}` compares numbers", at))


def _round(value: Number) -> Number:
    return round(value)


def _multiple(x: Number, of: Number = 8) -> Number:
    """The multiple nearest to x, but not below 90 % of it, nor below one (as for MobileNets)."""
    nearest = max(of, (x + of * Fraction(1, 2)) // of * of)
    return nearest + of if nearest < Fraction(9, 10) * x else nearest


def _min(*numbers: Number) -> Number:
    return min(numbers)


def _max(*numbers: Number) -> Number:
    return max(numbers)


FUNCTIONS: dict[str, tuple[Callable[..., Number], tuple[str, ...], str]] = {
    "round": (_round, ("x",), "the nearest whole number, halves to the even one"),
    "min": (_min, (), "the smallest of the numbers"),
    "max": (_max, (), "the largest of the numbers"),
    "multiple": (
        _multiple,
        ("x", "of"),
        "the multiple of `of` (8 if not given) nearest to x, never below 90 % of it",
    ),
}
"""Functions over numbers: what computes them, their parameters (none: any number), their doc."""


def apply_function(
    name: str,
    positional: Iterable[Value],
    named: dict[str, Value],
    at: Span,
) -> Number:
    """Apply one of `FUNCTIONS`.

    Raises:
        Fault: wrong arguments.
    """
    function, parameters, _ = FUNCTIONS[name]
    values = tuple(positional)
    signature = f"{name}({', '.join(parameters) or 'a, b, …'})"
    fits = (values or named.get("x") is not None) and (
        not parameters or len(values) + len(named) <= len(parameters)
    )
    fits = fits and all(n in parameters[len(values) :] for n in named)
    if not fits or not all(map(is_number, (*values, *named.values()))):
        raise Fault(Diagnostic(WRONG_VALUE, f"`{signature}` takes numbers", at))
    of = values[1] if name == "multiple" and len(values) > 1 else named.get("of", 1)
    if is_number(of) and of <= 0:
        raise Fault(Diagnostic(WRONG_VALUE, "`multiple` needs an `of` above 0", at))
    return within_limit(function(*values, **named), at)
