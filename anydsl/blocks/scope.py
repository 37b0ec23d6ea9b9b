"""One use of a block: what its names stand for, and the paths that its operations get."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from anydsl.blocks.arguments import bind, make
from anydsl.blocks.faults import BLOCK
from anydsl.blocks.results import Applicable, Feature, Result, chain, fault, sort_of
from anydsl.design import reading, values
from anydsl.design.faults import WRONG_VALUE
from anydsl.design.held import unknown
from anydsl.design.values import FUNCTIONS, BlockDef, Groups, Range, Size, Symbol, Value
from anydsl.graph.catalog import OPERATIONS
from anydsl.graph.operations import Operation
from anydsl.graph.pointwise import Add, Multiply
from anydsl.graph.rearranging import Concat
from anydsl.graph.reserved import reserved
from anydsl.language import tree
from anydsl.language.column import Fork
from anydsl.language.diagnostics import Fault
from anydsl.language.source import Span

if TYPE_CHECKING:
    from anydsl.blocks.evaluator import Evaluator

POSITIONS = ("i", "j", "depth")
WORDS = (Concat.word, "when")
"""What can be called in a block beside operations, blocks and functions of numbers."""


class Scope:
    """The names that one use of a block sees, and the paths that it has given away."""

    def __init__(
        self,
        evaluator: Evaluator,
        block: BlockDef,
        x: Feature,
        path: str,
        positions: Mapping[str, int],
    ) -> None:
        self.evaluator = evaluator
        self.block = block
        self.path = path
        self.positions = positions
        self.names: dict[str, Result] = {"x": x, **positions}
        self.read: set[str] = set()
        self.prefix = path
        self.counts: dict[tuple[str, str], int] = {}
        self.taken: dict[str, str] = {}
        self.paths: set[str] = set()

    def bind(self, given: Mapping[str, Value]) -> None:
        """Give the parameters their values, or their defaults."""
        for param in self.block.params:
            name = param.name.text
            if name in given:
                self.names[name] = given[name]
            elif param.default is not None:
                self.names[name] = self._value(param.default)

    def line(self, line: tree.Assign) -> None:
        """Evaluate a line and keep its value."""
        name = line.name.text
        self.prefix = self.path if name == "out" else _join(self.path, name)
        self.names[name] = self._value(line.value)

    # ----------------------------------------------------------------------- expressions

    def _value(self, expr: tree.Expr) -> Result:
        match expr:
            case tree.Number() | tree.String():
                return expr.value
            case tree.Size():
                return Size(expr.dims)
            case tree.Variable():
                return self._variable(expr)
            case tree.Attribute():
                value = self._value(expr.value)
                if isinstance(value, Feature) and expr.name == "w":
                    return value.shape[0]
                raise fault(
                    WRONG_VALUE,
                    f"there is no `.{expr.name}`: a value has its width, `.w`",
                    expr.span,
                )
            case tree.Binary():
                return self._binary(expr)
            case tree.Negate():
                return -self._number(expr.value)
            case tree.Compare():
                left, right = self._plain(expr.left), self._plain(expr.right)
                if isinstance(left, Groups) != isinstance(right, Groups):
                    raise fault(WRONG_VALUE, _NO_WIDTH, expr.span)
                return values.compare(expr.operator, left, right, expr.span)
            case tree.Logic():
                return self._logic(expr)
            case tree.Not():
                return not self._truth(expr.value)
            case tree.Conditional():
                return self._value(expr.then if self._truth(expr.condition) else expr.otherwise)
            case tree.Pipe():
                return self._pipe(self._value(expr.value), expr.operation)
            case tree.Call():
                return self._call(expr)
            case tree.List():
                return self._list(expr)
            case tree.Range():
                step = None if expr.step is None else self._number(expr.step)
                return Range(self._number(expr.low), self._number(expr.high), step)
            case _:
                assert_never(expr)

    def _list(self, expr: tree.List) -> Value:
        items = tuple(self._plain(item) for item in expr.items)
        if any(isinstance(item, tuple) for item in items):
            raise fault(WRONG_VALUE, "a list holds no lists", expr.span)
        return items

    def _variable(self, expr: tree.Variable) -> Result:
        name = expr.name
        if name in self.names:
            self.evaluator.placed |= name in POSITIONS
            self.read.add(name)
            value = self.names[name]
            return self._applicable(value, expr.span) if isinstance(value, Symbol) else value
        home = self.block.scope
        found = home.find(name)
        if found is not None and isinstance(found[1], tree.Assign):
            value = reading.constant(found[0], found[1])
            return self._applicable(value, expr.span) if isinstance(value, Symbol) else value
        if name in ("true", "false"):
            return name == "true"
        block = reading.block_named(name, home)
        if block is not None or name in OPERATIONS:
            return Applicable(Symbol(name, block=block), expr.span)
        if name == "out" or any(line.name.text == name for line in self.block.lines):
            raise fault(BLOCK, f"`{name}` is used before its line", expr.span)
        raise unknown(name, expr.span, home, (*self.names, *OPERATIONS, *WORDS))

    def _applicable(self, symbol: Symbol, at: Span) -> Applicable:
        """An operation or a block that came as a parameter or a constant."""
        if symbol.block is None and symbol.name not in OPERATIONS:
            raise unknown(symbol.name, at, self.block.scope, tuple(OPERATIONS))
        return Applicable(symbol, at)

    def _plain(self, expr: tree.Expr) -> Value:
        """A value that is neither a picture nor an operation still to be applied."""
        value = self._value(expr)
        if isinstance(value, Applicable):
            if value.then:
                message = "a chain of operations can't be an argument: make it a block"
                raise fault(BLOCK, message, expr.span)
            return value.symbol
        if isinstance(value, Feature):
            raise fault(WRONG_VALUE, "a picture has no value before the network runs", expr.span)
        return value

    def _number(self, expr: tree.Expr) -> int | Fraction:
        return _as_number(self._value(expr), expr.span)

    def _truth(self, expr: tree.Expr) -> bool:
        value = self._value(expr)
        if isinstance(value, bool):
            return value
        raise fault(WRONG_VALUE, f"expected a condition, not {sort_of(value)}", expr.span)

    def _logic(self, expr: tree.Logic) -> bool:
        decisive = expr.operator == "or"
        try:
            if self._truth(expr.left) == decisive:
                return decisive
        except Fork:
            # designs differ on the left; where the right decides for all, that does not matter
            try:
                if self._truth(expr.right) == decisive:
                    return decisive
            except Fault:
                pass
            raise
        return self._truth(expr.right)

    def _binary(self, expr: tree.Binary) -> Result:
        left, right = self._value(expr.left), self._value(expr.right)
        if isinstance(left, Feature) and isinstance(right, Feature):
            if expr.operator not in ("+", "*"):
                raise fault(
                    WRONG_VALUE,
                    f"`{expr.operator}` joins numbers; pictures take `+` and `*`",
                    expr.span,
                )
            operation = Add() if expr.operator == "+" else Multiply()
            return self._emit(operation, (left, right), expr.span)
        one, other = _as_number(left, expr.left.span), _as_number(right, expr.right.span)
        return values.arithmetic(expr.operator, one, other, expr.span)

    # ------------------------------------------------------------------------ operations

    def _pipe(self, value: Result, operation: tree.Expr) -> Result:
        if isinstance(operation, tree.Call) and _called(operation) == "when":
            applied = self._when(operation)
            if applied is None:
                return value
        else:
            applied = self._value(operation)
        if not isinstance(applied, Applicable):
            raise fault(
                BLOCK,
                f"`->` leads to an operation or a block, not to {sort_of(applied)}",
                operation.span,
            )
        if isinstance(value, Applicable):
            return chain(value, applied, operation.span)
        if not isinstance(value, Feature):
            raise fault(
                BLOCK, f"`->` leads from a picture, not from {sort_of(value)}", operation.span
            )
        return self._feed(value, applied)

    def _feed(self, x: Feature, applied: Applicable) -> Feature:
        """Apply an operation or a block, and what follows it."""
        for step in (applied, *applied.then):
            if step.symbol.block is not None:
                x = self._enter(step.symbol.block, step.symbol, x, step.at)
            else:
                x = self._emit(make(step.symbol, step.at), (x,), step.at)
        return x

    def _enter(self, block: BlockDef, symbol: Symbol, x: Feature, at: Span) -> Feature:
        path = self._name(block.name, at)
        given = bind(block, symbol, at)
        return self.evaluator.run(block, given, x, path, self.positions, at)

    def _emit(self, operation: Operation, inputs: tuple[Feature, ...], at: Span) -> Feature:
        return self.evaluator.apply(operation, inputs, self._name(operation.word, at), at)

    def _name(self, kind: str, at: Span) -> str:
        """The path of the next operation or block of a kind in this line."""
        key = (self.prefix, kind)
        self.counts[key] = self.counts.get(key, 0) + 1
        own = f"{kind}{self.counts[key]}"
        line = self.prefix.removeprefix(self.path).lstrip(".")
        child = line or own  # what the block's own path leads to
        kinds = "line" if line else "operation"
        path = _join(self.prefix, own)
        if self.taken.setdefault(child, kinds) != kinds or path in self.paths:
            raise fault(BLOCK, f"the path `{child}` would stand for two things", at)
        if line and reserved(line):
            raise fault(BLOCK, f"`{line}` can't be in a path: torch's modules use the word", at)
        self.paths.add(path)
        return path

    def _call(self, expr: tree.Call) -> Result:
        name = _called(expr)
        if name == "when":
            applied = self._when(expr)
            if applied is None:
                raise fault(BLOCK, "`when` follows a `->`", expr.span)
            return applied
        if name == Concat.word and name not in self.names:
            return self._concat(expr)
        if name in FUNCTIONS and name not in self.names:
            positional = [self._plain(a.value) for a in expr.arguments if a.name is None]
            named = {a.name.text: self._plain(a.value) for a in expr.arguments if a.name}
            return values.apply_function(name, positional, named, expr.span)
        callee = self._value(expr.callee)
        if not isinstance(callee, Applicable) or callee.then:
            raise fault(BLOCK, f"{sort_of(callee)} can't be called", expr.callee.span)
        words = _words(callee.symbol)
        positional = [self._argument(a.value, words) for a in expr.arguments if a.name is None]
        named = {a.name.text: self._argument(a.value, words) for a in expr.arguments if a.name}
        symbol = callee.symbol
        merged = dict(symbol.named) | named
        symbol = symbol.replace(
            positional=(*symbol.positional, *positional), named=tuple(merged.items())
        )
        if symbol.block is None:
            make(symbol, expr.span)  # so that wrong arguments are found where they stand
        else:
            bind(symbol.block, symbol, expr.span)
        return Applicable(symbol, expr.span)

    def _concat(self, call: tree.Call) -> Feature:
        values = [self._value(a.value) for a in call.arguments if a.name is None]
        features = tuple(value for value in values if isinstance(value, Feature))
        if len(features) < 2 or len(features) < len(call.arguments):
            raise fault(BLOCK, "`concat` takes two or more pictures", call.span)
        return self._emit(Concat(), features, call.span)

    def _argument(self, expr: tree.Expr, words: tuple[str, ...]) -> Value:
        if isinstance(expr, tree.Variable) and expr.name in words and expr.name not in self.names:
            return Symbol(expr.name)
        return self._plain(expr)

    def _when(self, call: tree.Call) -> Applicable | None:
        """The operation of `when(condition, operation)`; None where the condition fails."""
        if len(call.arguments) != 2 or any(a.name for a in call.arguments):
            raise fault(BLOCK, "`when` takes a condition and an operation", call.span)
        condition, operation = (a.value for a in call.arguments)
        if not self._truth(condition):
            return None
        applied = self._value(operation)
        if not isinstance(applied, Applicable):
            raise fault(BLOCK, f"`when` takes an operation, not {sort_of(applied)}", operation.span)
        return applied


_NO_WIDTH = "this is a number of groups (`groups = n`), and a group width is needed here"


def _as_number(value: Result, at: Span) -> int | Fraction:
    if values.is_number(value):
        return value
    if isinstance(value, Groups):
        raise fault(WRONG_VALUE, _NO_WIDTH, at)
    raise fault(WRONG_VALUE, f"expected a number, not {sort_of(value)}", at)


def _called(call: tree.Call) -> str:
    return call.callee.name if isinstance(call.callee, tree.Variable) else ""


def _words(symbol: Symbol) -> tuple[str, ...]:
    """The words that an operation's parameters know, such as `same`."""
    if symbol.block is not None:
        return ()
    declared = OPERATIONS[symbol.name].__settings__
    return tuple(word for setting in declared.values() for word in setting.choices)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
