"""Expressions to values: exact, with the narrowest place to blame where that fails."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, assert_never

from anydsl.design.faults import MISSING, TOO_LARGE, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.held import fit, unfit
from anydsl.design.modules import Module
from anydsl.design.values import (
    FUNCTIONS,
    BlockDef,
    Range,
    Size,
    Symbol,
    Value,
    apply_function,
    arithmetic,
    compare,
    spoken,
)
from anydsl.design.variant import Variant
from anydsl.language import tree
from anydsl.language.declaration import REQUIRED, Setting
from anydsl.language.diagnostics import Diagnostic, Fault, nearest
from anydsl.language.record import RecordType
from anydsl.language.source import Span

DEEPEST_CONSTANT = 50
MOST_ARGUMENTS = 1000


def evaluate(expr: tree.Expr, module: Module) -> Value:
    """The value of an expression that stands outside of blocks.

    A name that is no constant comes back as a `Symbol`: only the reader of a setting knows whether
    it means something there.

    Raises:
        Fault: it has none.
    """
    match expr:
        case tree.Number() | tree.String():
            return expr.value
        case tree.Size():
            return Size(expr.dims)
        case tree.Variable():
            return _variable(expr, module)
        case tree.List():
            items = tuple(evaluate(item, module) for item in expr.items)
            if any(isinstance(item, tuple) for item in items):
                raise Fault(Diagnostic(WRONG_VALUE, "a list holds no lists", expr.span))
            return items
        case tree.Range():
            return read_range(expr, module)
        case tree.Negate():
            return -number(expr.value, module)
        case tree.Binary():
            left, right = number(expr.left, module), number(expr.right, module)
            return arithmetic(expr.operator, left, right, expr.span)
        case tree.Compare():
            left, right = evaluate(expr.left, module), evaluate(expr.right, module)
            return compare(expr.operator, left, right, expr.span)
        case tree.Logic():
            left = truth(expr.left, module)
            if expr.operator == "and":
                return left and truth(expr.right, module)
            return left or truth(expr.right, module)
        case tree.Not():
            return not truth(expr.value, module)
        case tree.Conditional():
            return evaluate(expr.then if truth(expr.condition, module) else expr.otherwise, module)
        case tree.Call():
            return _call(expr, module)
        case tree.Attribute():
            raise Fault(Diagnostic(WRONG_VALUE, f"nothing here has a `.{expr.name}`", expr.span))
        case tree.Pipe():
            message = "`->` joins operations inside a block"
            raise Fault(Diagnostic(WRONG_VALUE, message, expr.span))
        case _:
            assert_never(expr)


def read_range(expr: tree.Range, module: Module) -> Range:
    """Evaluate a range.

    Raises:
        Fault: it is empty, or its ends or its step are not what they have to be.
    """
    step = None if expr.step is None else number(expr.step, module)
    low, high = number(expr.low, module), number(expr.high, module)
    if low > high:
        message = f"this range is empty: {spoken(low)} is above {spoken(high)}"
        raise Fault(Diagnostic(WRONG_VALUE, message, expr.span))
    if step is not None and step <= 0:
        raise Fault(Diagnostic(WRONG_VALUE, "a step is above 0", (expr.step or expr).span))
    return Range(low, high, step)


def number(expr: tree.Expr, module: Module) -> int | Fraction:
    """Evaluate what has to be a number.

    Raises:
        Fault: it is something else.
    """
    value = evaluate(expr, module)
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return value
    raise unfit(value, "a number", expr.span, module)


def truth(expr: tree.Expr, module: Module) -> bool:
    """Evaluate what has to be true or false.

    Raises:
        Fault: it is something else.
    """
    value = evaluate(expr, module)
    if isinstance(value, bool):
        return value
    raise unfit(value, "true or false", expr.span, module)


def block_named(name: str, module: Module) -> BlockDef | None:
    """The block of that name in scope, None where the name is none or something else."""
    found = module.find(name)
    if found is None:
        return None
    home, block = found
    if not isinstance(block, tree.Block) or block.kind.text != "block":
        return None
    if block.label is None:
        return None
    own = block.label.name.text
    if own not in home.blocks:
        lines = tuple(s for s in block.body if isinstance(s, tree.Assign))
        whole = not any(isinstance(s, tree.Broken) for s in block.body)
        home.blocks[own] = BlockDef(own, block.params or (), lines, block.head, home, whole)
    return home.blocks[own]


def blocks(module: Module) -> list[str]:
    """The names of all blocks in scope."""
    if "names of blocks" not in module.calls:
        module.calls["names of blocks"] = [n for n in module.known() if block_named(n, module)]
    return module.calls["names of blocks"]


def read(expr: tree.Expr, setting: Setting, module: Module, name: str) -> Any:
    """Evaluate an expression as the value of a declared setting.

    Args:
        expr: what was written.
        setting: the declaration that it has to fit.
        module: where it was written.
        name: of the setting, for messages.

    Raises:
        Fault: it doesn't fit.
    """
    if setting.kind in ("word", "words", "numbers", "variant", "variants"):
        constant = _constant(expr, module, setting)
        if constant is not None:
            return read(constant[1], setting, constant[0], name)
    match setting.kind:
        case "word":
            return _word(expr, setting, name)
        case "words":
            if not isinstance(expr, tree.List):
                message = f"`{name}` is a list, as in `[{', '.join(setting.choices)}]`"
                raise Fault(Diagnostic(WRONG_VALUE, message, expr.span))
            return tuple(_word(item, setting, name) for item in expr.items)
        case "numbers" if isinstance(expr, tree.List) and expr.items:
            return tuple(_bounded(item, setting, module, name) for item in expr.items)
        case "variant":
            return _variant(expr, setting, module, name)
        case "variants":
            if not isinstance(expr, tree.List):
                message = f"`{name}` is a list, as in `[{', '.join(list(setting.choices)[:2])}]`"
                raise Fault(Diagnostic(WRONG_VALUE, message, expr.span))
            one = Setting("variant", setting.doc, choices=setting.choices)
            return tuple(read(item, one, module, name) for item in expr.items)
        case _:
            return fit(evaluate(expr, module), setting, module, name, expr.span)


def construct(
    cls: RecordType, arguments: tuple[tree.Argument, ...], module: Module, at: Span
) -> Any:
    """Make a record from the arguments of a call, by the declarations of its fields.

    Raises:
        Fault: an argument is unknown, given twice, missing, or doesn't fit.
    """
    declared = cls.__settings__
    given: dict[str, Any] = {}
    places = iter(declared)
    if cls.__defaults__.get("path") == "":  # a folder stands first, as in image_folder("path")
        places = iter(["path", *(p for p in declared if p != "path")])
    for argument in arguments:
        name = argument.name.text if argument.name else next(places, None)
        where = argument.name.span if argument.name else argument.span
        if name is None:
            raise Fault(Diagnostic(WRONG_VALUE, "there are too many values here", where))
        if name not in declared:
            hint = nearest(name, declared) or f"its words are {', '.join(declared)}"
            raise Fault(Diagnostic(UNKNOWN_NAME, f"there is no `{name}` here", where, help=hint))
        if name in given:
            raise Fault(Diagnostic(WRONG_VALUE, f"`{name}` is given twice", where))
        given[name] = read(argument.value, declared[name], module, name)
    missing = [n for n, s in declared.items() if s.default is REQUIRED and n not in given]
    if missing:
        raise Fault(
            Diagnostic(MISSING, f"`{missing[0]}` is missing: {declared[missing[0]].doc}", at)
        )
    made = cls(**given)
    wrong = made.conflict() if isinstance(made, Variant) else None
    if wrong is not None:
        where = [a.value.span for a in arguments if a.name and a.name.text == wrong[0]]
        raise Fault(Diagnostic(WRONG_VALUE, wrong[1], where[0] if where else at))
    return made


def _variable(expr: tree.Variable, module: Module) -> Value:
    if expr.name in ("true", "false"):
        return expr.name == "true"
    found = module.find(expr.name)
    if found is not None and isinstance(found[1], tree.Assign):
        return constant(found[0], found[1])
    return Symbol(expr.name, block=block_named(expr.name, module))


def constant(module: Module, assign: tree.Assign) -> Value:
    """The value of a top-level `name = value`, evaluated once.

    Raises:
        Fault: it has none, or it is made of itself.
    """
    name = assign.name.text
    if name not in module.constants:
        library = module.library
        if library.constants >= DEEPEST_CONSTANT:
            message = f"constants made of constants go beyond the limit of {DEEPEST_CONSTANT}"
            raise Fault(Diagnostic(TOO_LARGE, message, assign.name.span))
        library.constants += 1
        module.constants[name] = Fault(
            Diagnostic(WRONG_VALUE, f"`{name}` is made of itself", assign.name.span)
        )
        try:
            module.constants[name] = evaluate(assign.value, module)
        except Fault as fault:
            module.constants[name] = fault
        finally:
            library.constants -= 1
    known: Any = module.constants[name]
    if isinstance(known, Fault):
        raise known
    return known


def _constant(expr: tree.Expr, module: Module, setting: Setting) -> tuple[Module, tree.Expr] | None:
    """What a constant says, if an expression is the bare name of one and no word of the setting."""
    if not isinstance(expr, tree.Variable) or expr.name in setting.choices:
        return None
    found = module.find(expr.name)
    if found is None or not isinstance(found[1], tree.Assign):
        return None
    constant(found[0], found[1])  # raises where it is made of itself
    return found[0], found[1].value


def _call(expr: tree.Call, module: Module) -> Value:
    if not isinstance(expr.callee, tree.Variable):
        raise Fault(Diagnostic(WRONG_VALUE, "only a name can be called", expr.callee.span))
    positional = tuple(evaluate(a.value, module) for a in expr.arguments if a.name is None)
    named = {a.name.text: evaluate(a.value, module) for a in expr.arguments if a.name is not None}
    name = expr.callee.name
    if _larger((*positional, *named.values()), MOST_ARGUMENTS):
        message = f"this is made of more than {MOST_ARGUMENTS:,} values, which is the limit"
        raise Fault(Diagnostic(TOO_LARGE, message, expr.span))
    if name in FUNCTIONS:
        return apply_function(name, positional, named, expr.span)
    block = block_named(name, module)
    return Symbol(name, positional, tuple(named.items()), block)


def _larger(values: tuple[Value, ...], limit: int) -> bool:
    """Whether values and their arguments, and theirs, are more than so many."""
    waiting = list(values[: limit + 1])
    for value in waiting:  # grows while it is walked
        if len(waiting) > limit:
            return True
        if isinstance(value, Symbol):
            waiting += value.positional[: limit + 1]
            waiting += [inner for _, inner in value.named]
    return len(waiting) > limit


def _bounded(expr: tree.Expr, setting: Setting, module: Module, name: str) -> int | Fraction:
    value = number(expr, module)
    if not setting.allows(value):
        message = f"each number of `{name}` is {setting.bounds()}, not {spoken(value)}"
        raise Fault(Diagnostic(WRONG_VALUE, message, expr.span))
    return value


def _word(expr: tree.Expr, setting: Setting, name: str) -> str:
    if isinstance(expr, tree.Variable) and expr.name in setting.choices:
        return expr.name
    hint = nearest(expr.name, setting.choices) if isinstance(expr, tree.Variable) else ""
    hint = hint or _unquoted(expr, setting)
    message = f"`{name}` is one of {', '.join(setting.choices)}"
    raise Fault(Diagnostic(WRONG_VALUE, message, expr.span, help=hint))


def _unquoted(expr: tree.Expr, setting: Setting) -> str:
    if isinstance(expr, tree.String) and expr.value in setting.choices:
        return f"without quotes: `{expr.value}`"
    return ""


def _variant(expr: tree.Expr, setting: Setting, module: Module, name: str) -> Any:
    callee, arguments = (expr.callee, expr.arguments) if isinstance(expr, tree.Call) else (expr, ())
    if isinstance(callee, tree.Variable):
        choices: Any = setting.choices
        if callee.name in choices:
            return construct(choices[callee.name], arguments, module, expr.span)
        hint = nearest(callee.name, choices)
    else:
        hint = _unquoted(expr, setting)
    message = f"`{name}` is one of {', '.join(setting.choices)}"
    raise Fault(Diagnostic(WRONG_VALUE, message, callee.span, help=hint))
