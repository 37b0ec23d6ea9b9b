"""The syntax tree of the file as JSON."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from anydsl.errors import RunError
from anydsl.language.record import Record
from anydsl.language.source import Span

if TYPE_CHECKING:
    from anydsl.lowering.compilation import Compilation

SUFFIX = ".json"


def write(net: Compilation, path: str) -> None:
    """Write every node: its kind, its place in the text, its fields."""
    if net.for_inference:
        raise RunError("the tree is what is written; it has no form for inference")
    if net.file is None:
        raise RunError("this net was not read from a file")
    found = {"path": net.file.source.path, **plain(net.file)}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1, ensure_ascii=False)
        file.write("\n")


def plain(value: Any) -> Any:
    """A node, or what a field of one holds, as plain data.

    A node is an object with its class as `kind` and its place as `span`: lines and columns from 1,
    in code points, the end not included. Fractions are texts such as `1/3`, for they are exact.
    """
    match value:
        case Record():
            fields = (f for f in value.__fields__ if f not in ("span", "source"))
            return {
                "kind": type(value).__name__,
                "span": _place(cast("Span", getattr(value, "span"))),
                **{field: plain(getattr(value, field)) for field in fields},
            }
        case tuple():
            return [plain(item) for item in cast("tuple[Any, ...]", value)]
        case Fraction():
            return str(value)
        case _:
            return value


def _place(span: Span) -> dict[str, int]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
