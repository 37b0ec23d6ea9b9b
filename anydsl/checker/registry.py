"""All rules and all kinds of findings."""

from __future__ import annotations

import importlib
import os
from functools import cache

from anydsl.blocks import faults as block_faults
from anydsl.checker import rules as folder
from anydsl.checker.outcomes import KINDS
from anydsl.checker.rule import Principle, Rule
from anydsl.design import faults
from anydsl.language.diagnostics import Kind


@cache
def rules() -> tuple[Rule, ...]:
    """The rules in the order of their codes."""
    found: list[Rule] = []
    for file in os.listdir(os.path.dirname(folder.__file__)):
        stem, suffix = os.path.splitext(file)
        if suffix != ".py" or stem.startswith("_"):
            continue
        module = importlib.import_module(f"{folder.__name__}.{stem}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Rule)
                and value not in (Rule, Principle)
            ):
                found.append(value())
    return tuple(sorted(found, key=lambda rule: rule.code))


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of finding that there is, in the order of the codes."""
    own = [rule.kind() for rule in rules()]
    return tuple(sorted([*faults.KINDS, *block_faults.KINDS, *KINDS, *own], key=lambda k: k.code))
