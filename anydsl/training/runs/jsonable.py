"""Values as JSON can hold them."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from anydsl.design.recipe import VARIANTS
from anydsl.language.record import Record

_KINDS: dict[type, str] = {kind: name for name, kind in VARIANTS.items()}


def jsonable(value: object) -> Any:
    """Return `value` made of dicts, lists, numbers and strings; what is no finite number as None.

    A record becomes its fields; what a recipe calls by name, such as `sgd(…)`, says so as `kind`.
    """
    match value:
        case Record():
            kind = {"kind": _KINDS[type(value)]} if type(value) in _KINDS else {}
            names = (name for name in type(value).__fields__ if name != "span")
            return {**kind, **{name: jsonable(getattr(value, name)) for name in names}}
        case Fraction():
            return float(value)
        case float():
            return value if math.isfinite(value) else None
        case Path():
            return str(value)
        case tuple() | list():
            return [jsonable(item) for item in cast("list[object]", value)]
        case dict():
            items = cast("dict[str, object]", value).items()
            return {name: jsonable(item) for name, item in items}
        case _:
            return value
