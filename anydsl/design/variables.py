"""The names that expressions use."""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.language import tree


def variables(expr: tree.Expr) -> Iterator[tree.Variable]:
    """All names in an expression, but for those of arguments and attributes."""
    match expr:
        case tree.Variable():
            yield expr
        case tree.Call():
            yield from variables(expr.callee)
            for argument in expr.arguments:
                yield from variables(argument.value)
        case tree.List():
            for item in expr.items:
                yield from variables(item)
        case _:
            for field in expr.__fields__:
                value = getattr(expr, field)
                if isinstance(value, tree.Expr):
                    yield from variables(value)
