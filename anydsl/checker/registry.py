"""All rules and all kinds of findings."""

from __future__ import annotations

import importlib
import os
from functools import cache

from anydsl.blocks import faults as block_faults
from anydsl.checker import rules as folder
from anydsl.checker.outcomes import KINDS
from anydsl.checker.rule import BASES, Rule
from anydsl.design import faults
from anydsl.language.diagnostics import ERROR, Kind
from anydsl.spaces import faults as space_faults

_OFF = ("hardware",)
"""Groups of which no rule is on by itself: they are read when one of their rules is asked for."""


@cache
def files() -> dict[str, str]:
    """The module of each rule, by the rule's name."""
    root = os.path.dirname(folder.__file__)
    found: dict[str, str] = {}
    for group in sorted(os.listdir(root)):
        if group[0] in "_." or not os.path.isdir(os.path.join(root, group)):
            continue
        for file in os.listdir(os.path.join(root, group)):
            stem, suffix = os.path.splitext(file)
            if suffix == ".py" and not stem.startswith("_"):
                found[stem] = f"{folder.__name__}.{group}.{stem}"
    return found


@cache
def rule(name: str) -> Rule | None:
    """The rule of that name; None where there is none."""
    path = files().get(name)
    if path is None:
        return None
    for value in vars(importlib.import_module(path)).values():
        if isinstance(value, type) and issubclass(value, Rule) and value not in BASES:
            return value()
    return None


@cache
def rules() -> tuple[Rule, ...]:
    """The rules in the order of their codes."""
    return _sorted(files())


@cache
def usual() -> tuple[Rule, ...]:
    """The rules that are on where nobody selects any, in the order of their codes."""
    names = [name for name, path in files().items() if path.split(".")[-2] not in _OFF]
    return tuple(rule for rule in _sorted(names) if rule.on)


def _sorted(names: dict[str, str] | list[str]) -> tuple[Rule, ...]:
    found = [known for name in names if (known := rule(name)) is not None]
    return tuple(sorted(found, key=lambda rule: rule.code))


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of finding that there is, in the order of the codes."""
    own = [rule.kind() for rule in rules()]
    said = [*faults.KINDS, *block_faults.KINDS, *space_faults.KINDS, *KINDS]
    return tuple(sorted([*said, *own], key=lambda kind: kind.code))


def optional(kind: Kind) -> bool:
    """Whether a kind of finding can be ignored, or be given another severity.

    What the language itself calls an error, and what a design requires of itself, can't be.
    """
    return kind.severity != ERROR or kind.name in files()
