"""Notes of runs and studies, read back: JSON and records that anybody may have changed meanwhile.

What is read is held to what it was declared as, so that nothing behind has to expect a list in the
place of a number, a number that is none, or brackets without an end.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from anydsl.language.record import Record

    R = TypeVar("R", bound=Record)

_DEEPEST = 64
"""Brackets within brackets; our own notes have five."""

_LARGEST = 2**63
"""The least whole number that SQLite, and torch, can't hold."""

_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "None": (type(None),),
}


def parsed(text: object) -> Any:
    """Return what a text (or its bytes, in UTF-8) says as JSON.

    Raises:
        ValueError: it is no JSON, has a number that is not finite or beyond 64 bits, or is nested
            deeper than 64.
    """
    if not isinstance(text, str | bytes):
        raise ValueError("no text")
    deep = f"nested deeper than the limit of {_DEEPEST}"
    try:
        value = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError(deep) from None
    layer = [value]
    for _ in range(_DEEPEST):
        layer = [inner for one in layer for inner in _within(one)]
    if layer:
        raise ValueError(deep)
    return value


def filled(kind: type[R], values: object, **own: Any) -> R:
    """Return a record of the values that an object has for its fields; others are passed over.

    Args:
        kind: of the record; its fields but those in `own` are numbers, texts or None.
        values: as JSON or a database has them.
        own: fields that are known already.

    Raises:
        ValueError: a value without a default is missing, or one is not what its field is
            declared to be.
    """
    if not isinstance(values, dict):
        raise ValueError("no object")
    found = kind.__defaults__ | cast("dict[str, Any]", values)
    fields = {name: kind.__annotations__[name] for name in kind.__fields__ if name not in own}
    for name, declared in fields.items():
        if name not in found:
            raise ValueError(f"no {name}")
        if not any(_is(found[name], word) for word in declared.split(" | ")):
            raise ValueError(f"no {name} of the right kind")
    return kind(**{name: found[name] for name in fields}, **own)


def _is(value: object, word: str) -> bool:
    if not isinstance(value, _KINDS[word]) or (isinstance(value, bool) and word != "bool"):
        return False
    return not isinstance(value, int | float) or (math.isfinite(value) and abs(value) < _LARGEST)


def _within(value: object) -> list[Any]:
    match value:
        case dict():
            return list(cast("dict[str, Any]", value).values())
        case list():
            return cast("list[Any]", value)
        case _:
            return []


def _whole(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) >= 2 * _LARGEST:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is no finite number")
    return value
