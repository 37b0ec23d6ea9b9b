"""Specs as they are named on the command line, read, picked and checked."""

from __future__ import annotations

from anydsl.checker.engine import Checked, check_declaration, check_module
from anydsl.design.modules import Library, Module
from anydsl.design.recipe import Recipe
from anydsl.errors import SpecError, UsageError
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, nearest


def split(spec: str) -> tuple[str, str]:
    """Take `PATH::NAME` apart; the name is empty where none is given."""
    path, separator, name = spec.partition("::")
    if separator and not name:
        raise UsageError(f"`{spec}` names nothing behind `::`")
    return path, name


def check(spec: str) -> list[Diagnostic]:
    """Check a file; never raises for what stands in it.

    Args:
        spec: a path, `-` for standard input, or a shipped spec such as `std:regnet/regnetx`; with
            `::NAME` only that declaration and the file's syntax are judged.

    Raises:
        UsageError: the file is missing or unreadable, or declares no such name.
    """
    path, name = split(spec)
    module = Library().module(path)
    if not name:
        return check_module(module)
    found = dict.fromkeys(module.diagnostics)
    found |= dict.fromkeys(check_declaration(module, named(module, name)).diagnostics)
    return list(found)


def pick(spec: str, *kinds: str, library: Library | None = None) -> tuple[Module, Checked]:
    """Read a spec and check the one declaration of some kinds that it names or holds.

    Raises:
        UsageError: the file is missing or unreadable, or it is not clear which one is meant.
        SpecError: it has errors.
    """
    path, name = split(spec)
    module = (library or Library()).module(path)
    if name:
        block = named(module, name)
        if block.kind.text not in kinds:
            raise UsageError(f"`{name}` is a {block.kind.text}, not a {' or a '.join(kinds)}")
    else:
        declared = module.declared(*kinds)
        if len(declared) != 1 and any(d.level == "error" for d in module.diagnostics):
            raise SpecError(module.diagnostics)
        if not declared:
            raise UsageError(f"{path} declares no {' and no '.join(kinds)}")
        if len(declared) > 1:
            names = ", ".join(f"{path}::{b.label.name.text}" for b in declared if b.label)
            raise UsageError(f"{path} declares several; say which: {names}")
        block = declared[0]
    checked = check_declaration(module, block)
    diagnostics = [d for d in module.diagnostics if d.level == "error"]
    if diagnostics or not checked.sound or checked.value is None:
        raise SpecError(list(dict.fromkeys([*diagnostics, *checked.diagnostics])))
    return module, checked


def recipes(module: Module) -> dict[str, Recipe]:
    """The recipes that a file declares, by name.

    Raises:
        SpecError: one has errors.
    """
    found: dict[str, Recipe] = {}
    for block in module.declared("recipe"):
        checked = check_declaration(module, block)
        if not checked.sound:
            raise SpecError(checked.diagnostics)
        if isinstance(checked.value, Recipe):
            found[checked.name] = checked.value
    return found


def named(module: Module, name: str) -> tree.Block:
    """The declaration of that name.

    Raises:
        UsageError: there is none.
    """
    block = next((b for b in module.declared(*_ALL) if b.label and b.label.name.text == name), None)
    if block is None:
        names = [b.label.name.text for b in module.declared(*_ALL) if b.label]
        hint = nearest(name, names) or f"it declares {', '.join(names) or 'nothing'}"
        raise UsageError(f"{module.source.path} declares no `{name}`; {hint}")
    return block


_ALL = ("net", "space", "block", "recipe", "study")
