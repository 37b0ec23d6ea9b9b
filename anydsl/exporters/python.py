"""A standalone Python file: readable torch.nn code with the same parameters and outputs."""

from __future__ import annotations

import builtins
import inspect
import keyword
import re
import textwrap
from typing import TYPE_CHECKING

from anydsl.exporters._classes import REQUIRED, Class, Classes, Slot, unique
from anydsl.exporters._forward import Forward, argument_names
from anydsl.exporters._printing import WIDTH, Call, Each, Expression, broken, flat
from anydsl.exporters._structure import Container, Item, Leaf, is_function, module_tree
from anydsl.graph.operations import spoken
from anydsl.lowering.modules import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anydsl.lowering.compilation import Compilation

SUFFIX = ".py"

_TAKEN = {"torch", "nn", "functional", "OrderedDict", *OWN, *dir(builtins), *keyword.kwlist}
_RUN = 3  # so many alike blocks in a row are written as one


def write(net: Compilation, path: str) -> None:
    """Write a class for each block and one for the net; no weights are made."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(source(net))


def source(net: Compilation) -> str:
    """The text of the module."""
    root = module_tree(net.graph)
    classes = Classes(net.graph, root)
    _name_classes(classes, net.graph.name)
    texts = [_Writer(classes, found).text(_doc(net, found)) for found in classes.all]
    code = "\n\n".join(texts)
    own = [inspect.getsource(cls) for name, cls in OWN.items() if f"{name}(" in code]
    imports = [
        "from collections import OrderedDict\n" if "OrderedDict(" in code else "",
        "import torch",
        "from torch import nn",
        "from torch.nn import functional" if "functional." in "".join(own) else "",
    ]
    return "\n".join([_heading(net), *filter(None, imports), "", "", "\n\n".join([*own, code])])


class _Writer:
    """Writes one class; what it uses has its name by now."""

    def __init__(self, classes: Classes, found: Class) -> None:
        self.classes = classes
        self.found = found
        self.slots: dict[tuple[str, ...], list[Slot]] = {}
        for slot in found.slots:
            self.slots.setdefault(slot.path, []).append(slot)

    def text(self, doc: str) -> str:
        """Its modules, with parameters for their numbers, and its forward pass."""
        use = self.found.first
        chain = use.is_chain() and use.parent is not None
        parameters: list[tuple[str, Expression]] = [("", "self")]
        for parameter in self.found.parameters:
            given = "" if parameter.default is REQUIRED else f" = {parameter.default!r}"
            parameters.append(("", f"{parameter.name}: {parameter.type}{given}"))
        lines = [f"class {self.found.name}(nn.{'Sequential' if chain else 'Module'}):"]
        lines += [*_docstring(doc, 4), ""]
        lines += broken(Call("__init__", parameters), 4, "def ", " -> None:")
        if chain:
            lines += broken(Call("super().__init__", [("", self._ordered(use, ()))]), 8)
            return "\n".join([*lines, ""])
        lines.append("        super().__init__()")
        for item in use.items:
            if not is_function(item):
                lines += self._assignment(item)
        given = [("", f"{name}: torch.Tensor") for name in argument_names(use)]
        head = broken(Call("forward", [("", "self"), *given]), 4, "def ", " -> torch.Tensor:")
        return "\n".join([*lines, "", *head, *Forward(use, 8).statements(), ""])

    def _assignment(self, item: Item) -> list[str]:
        made = self._made(item, (item.name,))
        if item.name.startswith("__"):  # Python would change the name
            return broken(Call("self.add_module", [("", f'"{item.name}"'), ("", made)]), 8)
        return broken(made, 8, f"self.{item.name} = ")

    def _made(self, item: Item, path: tuple[str, ...]) -> Expression:
        """The expression that makes a module."""
        slots = self.slots.get(path, [])
        if isinstance(item, Leaf):
            home = "" if item.form.name in OWN else "nn."
            return Call(home + item.form.name, _arguments(slots))
        if item not in self.classes.of:
            return Call("nn.Sequential", [("", self._ordered(item, path))])
        return Call(self.classes.of[item].name, _arguments(slots))

    def _ordered(self, container: Container, path: tuple[str, ...]) -> Call:
        made = [(item.name, self._made(item, (*path, item.name))) for item in container.items]
        return Call("OrderedDict", list(_folded(made)), open=len(made) > 1)


def _arguments(slots: list[Slot]) -> list[tuple[str, Expression]]:
    """Those that have to be given by place, but for the parameters of our classes by name."""
    found: list[tuple[str, Expression]] = []
    for slot in slots:
        placed = slot.default is REQUIRED and not slot.named
        if not slot.omitted:
            found.append(("" if placed else f"{slot.argument}=", slot.text))
    return found


def _folded(made: list[tuple[str, Expression]]) -> Iterator[tuple[str, Expression]]:
    """Arguments for OrderedDict; `b2`, `b3`, … that are alike are one."""
    start = 0
    while start < len(made):
        name, value = made[start]
        stem, number = _numbered(name)
        end = start + 1
        while (
            number is not None
            and end < len(made)
            and made[end][0] == f"{stem}{number + end - start}"
            and flat(made[end][1]) == flat(value)
        ):
            end += 1
        if end - start < _RUN or number is None:
            yield f"{name}=", value
            end = start + 1
        else:
            run = f"for i in range({number}, {number + end - start})"
            yield "**", Each(f'f"{stem}{{i}}": ', value, run)
        start = end


def _numbered(name: str) -> tuple[str, int | None]:
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    return stem, int(digits) if digits and digits == str(int(digits)) else None


def _name_classes(classes: Classes, net: str) -> None:
    """Name the classes after blocks and lines, and where these are not alike by what they have."""
    *others, own = classes.all
    own.name = f"{net}_" if net in _TAKEN else net
    taken = {*_TAKEN, own.name}
    kinds: dict[str, list[Class]] = {}
    for found in others:
        use = found.first
        within = "" if use.block else use.path.removeprefix(use.home.path)
        name = _camel(f"{use.home.block}.{within}")
        kinds.setdefault(name if name[:1].isalpha() else f"Block{name}", []).append(found)
    for name, variants in kinds.items():
        variants.sort(key=lambda found: len(_words(found.first)))
        for found in variants:
            more = _more(found.first, variants[0].first)
            wanted = "".join([name, *map(_camel, more)]) if len(more) < 3 else name
            found.name = unique(wanted, taken.__contains__)
            taken.add(found.name)


def _more(use: Container, least: Container) -> list[str]:
    """What makes a class more than the least of its kind: lines, else what is in them."""
    for deep in (False, True):
        known = _words(least, deep=deep)
        found = [word for word in _words(use, deep=deep) if word not in known]
        if found:
            return found
    return []


def _words(container: Container, *, deep: bool = True) -> list[str]:
    """What stands in a class, without numbers, each once."""
    found: dict[str, None] = {}
    for item in container.items:
        found[item.name.rstrip("0123456789")] = None
        if isinstance(item, Container) and deep:
            found |= dict.fromkeys(_words(item))
    return list(found)


def _camel(name: str) -> str:
    """`squeeze_excite` as SqueezeExcite."""
    return "".join(word[0].upper() + word[1:] for word in re.split(r"[_.]+", name) if word)


def _doc(net: Compilation, found: Class) -> str:
    """What the spec says of a block, else where the class is used."""
    use = found.first
    if use.parent is None:
        shape = " x ".join(map(str, net.graph.input))
        return f"Takes pictures, batch x {shape}."
    doc = net.block_doc(use.path) if use.block else ""
    more = f" and {len(found.uses) - 1} more" if len(found.uses) > 1 else ""
    return doc or f"{use.path}{more}."


def _docstring(text: str, indent: int = 0) -> list[str]:
    """A text as the lines of a docstring."""
    text = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    lines = textwrap.wrap(f'"""{text}', WIDTH - indent - 3, break_long_words=False)
    if len(lines) > 1:
        lines.append('"""')
    else:
        lines = [lines[0] + (' """' if text.endswith('"') else '"""')]
    return [" " * indent + line for line in lines]


def _heading(net: Compilation) -> str:
    """The docstring of the file."""
    graph, cost = net.graph, net.graph.cost()
    facts = (
        f"Takes pictures of {spoken(graph.input)}; {cost.params:,} parameters, {cost.flops:,} "
        "multiply-adds a picture."
    )
    if net.for_inference:
        facts += " Batch norm is folded into convolutions."
    facts += (
        " Written by anydsl: `state_dict` has the names of the spec, so that what `anydsl compile "
        "-o NAME.safetensors` writes can be loaded."
    )
    doc = net.network.doc.strip()
    first = _docstring(f"{graph.name}: {doc}" if doc else f"{graph.name}.")
    first = [first[0].removesuffix('"""'), *first[1:-1]]
    return "\n".join([*first, "", *textwrap.wrap(facts, WIDTH), '"""', ""])
