"""What is wrong with a block's definition, used or not."""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.blocks.faults import BLOCK
from anydsl.blocks.scope import WORDS
from anydsl.design.faults import DUPLICATE, MISSING, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.modules import Module
from anydsl.design.reading import block_named
from anydsl.design.values import FUNCTIONS, BlockDef
from anydsl.design.variables import variables
from anydsl.graph.catalog import OPERATIONS
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Label
from anydsl.language.source import Span

_GIVEN = ("x", "i", "j", "depth", "true", "false")
_WORDS = {
    word for op in OPERATIONS.values() for s in op.__settings__.values() for word in s.choices
}


def check_definition(block: tree.Block, module: Module) -> list[Diagnostic]:
    """Check names, lines and recursion of a block that a file declares."""
    found: list[Diagnostic] = []
    if block.base is not None:
        found.append(Diagnostic(WRONG_VALUE, "a block extends nothing", block.base.span))
    seen: dict[str, Span] = {}
    for param in block.params or ():
        if param.default is not None:
            found += _unknown(param.default, seen, module)
        _define(param.name, seen, found)
    lines = {s.name.text for s in block.body if isinstance(s, tree.Assign)}
    for statement in block.body:
        match statement:
            case tree.Assign():
                found += _unknown(statement.value, seen, module, lines)
                _define(statement.name, seen, found)
            case tree.Broken():
                pass
            case _:
                message = "a block has lines `name = value` only"
                found.append(Diagnostic(WRONG_VALUE, message, statement.span))
    if "out" not in seen and not any(isinstance(s, tree.Broken) for s in block.body):
        found.append(Diagnostic(MISSING, "a block needs a line `out = …`", block.head))
    if block.label is not None:
        itself = block_named(block.label.name.text, module)
        circle = _circle(itself) if itself else []
        if circle:
            message = f"a block can't reach itself: {' -> '.join(circle)}"
            found.append(Diagnostic(BLOCK, message, block.head))
    return found


def _define(name: tree.Name, seen: dict[str, Span], found: list[Diagnostic]) -> None:
    if name.text in seen:
        label = Label(seen[name.text], "first here")
        found.append(Diagnostic(DUPLICATE, f"`{name.text}` is defined twice", name.span, (label,)))
    elif name.text in _GIVEN:
        found.append(Diagnostic(DUPLICATE, f"`{name.text}` is given to every block", name.span))
    seen.setdefault(name.text, name.span)


def _unknown(
    expr: tree.Expr, seen: dict[str, Span], module: Module, lines: set[str] | None = None
) -> Iterator[Diagnostic]:
    for variable in variables(expr):
        name = variable.name
        known = name in seen or name in _GIVEN or name in OPERATIONS or name in FUNCTIONS
        if known or name in _WORDS or name in WORDS or module.find(name) is not None:
            continue
        if lines and name in lines:
            yield Diagnostic(BLOCK, f"`{name}` is used before its line", variable.span)
            continue
        hint = module.nearest(name, (*seen, *_GIVEN, *OPERATIONS, *FUNCTIONS, *WORDS))
        yield Diagnostic(UNKNOWN_NAME, f"`{name}` is not known here", variable.span, help=hint)


def _circle(target: BlockDef) -> list[str]:
    """The names on a way from a block back to itself, over the blocks that lines name."""
    if target.name not in _suspects(target.scope):
        return []
    came: dict[str, str] = {}  # by a block, the one that names it
    waiting = [target]
    for block in waiting:  # grows while it is walked
        for called in _called(block):
            if called == target:
                names = [target.name, block.name]
                while names[-1] != target.name:
                    names.append(came[names[-1]])
                return names[::-1]
            if called.name not in came:
                came[called.name] = block.name
                waiting.append(called)
    return []


def _suspects(module: Module) -> set[str]:
    """The blocks of a file that lead to a circle: take away, again and again, those that end."""
    if "" not in module.calls:
        callers: dict[str, list[str]] = {}
        open_calls: dict[str, int] = {}
        for declared in module.declared("block"):
            name = declared.label.name.text if declared.label else ""
            block = block_named(name, module)
            called = [c.name for c in _called(block) if c.scope is module] if block else []
            open_calls[name] = len(called)
            for other in called:
                callers.setdefault(other, []).append(name)
        ended = [name for name, number in open_calls.items() if number == 0]
        for name in ended:  # grows while it is walked
            for caller in callers.get(name, ()):
                open_calls[caller] -= 1
                if open_calls[caller] == 0:
                    ended.append(caller)
        module.calls[""] = set(open_calls) - set(ended)
    return module.calls[""]


def _called(block: BlockDef) -> tuple[BlockDef, ...]:
    known: dict[str, tuple[BlockDef, ...]] = block.scope.calls
    if block.name not in known:
        own = {p.name.text for p in block.params} | {line.name.text for line in block.lines}
        exprs = [line.value for line in block.lines]
        exprs += [p.default for p in block.params if p.default is not None]
        names = sorted({v.name for expr in exprs for v in variables(expr)} - own)
        called = (block_named(name, block.scope) for name in names)
        known[block.name] = tuple(b for b in called if b is not None)
    return known[block.name]
