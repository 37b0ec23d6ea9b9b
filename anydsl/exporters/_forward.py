"""The statements of a forward pass, in the order of the graph.

A value that is read once stands within the expression that reads it, if what is computed before it
stays before it; the others have a name: that of their line or operation.
"""

from __future__ import annotations

import builtins
import re

from anydsl.exporters._printing import Call, Expression, broken, flat
from anydsl.exporters._structure import Container, Item, is_function
from anydsl.graph.rearranging import Split

_OPERATORS = {"operator.add": "+", "operator.mul": "*"}
_TAKEN = {"self", "torch", "nn", "functional", "OrderedDict", *dir(builtins)}
_LONGEST = 80

_Pending = tuple[Item, Expression, int]
"""What is computed, its expression, and how many modules stand within each other there."""


def argument_names(container: Container) -> tuple[str, ...]:
    """What the inputs of a container's forward pass are called."""
    if len(container.inputs) == 1:
        return ("x",)
    names: list[str] = []
    for path in container.inputs:
        name = _name_within(container.parent, path)
        while name in names:
            name += "_"
        names.append(name)
    return tuple(names)


def _name_within(container: Container | None, path: str) -> str:
    """What a value is called in a container."""
    assert container is not None
    for item in container.items:
        if item.output == path:
            return local_name(item.name)
    return argument_names(container)[container.inputs.index(path)]


def local_name(name: str) -> str:
    """A name for a variable that hides nothing."""
    return f"{name}_" if name in _TAKEN else name


def attribute(name: str) -> str:
    """A submodule; within a class Python changes names that begin with `__`."""
    return f'getattr(self, "{name}")' if name.startswith("__") else f"self.{name}"


class Forward:
    """Writes the body of one forward pass.

    Attributes:
        deepest: how many modules may stand within each other in one expression.
    """

    def __init__(self, container: Container, indent: int) -> None:
        self.container = container
        self.indent = indent
        self.deepest = 1 if container.parent is None else 2
        self.left = container.uses()
        self.readers: dict[str, list[tuple[str, ...]]] = {path: [] for path in self.left}
        for item in container.items:
            for path in item.inputs:
                self.readers[path].append(tuple(item.inputs))
        self.makers = {item.output: item for item in container.items}
        self.lines: list[str] = []
        self.names: dict[str, str] = dict(
            zip(container.inputs, argument_names(container), strict=True)
        )
        self.pending: list[_Pending] = []  # in order, each read once

    def statements(self) -> list[str]:
        """The lines."""
        container = self.container
        for item in container.items:
            self._item(item)
        value = self.pending[0][1] if self.pending else self.names[container.output]
        return [*self.lines, *broken(value, self.indent, "return ")]

    def _item(self, item: Item) -> None:
        within = self._inlined(item)
        if within is None:
            self._settle()
            within = []
        del self.pending[len(self.pending) - len(within) :]
        value = self._expression(item, within)
        depth = max((depth for _, _, depth in within), default=0) + (not is_function(item))
        for path in item.inputs:
            self.left[path] -= 1
        if self.left[item.output] == 1:
            self.pending.append((item, value, depth))
            return
        self._settle(value)
        if self.left[item.output]:
            self._assign(item, value, [])
        else:
            self.lines += broken(value, self.indent)

    def _inlined(self, item: Item) -> list[_Pending] | None:
        """The last pending values, if an item's expression can hold all that it reads of them."""
        waiting = {old.output for old, _, _ in self.pending}
        wanted = [path for path in item.inputs if path in waiting]
        last = self.pending[len(self.pending) - len(wanted) :]
        if [old.output for old, _, _ in last] != wanted:
            return None
        if any(depth + (not is_function(item)) > self.deepest for _, _, depth in last):
            return None
        if last and len(flat(self._expression(item, last))) > _LONGEST:
            return None
        return last

    def _settle(self, *after: Expression) -> None:
        """Give the pending values names, in their order; `after` is what will still be written."""
        waiting, self.pending = self.pending, []
        for place, (item, value, _) in enumerate(waiting):
            self._assign(item, value, [*(later for _, later, _ in waiting[place + 1 :]), *after])

    def _assign(self, item: Item, value: Expression, after: list[Expression]) -> None:
        """Name a value: a link of a chain as what it is made of, another as the item."""
        base = self._base(item)
        name = self.names.get(base, "")
        read = re.compile(rf"\b{name}\b")
        if (
            not name
            or self.left[base]
            or not self._single(item.output)
            or any(read.search(flat(later)) for later in after)
        ):
            name = local_name(item.name)
            while name in self.names.values():
                name += "_"
        self.names[item.output] = name
        self.lines += broken(value, self.indent, f"{name} = ")

    def _base(self, item: Item) -> str:
        """The named value that a chain of items which ends here begins with; empty if none does."""
        if tuple(item.inputs) != item.inputs[:1] or not self._single(item.inputs[0]):
            return ""
        source = item.inputs[0]
        return source if source in self.names else self._base(self.makers[source])

    def _single(self, path: str) -> bool:
        """Whether one item reads a value, and no other."""
        return self.readers.get(path) == [(path,)]

    def _expression(self, item: Item, within: list[_Pending]) -> Expression:
        inner = {old.output: value for old, value, _ in within}
        values = [inner[path] if path in inner else self.names[path] for path in item.inputs]
        if isinstance(item, Container) or item.form.is_module:
            return Call(attribute(item.name), [("", value) for value in values])
        form, operation = item.form, item.node.operation
        if form.name in _OPERATORS:
            return _joined(values, _OPERATORS[form.name])
        if isinstance(operation, Split):  # equal parts, whatever the width
            return f"torch.chunk({flat(values[0])}, {operation.n}, dim=1)[{operation.i}]"
        given: list[tuple[str, Expression]] = [("", value) for value in values]
        if form.listed:
            given = [("", Call("", given, brackets="[]"))]
        return Call(form.name, [*given, *((f"{k}=", repr(v)) for k, v in form.arguments.items())])


class _Joined(str):
    """An expression of an operator."""

    operator: str


def _joined(values: list[Expression], operator: str) -> Expression:
    """Operands, in brackets where Python would group them otherwise."""
    words: list[str] = []
    for place, value in enumerate(values):
        inner = value.operator if isinstance(value, _Joined) else ""
        grouped = inner and (place > 0 or (inner, operator) == ("+", "*"))
        grouped = grouped and (inner, operator) != ("*", "+")
        words.append(f"({flat(value)})" if grouped else flat(value))
    joined = _Joined(f" {operator} ".join(words))
    joined.operator = operator
    return joined
