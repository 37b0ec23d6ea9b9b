"""`require`, `prefer` and `waive`: from text to predicates."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from anydsl.design import reading
from anydsl.design.faults import MISSING, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.modules import Module
from anydsl.design.network import Rule, Waiver
from anydsl.design.predicates import (
    AGGREGATES,
    ORDERS,
    TOTALS,
    Aggregate,
    And,
    Arithmetic,
    Comparison,
    Not,
    Or,
    Ordered,
    Predicate,
    Quantity,
    Shared,
    Total,
    Within,
)
from anydsl.design.values import Range
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Fault, nearest


def read_rule(
    said: tree.Requirement, module: Module, owner: str, keys: Collection[str]
) -> Rule | Waiver:
    """Read a rule or a waiver of a net or a space.

    Args:
        said: the statement.
        module: where it stands.
        owner: the net or space that it stands in.
        keys: the settings that stages have.

    Raises:
        Fault: it is no predicate over these keys.
    """
    because = said.because.value if said.because else ""
    if said.kind != "waive":
        return Rule(
            said.kind,
            read_predicate(said.predicate, module, keys),
            because,
            owner,
            span=said.predicate.span,
        )
    if said.because is None or not because.strip():
        message = "a waiver gives its reason"
        raise Fault(Diagnostic(MISSING, message, said.span, help='waive … because "why"'))
    if isinstance(said.predicate, tree.Variable):
        return Waiver(None, said.predicate.name, because, owner, span=said.predicate.span)
    predicate = read_predicate(said.predicate, module, keys)
    return Waiver(predicate, "", because, owner, span=said.predicate.span)


def read_predicate(expr: tree.Expr, module: Module, keys: Collection[str]) -> Predicate:
    """Read a predicate.

    Raises:
        Fault: it is none.
    """
    match expr:
        case tree.Logic():
            left, right = (read_predicate(e, module, keys) for e in (expr.left, expr.right))
            return And(left, right) if expr.operator == "and" else Or(left, right)
        case tree.Not():
            return Not(read_predicate(expr.value, module, keys))
        case tree.Compare(operator="in"):
            values = reading.evaluate(expr.right, module)
            if not isinstance(values, (Range, tuple)):
                message = "`in` needs a range `a..b` or a list"
                raise Fault(Diagnostic(WRONG_VALUE, message, expr.right.span))
            return Within(_quantity(expr.left, module, keys), values)
        case tree.Compare():
            left, right = _quantity(expr.left, module, keys), _quantity(expr.right, module, keys)
            return Comparison(expr.operator, left, right)
        case tree.Call(callee=tree.Variable(name=name)) if name in ORDERS:
            return _order(name, expr, keys)
        case tree.Call(callee=tree.Variable() as callee):
            hint = nearest(callee.name, ORDERS) or f"predicates are {', '.join(ORDERS)}"
            raise Fault(
                Diagnostic(UNKNOWN_NAME, f"`{callee.name}` is no predicate", callee.span, help=hint)
            )
        case _:
            message = "a rule is a predicate such as `shared(b)` or `flops <= 400M`"
            raise Fault(Diagnostic(WRONG_VALUE, message, expr.span))


def _order(name: str, call: tree.Call, keys: Collection[str]) -> Predicate:
    except_last = False
    positional = [a for a in call.arguments if a.name is None]
    for argument in call.arguments:
        if argument.name is None:
            continue
        truth = argument.value
        flag = isinstance(truth, tree.Variable) and truth.name in ("true", "false")
        if argument.name.text != "except_last" or name != "nondecreasing" or not flag:
            message = f"`{name}` takes a setting" + (
                " and `except_last = true`" if name == "nondecreasing" else ""
            )
            raise Fault(Diagnostic(WRONG_VALUE, message, argument.span))
        assert isinstance(truth, tree.Variable)
        except_last = truth.name == "true"
    if len(positional) != 1:
        message = f"`{name}` takes one setting, as in `{name}(w)`"
        raise Fault(Diagnostic(WRONG_VALUE, message, call.span))
    key = _key(positional[0].value, keys)
    return Shared(key) if name == "shared" else Ordered(key, name == "increasing", except_last)


def _key(expr: tree.Expr, keys: Collection[str]) -> str:
    if isinstance(expr, tree.Variable):
        if expr.name in keys:
            return "g" if expr.name == "groups" else expr.name
        hint = nearest(expr.name, keys)
        raise Fault(
            Diagnostic(UNKNOWN_NAME, f"no stage has a setting `{expr.name}`", expr.span, help=hint)
        )
    raise Fault(Diagnostic(WRONG_VALUE, "expected the name of a setting", expr.span))


def _quantity(expr: tree.Expr, module: Module, keys: Collection[str]) -> Quantity:
    match expr:
        case tree.Variable(name=name) if name in TOTALS:
            return Total(name)
        case tree.Call(callee=tree.Variable(name=name), arguments=(argument,)) if (
            name in AGGREGATES and isinstance(argument.value, tree.Variable)
        ):
            return Aggregate(name, _key(argument.value, keys))
        case tree.Binary():
            left, right = (_quantity(e, module, keys) for e in (expr.left, expr.right))
            if isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction)):
                return reading.number(expr, module)
            return Arithmetic(expr.operator, left, right)
        case tree.Variable(name=name) if module.find(name) is None:
            known = [*TOTALS, *(f"{f}({k})" for f in AGGREGATES for k in keys)]
            hint = nearest(name, known) or (
                f"did you mean `first({name})`?" if name in keys else ""
            )
            raise Fault(
                Diagnostic(UNKNOWN_NAME, f"`{name}` is no quantity of a net", expr.span, help=hint)
            )
        case _:
            return reading.number(expr, module)
