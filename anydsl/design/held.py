"""Values held to what settings are declared as, and the errors where they don't fit."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from anydsl.design.faults import UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.modules import Module
from anydsl.design.values import FUNCTIONS, Size, Symbol, Value, is_number, spoken
from anydsl.language.declaration import Setting
from anydsl.language.diagnostics import Diagnostic, Edit, Fault, Fix
from anydsl.language.source import Span

_KINDS = {
    "whole": "a whole number",
    "number": "a number",
    "flag": "`true` or `false`",
    "numbers": "a list of numbers, as in `[30, 60]`",
    "text": 'a text in `"`',
    "size": "a height and a width, as in `96x96`",
    "shape": "channels, height and width, as in `3x224x224`",
}


def fit(value: Value, setting: Setting, module: Module, name: str, at: Span) -> Any:
    """Check a value against the declaration of a setting; a size comes as a plain tuple.

    Raises:
        Fault: it doesn't fit.
    """
    expected = f"`{name}` is {_KINDS.get(setting.kind, 'a value')}"
    match setting.kind:
        case "any":
            return value
        case "whole" if is_number(value) and isinstance(value, Fraction):
            message = f"{expected}, and {spoken(value)} is not"
            raise Fault(
                Diagnostic(WRONG_VALUE, message, at, help="`round`, `//` and `multiple` round")
            )
        case "whole" | "number" if is_number(value):
            if setting.allows(value):
                return value
            message = f"`{name}` is {setting.bounds()}, not {spoken(value)}"
            raise Fault(Diagnostic(WRONG_VALUE, message, at))
        case "flag" if isinstance(value, bool):
            return value
        case "text" if isinstance(value, str):
            return value
        case "size" | "shape" if isinstance(value, Size):
            if len(value.dims) == (2 if setting.kind == "size" else 3):
                if all(setting.allows(dim) for dim in value.dims):
                    return value.dims
                message = f"each number of `{name}` is {setting.bounds()}"
                raise Fault(Diagnostic(WRONG_VALUE, message, at))
            raise Fault(Diagnostic(WRONG_VALUE, f"{expected}, not `{spoken(value)}`", at))
        case "size" | "shape" if isinstance(value, tuple) and _is_size(value, setting):
            text = "x".join(map(spoken, value))
            fix = Fix(f"write it `{text}`", (Edit(at, text),), safe=True)
            message = f"{expected}, not a list"
            raise Fault(Diagnostic(WRONG_VALUE, message, at, fixes=(fix,)))
        case _:
            raise unfit(value, expected, at, module)


def _is_size(values: tuple[Value, ...], setting: Setting) -> bool:
    """Whether a list has as many whole numbers as a size or a picture."""
    whole = [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
    return len(whole) == len(values) == (2 if setting.kind == "size" else 3)


def unknown(name: str, at: Span, module: Module, more: tuple[str, ...] = ()) -> Fault:
    """A name that means nothing here, with the one that may be meant."""
    before = at.source.text[max(0, at.start - 40) : at.start]
    if before.rstrip(" \t").endswith("//"):
        hint = "a comment starts with `#`"
    else:
        hint = module.nearest(name, (*FUNCTIONS, *more))
    return Fault(Diagnostic(UNKNOWN_NAME, f"`{name}` is not known here", at, help=hint))


def unfit(value: Value, expected: str, at: Span, module: Module) -> Fault:
    """A value that is not what was expected; of a word that means nothing here, that it does."""
    if isinstance(value, Symbol) and module.find(value.name) is None:
        return unknown(value.name, at, module)
    return Fault(Diagnostic(WRONG_VALUE, f"{expected}, not `{spoken(value)}`", at))
