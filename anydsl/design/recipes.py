"""Recipes and studies from text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from anydsl.design import reading
from anydsl.design.faults import DUPLICATE, EXTENDS, MISSING, UNKNOWN_NAME, WRONG_VALUE
from anydsl.design.modules import Module
from anydsl.design.recipe import Recipe
from anydsl.design.study import Study
from anydsl.design.variant import Variant
from anydsl.errors import UsageError
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Fault, Label, nearest
from anydsl.language.parser import parse
from anydsl.language.record import Record, RecordType
from anydsl.language.source import Source, Span

_Said = dict[str, tuple[tree.Assign, Module]]


def resolve_recipe(module: Module, block: tree.Block) -> tuple[Recipe | None, list[Diagnostic]]:
    """Resolve a recipe; None where it has errors."""
    diagnostics: list[Diagnostic] = []
    said = _merged(module, block, diagnostics, ())
    given = _read(said, Recipe, diagnostics)
    if diagnostics:
        return None, diagnostics
    assert block.label is not None
    return Recipe(block.label.name.text, block.doc, **given), []


def resolve_study(module: Module, block: tree.Block) -> tuple[Study | None, list[Diagnostic]]:
    """Resolve a study; None where it has errors."""
    diagnostics: list[Diagnostic] = []
    said = _merged(module, block, diagnostics, ())
    given = _read(
        {k: v for k, v in said.items() if k not in ("spaces", "recipe")}, Study, diagnostics
    )
    assert block.label is not None
    for word, kinds in (("spaces", ("space", "net")), ("recipe", ("recipe",))):
        if word not in said:
            message = f"`{word}` is missing: {Study.__settings__[word].doc}"
            diagnostics.append(Diagnostic(MISSING, message, block.head))
            continue
        value = said[word][0].value
        items = value.items if isinstance(value, tree.List) else (value,)
        if (word == "spaces") != isinstance(value, tree.List):
            shape = "a list of spaces" if word == "spaces" else "one recipe"
            diagnostics.append(Diagnostic(WRONG_VALUE, f"`{word}` is {shape}", value.span))
            continue
        names: list[str] = []
        for item in items:
            name = item.name if isinstance(item, tree.Variable) else ""
            found = said[word][1].find(name)
            if found and isinstance(found[1], tree.Block) and found[1].kind.text in kinds:
                if name in names:
                    message = f"`{name}` is compared with itself: name it once"
                    diagnostics.append(Diagnostic(DUPLICATE, message, item.span))
                names.append(name)
            else:
                hint = module.nearest(name)
                message = f"`{item.span.text}` is no {kinds[0]}"
                diagnostics.append(Diagnostic(UNKNOWN_NAME, message, item.span, help=hint))
        given[word] = tuple(names) if word == "spaces" else "".join(names)
    study = Study(block.label.name.text, block.doc, **given, scope=_scope(module, block, said))
    if not diagnostics:
        diagnostics += _unsuited(study, said)
    return (None, diagnostics) if diagnostics else (study, [])


def _scope(module: Module, block: tree.Block, said: _Said) -> dict[str, tuple[Module, Span]]:
    """Where each word of a study was given, and each name in a list."""
    found = {"": (module, block.head)}
    for word, (statement, home) in said.items():
        found[word] = home, statement.value.span
        if isinstance(statement.value, tree.List):
            for item in statement.value.items:
                found.setdefault(f"{word}.{item.span.text}", (home, item.span))
    return found


def _unsuited(study: Study, said: _Said) -> Iterator[Diagnostic]:
    """Words of a study that don't go together, at the one that was said too much."""
    if "spaces" in said and not study.spaces:
        at = said["spaces"][0].value.span
        yield Diagnostic(MISSING, "a study compares something: `spaces` names none", at)
        return
    if "factorial" in said:
        at = said["factorial"][0].value.span
        home, block = said["spaces"][1].find(study.spaces[0]) or (None, None)
        if not study.factorial:
            message = "`factorial` names no principle"
            yield Diagnostic(WRONG_VALUE, message, at, help="as in `factorial = [b, g, w, d]`")
        twice = next((x for x in study.factorial if study.factorial.count(x) > 1), "")
        if twice:
            yield Diagnostic(DUPLICATE, f"`factorial` names `{twice}` twice", at)
        if len(study.spaces) > 1:
            label = Label(said["spaces"][0].value.span, f"there are {len(study.spaces)}")
            message = "`factorial` is over one space, whose designs keep and break principles"
            yield Diagnostic(WRONG_VALUE, message, at, (label,))
        elif home is not None and isinstance(block, tree.Block) and block.kind.text == "net":
            label = Label(said["spaces"][0].value.span, "this is a net")
            message = "`factorial` is over a space: a net has nothing left to break"
            yield Diagnostic(WRONG_VALUE, message, at, (label,))
    elif study.paired and len(study.spaces) == 1:
        at = said["paired"][0].value.span
        label = Label(said["spaces"][0].value.span, "there is one")
        yield Diagnostic(WRONG_VALUE, "`paired` needs spaces to compare", at, (label,))


def places(module: Module, block: tree.Block) -> dict[str, Span]:
    """Where the settings of a recipe or a study were written, by paths such as `optimizer.lr`."""
    found = {"": block.head}
    for name, (statement, _) in _merged(module, block, [], ()).items():
        found[name] = statement.value.span
        if isinstance(statement.value, tree.Call):
            for argument in statement.value.arguments:
                if argument.name is not None:
                    found[f"{name}.{argument.name.text}"] = argument.value.span
    return found


def recipe_with(recipe: Recipe, changes: list[str]) -> Recipe:
    """Change a recipe by `KEY=VALUE`, values in the language: `optimizer.lr=0.1`, `data=digits`.

    Raises:
        UsageError: a key is unknown or a value doesn't fit.
    """
    from anydsl.design.modules import Library

    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not text.strip():
            raise UsageError(f"--set takes KEY=VALUE, not `{change}`")
        source = Source("--set", f"anynet 1\nvalue = {text}\n")
        parsed = parse(source)
        statements = parsed.file.statements
        if parsed.diagnostics or len(statements) != 1 or not isinstance(statements[0], tree.Assign):
            raise UsageError(f"--set {change}: `{text}` is no value")
        module = Library().text("anynet 1\n", "--set")
        try:
            recipe = _changed(recipe, key.strip().split("."), statements[0].value, module)
        except Fault as fault:
            found = fault.diagnostic
            raise UsageError(
                f"--set {change}: {found.message}" + (f"; {found.help}" if found.help else "")
            ) from None
    for name in recipe.__settings__:
        value = getattr(recipe, name)
        wrong = value.conflict() if isinstance(value, Variant) else None
        if wrong is not None:
            raise UsageError(f"--set {' --set '.join(changes)}: {name}.{wrong[0]}: {wrong[1]}")
    return recipe


def _changed(record: Any, keys: list[str], value: tree.Expr, module: Module) -> Any:
    key, *rest = keys
    declared = record.__settings__
    if key not in declared:
        hint = nearest(key, declared) or f"its words are {', '.join(declared)}"
        raise Fault(Diagnostic(UNKNOWN_NAME, f"there is no `{key}`", value.span, help=hint))
    inner = getattr(record, key)
    if rest:
        if not isinstance(inner, Record):
            raise Fault(Diagnostic(UNKNOWN_NAME, f"`{key}` has no settings of its own", value.span))
        return record.replace(**{key: _changed(inner, rest, value, module)})
    return record.replace(**{key: reading.read(value, declared[key], module, key)})


def _merged(
    module: Module,
    block: tree.Block,
    diagnostics: list[Diagnostic],
    chain: tuple[tree.Block, ...],
) -> _Said:
    """The statements of a recipe or a study over those of what it extends."""
    kind = block.kind.text
    said: _Said = {}
    if block.params is not None:
        diagnostics.append(Diagnostic(WRONG_VALUE, f"a {kind} has no parameters", block.head))
    if block.base is not None:
        found = module.find(block.base.text)
        if found is None:
            hint = module.nearest(block.base.text)
            message = f"`{block.base.text}` is not known here"
            diagnostics.append(Diagnostic(UNKNOWN_NAME, message, block.base.span, help=hint))
        elif not isinstance(found[1], tree.Block) or found[1].kind.text != kind:
            message = f"a {kind} can only extend a {kind}"
            diagnostics.append(Diagnostic(EXTENDS, message, block.base.span))
        elif found[1] in (*chain, block):
            message = f"`{block.base.text}` extends itself"
            diagnostics.append(Diagnostic(EXTENDS, message, block.base.span))
        else:
            said = _merged(found[0], found[1], diagnostics, (*chain, block))
    own: _Said = {}
    for statement in block.body:
        match statement:
            case tree.Assign(name=name):
                if name.text in own:
                    label = Label(own[name.text][0].name.span, "first here")
                    message = f"`{name.text}` is given twice"
                    diagnostics.append(Diagnostic(DUPLICATE, message, name.span, (label,)))
                own[name.text] = (statement, module)
            case tree.Broken() | tree.Requirement(kind="waive"):
                pass  # waivers are read by the checker, which knows the rules
            case _:
                message = f"a {kind} has settings only: `name = value`"
                diagnostics.append(Diagnostic(WRONG_VALUE, message, statement.span))
    return said | own


def _read(said: _Said, cls: RecordType, diagnostics: list[Diagnostic]) -> dict[str, Any]:
    declared = cls.__settings__
    given: dict[str, Any] = {}
    for name, (statement, module) in said.items():
        if name not in declared:
            hint = nearest(name, declared) or f"its words are {', '.join(declared)}"
            message = f"a {cls.__name__.lower()} has no `{name}`"
            diagnostics.append(Diagnostic(UNKNOWN_NAME, message, statement.name.span, help=hint))
            continue
        try:
            given[name] = reading.read(statement.value, declared[name], module, name)
        except Fault as fault:
            diagnostics.append(fault.diagnostic)
    return given
