"""Distributions of a space: what `key ~ …` may draw. How it is drawn is not known here."""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from anydsl.design import reading
from anydsl.design.faults import UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.modules import Module
from anydsl.design.values import Range, Value, spoken
from anydsl.language import tree
from anydsl.language.declaration import Setting
from anydsl.language.diagnostics import Diagnostic, Fault, nearest
from anydsl.language.record import Record


class Uniform(Record):
    """Every value of the range alike."""

    range: Range


class LogUniform(Record):
    """The logarithm is uniform, rounded up to the range's step."""

    range: Range


class Normal(Record):
    """Bell-shaped and clipped: the mean is the middle of the range, sigma a sixth of it."""

    range: Range


class Choice(Record):
    """Every value of the list alike."""

    values: tuple[Value, ...]


Distribution = Uniform | LogUniform | Normal | Choice

_OF_A_RANGE = {"uniform": Uniform, "log_uniform": LogUniform, "normal": Normal}
DISTRIBUTIONS: dict[str, type[Uniform | LogUniform | Normal | Choice]] = {
    **_OF_A_RANGE,
    "choice": Choice,
}


def read_draw(expr: tree.Expr, setting: Setting, module: Module, name: str) -> Distribution:
    """Read what stands behind `~`; every value that it can draw has to fit the setting.

    Raises:
        Fault: it is no distribution, or draws what does not fit.
    """
    if not isinstance(expr, tree.Call) or not isinstance(expr.callee, tree.Variable):
        message = f"`~` draws from a distribution: {', '.join(DISTRIBUTIONS)}"
        raise Fault(Diagnostic(WRONG_VALUE, message, expr.span))
    kind = expr.callee.name
    if kind not in DISTRIBUTIONS:
        hint = nearest(kind, DISTRIBUTIONS) or f"distributions are {', '.join(DISTRIBUTIONS)}"
        raise Fault(
            Diagnostic(UNKNOWN_NAME, f"`{kind}` is no distribution", expr.callee.span, help=hint)
        )
    if not expr.arguments:
        raise Fault(Diagnostic(WRONG_VALUE, f"`{kind}` needs something to draw from", expr.span))
    if any(a.name for a in expr.arguments):
        raise Fault(Diagnostic(WRONG_VALUE, f"`{kind}` takes values without names", expr.span))
    if kind == "choice":
        values = tuple(
            reading.fit(reading.evaluate(a.value, module), setting, module, name, a.span)
            for a in expr.arguments
        )
        return Choice(values)
    argument = expr.arguments[0]
    value = reading.evaluate(argument.value, module)
    if len(expr.arguments) > 1 or not isinstance(value, Range):
        message = f"`{kind}` takes one range, as in `{kind}(8..1024 step 8)`"
        raise Fault(Diagnostic(WRONG_VALUE, message, argument.span))
    for end in (value.low, value.high):
        reading.fit(end, setting, module, name, argument.span)
    step = value.step
    if step is None and setting.kind == "whole":
        step = 1
    if step is not None and setting.kind == "whole" and isinstance(step, Fraction):
        raise Fault(
            Diagnostic(WRONG_VALUE, f"`{name}` is a whole number: so is its step", argument.span)
        )
    if kind == "log_uniform" and value.low <= 0:
        raise Fault(Diagnostic(WRONG_VALUE, "`log_uniform` needs a range above 0", argument.span))
    made = _OF_A_RANGE[kind](Range(value.low, value.high, step))
    if step is not None and _last(made) < value.low:
        message = f"this range holds no multiple of {spoken(step)}"
        raise Fault(Diagnostic(WRONG_VALUE, message, argument.span))
    return made


def can_draw(draw: Distribution, value: Value) -> bool:
    """Whether a value is among those that a distribution can draw."""
    match draw:
        case Choice():
            return value in draw.values
        case Uniform() | LogUniform() | Normal():
            if not isinstance(value, (int, Fraction)) or isinstance(value, bool):
                return False
            low, high, step = draw.range.low, draw.range.high, draw.range.step
            start = low if isinstance(draw, Uniform) else 0
            return low <= value <= high and (step is None or (value - start) % step == 0)
        case _:
            assert_never(draw)


def within(draw: Distribution, outer: Distribution) -> bool:
    """Whether all that a distribution can draw, another one can draw too."""
    if isinstance(draw, Choice):
        return all(can_draw(outer, value) for value in draw.values)
    low, high, step = draw.range.low, draw.range.high, draw.range.step
    if isinstance(outer, Choice) or step is not None:
        if step is None or (high - low) / step > 2**16:
            return False if isinstance(outer, Choice) else _contains(draw, outer)
        start = low if isinstance(draw, Uniform) else -(-low // step) * step
        count = int((high - start) // step) + 1
        return all(can_draw(outer, start + i * step) for i in range(count))
    return _contains(draw, outer)


def write_draw(draw: Distribution) -> str:
    """A distribution as it is written in the language."""
    name = next(n for n, kind in DISTRIBUTIONS.items() if isinstance(draw, kind))
    if isinstance(draw, Choice):
        return f"{name}({', '.join(map(spoken, draw.values))})"
    return f"{name}({spoken(draw.range)})"


def _contains(draw: Uniform | LogUniform | Normal, outer: Uniform | LogUniform | Normal) -> bool:
    ends = outer.range.low <= draw.range.low and draw.range.high <= outer.range.high
    step, outer_step = draw.range.step, outer.range.step
    return ends and (outer_step is None or (step is not None and step % outer_step == 0))


def _last(draw: Distribution) -> int | Fraction:
    assert not isinstance(draw, Choice)
    step = draw.range.step
    assert step is not None
    start = draw.range.low if isinstance(draw, Uniform) else 0
    return start + (draw.range.high - start) // step * step
