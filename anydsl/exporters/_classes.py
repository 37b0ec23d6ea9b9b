"""Which classes a tree of modules needs: those that differ in numbers alone are one.

The numbers that are the same wherever a class is used stand in it; the others are its parameters,
one for all numbers that are equal wherever it is used: `w` is an output, the input of what follows
and the size of the norm in between.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from anydsl.exporters._structure import Container, Leaf, is_function
from anydsl.graph.dataflow import Graph
from anydsl.lowering.modules import module_class

_WIDTHS = (
    "in_channels",
    "out_channels",
    "in_features",
    "out_features",
    "num_features",
    "channels",
)


class Slot:
    """A place for a number in a class: an argument of a module, or of a class within.

    Attributes:
        path: the names that lead to the module.
        argument: its name there.
        kind: `width` for all that counts channels, else the name of the argument.
        default: what it is where it isn't given; REQUIRED if it has to be.
        values: what it is in each use of the class.
        named: whether the argument is always given by name.
        parameter: of the class, that it is; None where it is the same number in all uses.
    """

    def __init__(
        self, path: tuple[str, ...], argument: str, kind: str, default: Any, *, named: bool = False
    ) -> None:
        self.path = path
        self.argument = argument
        self.kind = kind
        self.default = default
        self.named = named
        self.values: list[Any] = []
        self.parameter: Parameter | None = None

    @property
    def omitted(self) -> bool:
        """Whether it goes without saying."""
        return self.parameter is None and self.values[0] == self.default

    @property
    def text(self) -> str:
        """The parameter's name, or the number."""
        return self.parameter.name if self.parameter else repr(self.values[0])


class Parameter:
    """A parameter of a class: slots that are equal wherever the class is used."""

    def __init__(self, slots: list[Slot]) -> None:
        self.slots = slots
        self.values = slots[0].values
        self.kind = slots[0].kind
        self.name = ""
        defaults = {repr(slot.default) for slot in slots}
        given = len(defaults) == 1 and slots[0].default in self.values
        self.default: Any = slots[0].default if given else REQUIRED

    @property
    def type(self) -> str:
        """Its annotation."""
        kinds = {type(value).__name__ for value in self.values}
        if kinds == {"int", "float"}:
            return "float"
        words = {"tuple": "tuple[int, ...]", "NoneType": "None"}
        return " | ".join(words.get(kind, kind) for kind in sorted(kinds, key=str.swapcase))


REQUIRED = inspect.Parameter.empty


class Class:
    """A class of the file and where it is used."""

    def __init__(self, uses: list[Container]) -> None:
        self.uses = uses
        self.place = {use: place for place, use in enumerate(uses)}
        self.name = ""
        self.slots: list[Slot] = []
        self.parameters: list[Parameter] = []

    @property
    def first(self) -> Container:
        """The use that its text is taken from."""
        return self.uses[0]


class Classes:
    """The classes of a net, what is inside before what is around; the last is the net's own."""

    def __init__(self, graph: Graph, root: Container) -> None:
        self.graph = graph
        self._numbers: dict[Any, int] = {}
        self._kinds: dict[int, list[Container]] = {}
        self._number(root)
        self.of: dict[Container, Class] = {}
        self.all: list[Class] = []
        for uses in self._kinds.values():
            inner = uses[0].block and any(use.parent is not root for use in uses)
            if inner or uses[0] is root or not uses[0].is_chain():
                found = Class(uses)
                self.all.append(found)
                self.of.update(dict.fromkeys(uses, found))
        for found in self.all:
            self._parametrize(found)

    def _number(self, container: Container) -> int:
        """The number of its kind: equal for containers that are the same but for numbers."""
        values = {path: place for place, path in enumerate(container.inputs)}
        items: list[Any] = []
        for item in container.items:
            wires = tuple(values[path] for path in item.inputs)
            values[item.output] = len(values)
            if isinstance(item, Container):
                items.append((item.name, self._number(item), wires))
            elif item.form.is_module:
                items.append((item.name, item.form.name, wires))
            else:
                items.append((item.name, item.node.operation, wires))
        home = container.home
        within = container.path.removeprefix(home.path) if home.block else container.path
        output = values[container.output]
        key = (home.block, within.lstrip(".") if not container.block else "", output, *items)
        number = self._numbers.setdefault(key, len(self._numbers))
        self._kinds.setdefault(number, []).append(container)
        return number

    def _parametrize(self, found: Class) -> None:
        """Find the numbers of a class, and which of them are parameters."""
        for use in found.uses:
            for place, (slot, value) in enumerate(self._slots(use, ())):
                if use is found.first:
                    found.slots.append(slot)
                found.slots[place].values.append(value)
        inputs = {s.path: s.values for s in found.slots if s.argument == "in_channels"}
        columns: dict[Any, list[Slot]] = {}
        for slot in found.slots:
            if slot.argument == "groups" and slot.values == inputs.get(slot.path):
                slot.kind = "width"  # a group for each channel
            if any(value != slot.values[0] for value in slot.values):
                columns.setdefault((slot.kind, *map(repr, slot.values)), []).append(slot)
        parameters = [Parameter(slots) for slots in columns.values()]
        self._name(found, parameters)
        order = {"w_in": 0, "w": 1}
        parameters.sort(key=lambda p: (p.default is not REQUIRED, order.get(p.name, 2)))
        found.parameters = parameters
        for parameter in parameters:
            for slot in parameter.slots:
                slot.parameter = parameter

    def _slots(self, container: Container, path: tuple[str, ...]) -> Iterator[tuple[Slot, Any]]:
        for item in container.items:
            if isinstance(item, Container):
                inner = (*path, item.name)
                if item not in self.of:
                    yield from self._slots(item, inner)
                    continue
                child = self.of[item]
                place = child.place[item]
                for parameter in child.parameters:
                    name, kind, default = parameter.name, parameter.kind, parameter.default
                    named = name not in ("w_in", "w")
                    yield Slot(inner, name, kind, default, named=named), parameter.values[place]
            elif not is_function(item):
                yield from _leaf_slots(item, (*path, item.name))

    def _name(self, found: Class, parameters: list[Parameter]) -> None:
        """Name the parameters: `w_in` comes in, `w` goes out, the others say what they are."""
        shapes = self.graph.shape
        comes = [repr(shapes(use.inputs[0])[0]) for use in found.uses]
        goes = [repr(shapes(use.output)[0]) for use in found.uses]
        rest: list[Parameter] = []
        for parameter in parameters:
            column = list(map(repr, parameter.values))
            if parameter.kind == "width" and column == goes:
                parameter.name = "w"
            elif parameter.kind == "width" and column == comes:
                parameter.name = "w_in"
            else:
                rest.append(parameter)
        taken = {parameter.name for parameter in parameters}
        for long in (False, True):
            wanted = [_wanted(parameter, long=long) for parameter in rest]
            for name, parameter in zip(wanted, rest, strict=True):
                if name not in taken and wanted.count(name) == 1:
                    parameter.name = name
            rest = [parameter for parameter in rest if not parameter.name]
            taken.update(parameter.name for parameter in parameters)
        for parameter in rest:
            parameter.name = unique(_wanted(parameter, long=True), taken.__contains__)
            taken.add(parameter.name)


def unique(name: str, taken: Callable[[str], bool]) -> str:
    """The name, or the name and the first number that makes it free."""
    number, found = 1, name
    while taken(found):
        number += 1
        found = f"{name}_{number}" if name[-1:].isdigit() else f"{name}{number}"
    return found


def _wanted(parameter: Parameter, *, long: bool) -> str:
    """A name for a parameter, by the first of its slots."""
    slot = parameter.slots[0]
    last = slot.path[-1].rstrip("0123456789")
    if parameter.kind == "width":
        own = [s for s in parameter.slots if s.argument in _WIDTHS]
        slot, word, short = (own[0], "w", "w_inner") if own else (slot, "w", f"w_{last}")
    else:
        word = short = last if slot.argument == "p" else slot.argument
    return "_".join((word, *slot.path)) if long else short


def _leaf_slots(leaf: Leaf, path: tuple[str, ...]) -> Iterator[tuple[Slot, Any]]:
    for argument, declared in inspect.signature(module_class(leaf.form.name)).parameters.items():
        if argument in leaf.form.arguments or declared.default is not REQUIRED:
            kind = "width" if argument in _WIDTHS else argument
            value = leaf.form.arguments.get(argument, declared.default)
            yield Slot(path, argument, kind, declared.default), value
