"""What a study compares: its spaces and networks, and the cells of its factorial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.blocks.measurement import examine
from anydsl.checker.rule import Comparison, Member
from anydsl.design.faults import WRONG_VALUE
from anydsl.design.network import Network, Space
from anydsl.design.recipe import Dataset
from anydsl.design.recipes import places, resolve_recipe
from anydsl.design.resolving import resolve, resolve_space
from anydsl.language import tree
from anydsl.language.diagnostics import Diagnostic, Label

if TYPE_CHECKING:
    from anydsl.design.modules import Module
    from anydsl.design.study import Study


def compare(study: Study, module: Module) -> Comparison:
    """Resolve what a study names; what has errors is left out: they are said where it stands."""
    home = study.home("spaces", module)
    members = [_member(home, name) for name in study.spaces]
    return Comparison(study, tuple(m for m in members if m is not None), _data(study, module))


def factorial_faults(compared: Comparison) -> list[Diagnostic]:
    """Why the cells of a factorial can't be drawn, or not at the same flops."""
    study = compared.study
    base = compared.members[0].value if compared.members else None
    if not study.factorial or not isinstance(base, Space):
        return []
    from anydsl.spaces.consistency import contradictions  # for spaces alone
    from anydsl.spaces.factorial import cells, flops_range

    at = study.place("factorial")
    assert at is not None
    if flops_range(base) is None:
        message = f"the cells of a factorial are matched in flops, and {base.name} leaves them open"
        there = study.place("spaces")
        labels = (Label(there, "the base"),) if there is not None else ()
        hint = f"`require flops in a..b` in {base.name}"
        return [Diagnostic(WRONG_VALUE, message, at, labels, hint)]
    letters = {x: span for x in study.factorial if (span := study.place(f"factorial.{x}"))}
    for cell in cells(base, study.factorial, letters):
        found = contradictions(cell.space)
        if found:
            return found
    return []


def _member(home: Module, name: str) -> Member | None:
    owner, block = home.find(name) or (None, None)
    if owner is None or not isinstance(block, tree.Block):
        return None
    if block.kind.text == "space":
        space, _ = resolve_space(owner, block)
        if space is None:
            return None
        classes = space.head.get("classes") if space.head is not None else None
        known = classes if isinstance(classes, int) and not isinstance(classes, bool) else None
        return Member(name, space, space.input, known)
    resolved, _ = resolve(owner, block)
    measured = examine(resolved)[0] if resolved is not None else None
    if resolved is None or measured is None:
        return None
    network: Network = resolved.network
    output = measured.output
    told = output[0] if network.head is not None and len(output) == 1 else None
    return Member(name, network, network.input, told)


def _data(study: Study, module: Module) -> Dataset | None:
    """The data of the recipe, if that says any."""
    owner, block = study.home("recipe", module).find(study.recipe) or (None, None)
    if owner is None or not isinstance(block, tree.Block) or "data" not in places(owner, block):
        return None
    recipe, _ = resolve_recipe(owner, block)
    return None if recipe is None else recipe.data
