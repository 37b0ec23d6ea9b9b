"""Which names a file uses."""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.design.modules import Module
from anydsl.language import tree


def used(module: Module) -> frozenset[str]:
    """The names that values, rules and `extends` of a file speak of; kept with the module."""
    known = module.calls.get("uses of names")
    if known is None:
        found: set[str] = set()
        for statement in module.file.statements:
            _statement(statement, found)
        known = module.calls["uses of names"] = frozenset(found)
    return known


def waives_and(module: Module) -> bool:
    """Whether a file waives a rule that is made with `and`; kept with the module."""
    known = module.calls.get("waives and")
    if known is None:
        known = module.calls["waives and"] = any(
            isinstance(s, tree.Requirement)
            and s.kind == "waive"
            and isinstance(s.predicate, tree.Logic)
            and s.predicate.operator == "and"
            for block in module.declared("net", "space")
            for s in block.body
        )
    return known


def designs(module: Module) -> bool:
    """Whether a file declares nets or spaces, and is no mere library of names for others."""
    return bool(module.declared("net", "space", "study"))


def _statement(statement: tree.Statement, found: set[str]) -> None:
    match statement:
        case tree.Assign() | tree.Draw():
            _expr(statement.value, found)
        case tree.Requirement():
            _expr(statement.predicate, found)
        case tree.Block():
            if statement.base is not None:
                found.add(statement.base.text)
            for param in statement.params or ():
                if param.default is not None:
                    _expr(param.default, found)
            if statement.label is not None and statement.label.places is not None:
                _expr(statement.label.places, found)
            for inner in statement.body:
                _statement(inner, found)
        case _:
            pass


def _expr(expr: tree.Expr, found: set[str]) -> None:
    waiting = [expr]
    while waiting:
        match waiting.pop():
            case tree.Variable(name=name):
                found.add(name)
            case tree.Number() | tree.Size() | tree.String():
                pass
            case other:
                waiting += _inside(other)


def _inside(expr: tree.Expr) -> Iterator[tree.Expr]:
    match expr:
        case tree.Call():
            yield expr.callee
            for argument in expr.arguments:
                yield argument.value
        case tree.List():
            yield from expr.items
        case _:
            for field in expr.__fields__:
                value = getattr(expr, field)
                if isinstance(value, tree.Expr):
                    yield value
