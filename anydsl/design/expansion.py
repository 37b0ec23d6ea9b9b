"""A network written out as a spec: no inheritance, no generator, no import."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from anydsl.design.modules import Module, shipped
from anydsl.design.network import Network, Part, Stage
from anydsl.design.predicates import write
from anydsl.design.reading import block_named, constant
from anydsl.design.recipe import VARIANTS, Recipe
from anydsl.design.values import BlockDef, Groups, Symbol, Value, spoken
from anydsl.design.variables import variables
from anydsl.language import tree
from anydsl.language.printer import format_text

_DEFAULT_BLOCKS = {"stem": "simple_stem", "head": "linear_head"}
_VARIANTS: dict[type, str] = {cls: name for name, cls in VARIANTS.items()}


def expand(network: Network, recipe: Recipe | None = None) -> str:
    """Write a network, what it uses of its own files, and a recipe, as `.anynet` text.

    The text formats to itself and resolves to an equal network; where two files use one name for
    two things, one of them gets another name.
    """
    return _text([network], recipe)


def expand_all(networks: Sequence[Network]) -> str:
    """Write several networks as one `.anynet` text, as `expand` writes one."""
    return _text(networks, None)


def expand_quickly(network: Network) -> str:
    """Write what a network computes, without its rules and waivers, as `expand` does.

    Ten times faster, for designs by the thousand: lines are indented and not formatted, so that
    only those that are longer than the formatter's lines look different. Two networks compute the
    same if their texts are equal but for the name.
    """
    bare = network.replace(rules=(), waivers=(), doc="")
    return _indented(_sections([bare], None))


def write_recipe(recipe: Recipe) -> str:
    """Write a recipe with all of its settings, as it stands in `expand`."""
    return _indented([_recipe(recipe)])


def _text(networks: Sequence[Network], recipe: Recipe | None) -> str:
    sections = _sections(networks, recipe)
    return format_text("\n\n".join("\n".join(lines) for lines in sections) + "\n")


def _sections(networks: Sequence[Network], recipe: Recipe | None) -> list[list[str]]:
    """The lines of each declaration, not indented."""
    names = _Names(networks)
    sections = [["anynet 1"]]
    if names.constants:
        sections.append([f"{name} = {value}" for name, value in names.constants.items()])
    sections += [names.write(block) for block in names.blocks]
    sections += [_net(network, names) for network in networks]
    if recipe is not None:
        sections.append(_recipe(recipe))
    return sections


def _indented(sections: list[list[str]]) -> str:
    """Lines of declarations, each within its braces; lines of blocks come with their indent."""
    written: list[str] = []
    for lines in sections:
        deep = 0
        for line in lines:
            deep -= line == "}"
            written.append(line if line[:1] == " " else "  " * deep + line)
            deep += line.endswith("{")
        written.append("")
    return "\n".join(written)


# ------------------------------------------------------------------------------------ blocks


class _Names:
    """The blocks and constants of some networks' own files, under names that tell them apart.

    Attributes:
        blocks: those that do not stand in the library, callees first.
        constants: what those use, by the name that it gets.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self.blocks: list[BlockDef] = []
        self.constants: dict[str, str] = {}
        self.given: dict[tuple[int, str], str] = {}  # by module and name, the name in the text
        everything = [p for net in networks for p in (net.stem, *net.stages, net.head)]
        parts = list({id(p): p for p in everything if p is not None}.values())
        used = [part.block for part in parts]
        for part in parts:
            for _, value in part.settings:
                for item in value if isinstance(value, tuple) else (value,):
                    if isinstance(item, Symbol) and item.block:
                        used.append(item.block)
        library = {block.name for block in used if _in_library(block)}
        library |= {network.name for network in networks}
        self.taken = library | set(_DEFAULT_BLOCKS.values())
        for block in used:
            self._visit(block)

    def of(self, block: BlockDef) -> str:
        """The name of a block in the text."""
        return self.given.get((id(block.scope), block.name), block.name)

    def write(self, block: BlockDef) -> list[str]:
        """The text of a block, under the names that things get."""
        own = _own(block)
        lines = [f"  {self._renamed(block, line, own)}" for line in block.lines]
        params = ", ".join(self._renamed(block, param, own) for param in block.params)
        return [f"block {self.of(block)}({params}) {{", *lines, "}"]

    def _visit(self, block: BlockDef) -> None:
        key = (id(block.scope), block.name)
        if key in self.given or _in_library(block):
            return
        self.given[key] = self._free(block.name)
        for name in sorted({v.name for v in _outer(block)}):
            called = block_named(name, block.scope)
            declared = block.scope.find(name)
            if called is not None:
                if _in_library(called):
                    self.taken.add(called.name)
                self._visit(called)
            elif declared is not None and isinstance(declared[1], tree.Assign):
                self._add_constant(declared[0], declared[1])
        self.blocks.append(block)

    def _add_constant(self, home: Module, assign: tree.Assign) -> None:
        key = (id(home), assign.name.text)
        if key not in self.given:
            self.given[key] = self._free(assign.name.text)
            self.constants[self.given[key]] = spoken(constant(home, assign))

    def _free(self, name: str) -> str:
        free, number = name, 2
        while free in self.taken:
            free, number = f"{name}_{number}", number + 1
        self.taken.add(free)
        return free

    def _renamed(self, block: BlockDef, node: tree.Assign | tree.Param, own: set[str]) -> str:
        text, start = block.scope.source.text, node.span.start
        written, end = "", start
        value = node.value if isinstance(node, tree.Assign) else node.default
        inner = sorted(variables(value), key=lambda v: v.span.start) if value is not None else ()
        for variable in inner:
            if variable.name not in own:
                name = self._meant(block, variable.name)
                written += text[end : variable.span.start] + name
                end = variable.span.end
        return written + text[end : node.span.end]

    def _meant(self, block: BlockDef, name: str) -> str:
        declared = block.scope.find(name)
        if declared is None:
            return name
        home, statement = declared
        if isinstance(statement, tree.Assign):
            return self.given.get((id(home), statement.name.text), name)
        own = statement.label.name.text if statement.label else name
        return self.given.get((id(home), own), name)


def _in_library(block: BlockDef) -> bool:
    file = block.scope.source.file
    return file is not None and file.startswith(_library())


@cache
def _library() -> str:
    return f"{os.path.realpath(shipped())}/std/"


def _own(block: BlockDef) -> set[str]:
    """The names of a block's parameters and lines."""
    return {p.name.text for p in block.params} | {line.name.text for line in block.lines}


def _outer(block: BlockDef) -> list[tree.Variable]:
    """The names in a block that are neither its parameters nor its lines."""
    own = _own(block)
    exprs = [line.value for line in block.lines]
    exprs += [p.default for p in block.params if p.default is not None]
    return [v for expr in exprs for v in variables(expr) if v.name not in own]


# --------------------------------------------------------------------------------------- net


def _net(network: Network, names: _Names) -> list[str]:
    lines = [f"## {line}" for line in network.doc.splitlines()]
    lines += [f"net {network.name} {{", f"input = {'x'.join(map(str, network.input))}"]
    if network.stem is not None:
        lines.append(_part("stem", network.stem, names))
    shared = _shared(network.stages, names)
    lines += ["body {", *(f"{key} = {value}" for key, value in shared.items())]
    for stage in network.stages:
        own = {"d": str(stage.d)}
        if "block" not in shared:
            own["block"] = names.of(stage.block)
        own |= {k: v for k, v in _written(stage.settings, names).items() if k not in shared}
        lines.append(f"stage {stage.name} {{ {_inline(own)} }}")
    lines.append("}")
    if network.head is not None:
        lines.append(_part("head", network.head, names))
    said = [
        f"{rule.kind} {write(rule.predicate)}{_because(rule.because)}" for rule in network.rules
    ]
    for waiver in network.waivers:
        what = write(waiver.predicate) if waiver.predicate is not None else waiver.rule
        said += [f"prefer {write(rule.predicate)}" for rule in waiver.cancels]
        said.append(f"waive {what}{_because(waiver.because)}")
    return [*lines, *(["", *said] if said else []), "}"]


def _shared(stages: tuple[Stage, ...], names: _Names) -> dict[str, str]:
    """What all stages say alike: it stands on the body. Widths and depths stay with the stages."""
    if not stages:
        return {}
    shared: dict[str, str] = {}
    if len({names.of(stage.block) for stage in stages}) == 1:
        shared["block"] = names.of(stages[0].block)
    written = [_written(stage.settings, names) for stage in stages]
    for key, value in written[0].items():
        same = all(other.get(key) == value for other in written)
        if same and key != "w" and not value.startswith("["):
            shared[key] = value
    return shared


def _part(kind: str, part: Part, names: _Names) -> str:
    name = names.of(part.block)
    own = {} if name == _DEFAULT_BLOCKS[kind] else {"block": name}
    return f"{kind} {{ {_inline(own | _written(part.settings, names))} }}"


def _written(settings: tuple[tuple[str, Value], ...], names: _Names) -> dict[str, str]:
    written: dict[str, str] = {}
    for key, value in settings:
        first = value[0] if isinstance(value, tuple) and value else value
        text = spoken(value)
        if isinstance(value, Symbol) and value.block is not None:
            text = spoken(value.replace(name=names.of(value.block)))
        written["groups" if isinstance(first, Groups) else key] = text
    return written


def _inline(settings: dict[str, str]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in settings.items())


def _because(reason: str) -> str:
    return f' because "{reason}"' if reason else ""


# ------------------------------------------------------------------------------------ recipe


def _recipe(recipe: Recipe) -> list[str]:
    lines = [f"## {line}" for line in recipe.doc.splitlines()]
    lines.append(f"recipe {recipe.name} {{")
    lines += [
        f"{key} = {setting_text(getattr(recipe, key), s.kind)}"
        for key, s in Recipe.__settings__.items()
    ]
    return [*lines, "}"]


def setting_text(value: Any, kind: str) -> str:
    """The value of a recipe's setting of that kind as `.anynet` text."""
    match kind:
        case "variant":
            declared = value.__settings__
            arguments = [
                f"{key} = {setting_text(getattr(value, key), setting.kind)}"
                for key, setting in declared.items()
                if getattr(value, key) is not None and getattr(value, key) != setting.default
            ]
            name = _VARIANTS[type(value)]
            return f"{name}({', '.join(arguments)})" if arguments else name
        case "size":
            return "x".join(map(str, value))
        case "words":
            return f"[{', '.join(value)}]"
        case "numbers":
            return f"[{', '.join(setting_text(item, 'number') for item in value)}]"
        case "variants":
            return f"[{', '.join(setting_text(item, 'variant') for item in value)}]"
        case "word":
            return value
        case _:
            exact = Fraction(str(value)) if isinstance(value, float) else value
            return spoken(
                int(exact) if isinstance(exact, Fraction) and exact.denominator == 1 else exact
            )
