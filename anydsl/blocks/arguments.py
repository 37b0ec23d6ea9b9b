"""Arguments to the parameters of operations and blocks."""

from __future__ import annotations

from typing import Any

from anydsl.blocks.faults import WIDTH
from anydsl.design.faults import MISSING, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.values import BlockDef, Groups, Size, Symbol, Value, is_number, spoken, whole
from anydsl.design.vocabulary import SETTINGS
from anydsl.graph.catalog import OPERATIONS
from anydsl.graph.operations import Operation
from anydsl.language.declaration import REQUIRED, Setting
from anydsl.language.diagnostics import Diagnostic, Fault, nearest
from anydsl.language.source import Span


def make(symbol: Symbol, at: Span) -> Operation:
    """Make an operation from its word and arguments.

    Raises:
        Fault: an argument is unknown, missing, given twice or of the wrong kind.
    """
    cls = OPERATIONS[symbol.name]
    declared = cls.__settings__
    signature = f"{symbol.name}({', '.join(declared)})"
    given = _pair(tuple(declared), symbol, signature, at)
    for name, value in given.items():
        if isinstance(value, Groups) and name == "g":
            continue
        given[name] = _fit(value, declared[name], name, at)
    if isinstance(given.get("g"), Groups):
        given["groups"] = given.pop("g").n
    if given.get("g") is not None and given.get("groups") is not None:
        raise Fault(Diagnostic(WRONG_VALUE, "`g` and `groups` say the same thing twice", at))
    for name, setting in declared.items():
        if setting.default is REQUIRED and name not in given:
            raise Fault(Diagnostic(MISSING, f"`{name}` is missing: {signature}", at))
    return cls(**given)


def bind(block: BlockDef, symbol: Symbol, at: Span) -> dict[str, Value]:
    """The arguments of a block by the names of its parameters.

    Raises:
        Fault: an argument is unknown, missing or given twice.
    """
    params = tuple(p.name.text for p in block.params)
    given = _pair(params, symbol, block.signature, at)
    for name, value in given.items():
        if name in SETTINGS and is_number(value):
            given[name] = _fit(value, SETTINGS[name], name, at)
    return given


def _pair(params: tuple[str, ...], symbol: Symbol, signature: str, at: Span) -> dict[str, Any]:
    if len(symbol.positional) > len(params):
        raise Fault(Diagnostic(WRONG_VALUE, f"there are too many values: {signature}", at))
    given: dict[str, Any] = dict(zip(params, symbol.positional, strict=False))
    for name, value in symbol.named:
        if name == "groups" and "groups" not in params and "g" in params:
            number = whole(value)
            name, value = "g", value if number is None else Groups(number)
        if name not in params:
            hint = nearest(name, params) or signature
            raise Fault(Diagnostic(UNKNOWN_NAME, f"`{symbol.name}` has no `{name}`", at, help=hint))
        if name in given:
            raise Fault(Diagnostic(WRONG_VALUE, f"`{name}` is given twice: {signature}", at))
        given[name] = value
    return given


_EXPECTED = {"flag": "`true` or `false`", "size": "a size, height x width, such as `6x6`"}


def _fit(value: Value, setting: Setting, name: str, at: Span) -> Any:
    if isinstance(value, Symbol) and value.name in setting.choices:
        return value.name
    if setting.kind == "flag":
        if isinstance(value, bool):
            return value
    elif setting.kind == "size":
        if (
            isinstance(value, Size)
            and len(value.dims) == 2
            and all(map(setting.allows, value.dims))
        ):
            return value.dims
    elif is_number(value):
        number = whole(value) if setting.kind == "whole" else value
        if number is None:
            kind = WIDTH if name in ("w", "g") else WRONG_VALUE
            message = (
                f"`{name}` comes to {spoken(value)}: a width that does not divide to a whole number"
            )
            if kind is WRONG_VALUE:
                message = f"`{name}` comes to {spoken(value)}, and has to be a whole number"
            raise Fault(Diagnostic(kind, message, at))
        if setting.allows(value):
            return number
        raise Fault(
            Diagnostic(WRONG_VALUE, f"`{name}` is {setting.bounds()}, not {spoken(value)}", at)
        )
    expected = _EXPECTED.get(setting.kind, "a number")
    raise Fault(Diagnostic(WRONG_VALUE, f"`{name}` is {expected}, not `{spoken(value)}`", at))
