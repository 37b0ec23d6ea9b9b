"""The syntax tree of the file as JSON."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from anydsl.errors import UsageError
from anydsl.language.record import Record
from anydsl.language.source import Span

if TYPE_CHECKING:
    from anydsl.lowering.compilation import Compilation

SUFFIX = ".json"


def write(net: Compilation, path: str) -> None:
    """Write every node: its kind, its place in the text, its fields.

    Raises:
        UsageError: the net came from no file, or its form for inference is asked for.
    """
    if net.for_inference:
        raise UsageError("the tree is what is written; it has no form for inference")
    if net.file is None:
        raise UsageError("this net was not read from a file")
    found = {"path": net.file.source.path, **plain(net.file)}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1, ensure_ascii=False)
        file.write("\n")


def plain(value: Any) -> Any:
    """A node, or what a field of one holds, as plain data.

    A node is an object with its class as `node` and its place as `span`: lines and columns from 1,
    in code points, the end not included. Fractions are texts such as `1/3`, for they are exact.
    """
    match value:
        case Span():
            line, column = value.source.position(value.start)
            end_line, end_column = value.source.position(value.end)
            return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
        case Record():
            fields = (field for field in value.__fields__ if field != "source")
            return {
                "node": type(value).__name__,
                **{field: plain(getattr(value, field)) for field in fields},
            }
        case tuple():
            return [plain(item) for item in cast("tuple[Any, ...]", value)]
        case Fraction():
            return str(value)
        case _:
            return value
