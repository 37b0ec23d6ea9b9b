"""Blocks compared by what their lines say: spaces, comments and names of constants apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from anydsl.design.network import Network
from anydsl.design.reading import block_named, constant
from anydsl.design.values import BlockDef, Symbol, Value
from anydsl.design.variables import variables
from anydsl.language import tree
from anydsl.language.lexer import comments
from anydsl.language.record import Record


class BlockChange(Record):
    """A block that both networks use and define differently.

    Attributes:
        a, b: its parameters and lines, as they are written, that the other definition lacks.
    """

    name: str
    a: tuple[str, ...]
    b: tuple[str, ...]


def same_meaning(left: BlockDef, right: BlockDef) -> bool:
    """Whether two blocks have the same parameters and lines; their names don't matter."""
    return _meaning(left) == _meaning(right)


def changed_blocks(left: Network, right: Network) -> tuple[BlockChange, ...]:
    """The blocks that two networks use under one name and define differently."""
    ours, theirs = _used(left), _used(right)
    found: list[BlockChange] = []
    for name, block in ours.items():
        other = theirs.get(name)
        if other is None or same_meaning(block, other):
            continue
        a, b = _statements(block), _statements(other)
        found.append(
            BlockChange(
                name,
                tuple(text for key, text in a if key not in dict(b)),
                tuple(text for key, text in b if key not in dict(a)),
            )
        )
    return tuple(found)


def _used(network: Network) -> dict[str, BlockDef]:
    """The blocks that a network uses, those included that others call."""
    parts = [part for part in (network.stem, *network.stages, network.head) if part is not None]
    waiting = [part.block for part in parts]
    for part in parts:
        for _, value in part.settings:
            waiting += _blocks(value)
    found: dict[str, BlockDef] = {}
    for block in waiting:  # grows while it is walked
        if block.name not in found:
            found[block.name] = block
            waiting += _called(block)
    return found


def _blocks(value: Value) -> Iterator[BlockDef]:
    """The blocks that a value names."""
    if isinstance(value, tuple):
        for item in value:
            yield from _blocks(item)
    elif isinstance(value, Symbol):
        if value.block is not None:
            yield value.block
        for inner in (*value.positional, *(v for _, v in value.named)):
            yield from _blocks(inner)


def _called(block: BlockDef) -> Iterator[BlockDef]:
    own = {p.name.text for p in block.params} | {line.name.text for line in block.lines}
    exprs = [line.value for line in block.lines]
    exprs += [p.default for p in block.params if p.default is not None]
    for expr in exprs:
        for variable in variables(expr):
            called = None if variable.name in own else block_named(variable.name, block.scope)
            if called is not None:
                yield called


def _meaning(block: BlockDef) -> tuple[Any, ...]:
    return tuple(key for key, _ in _statements(block))


def _statements(block: BlockDef) -> list[tuple[Any, str]]:
    """What each parameter and line says, and its text."""
    own = {p.name.text for p in block.params} | {line.name.text for line in block.lines}
    found: list[tuple[Any, str]] = []
    for param in block.params:
        default = None if param.default is None else _said(param.default, block, own)
        found.append((("parameter", param.name.text, default), _text(param)))
    for line in block.lines:
        found.append((("line", line.name.text, _said(line.value, block, own)), _text(line)))
    return found


def _said(node: Any, block: BlockDef, own: set[str]) -> Any:
    """An expression without its places, and with constants as their values."""
    if isinstance(node, tree.Variable) and node.name not in own:
        declared = block.scope.find(node.name)
        if declared is not None and isinstance(declared[1], tree.Assign):
            return "constant", constant(declared[0], declared[1])
    if isinstance(node, tree.Number):
        return "constant", node.value
    if isinstance(node, tuple):
        return tuple(_said(item, block, own) for item in cast("tuple[Any, ...]", node))
    if isinstance(node, Record):
        fields = [f for f in node.__fields__ if f != "span"]
        return type(node).__name__, *(_said(getattr(node, f), block, own) for f in fields)
    return node


def _text(node: tree.Param | tree.Assign) -> str:
    """A statement in one line, without its comments."""
    text = node.span.text
    for start, end in reversed(list(comments(text))):
        text = text[:start] + text[end:]
    return " ".join(text.split())
