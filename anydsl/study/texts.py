"""Nets and recipes from the texts that a study's database keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anydsl.design.modules import Library
from anydsl.design.recipes import resolve_recipe
from anydsl.design.resolving import resolve
from anydsl.errors import RunError

if TYPE_CHECKING:
    from anydsl.design.network import Network
    from anydsl.design.recipe import Recipe


def network_of(text: str) -> Network:
    """The net of a trial's text.

    Raises:
        RunError: the text is damaged.
    """
    module = Library().text(text, "a trial")
    blocks = module.declared("net")
    found = resolve(module, blocks[-1])[0] if blocks else None
    if found is None:
        raise RunError("the text of a trial is damaged: it holds no net")
    return found.network


def recipe_of(text: str) -> Recipe:
    """The recipe of a study's text.

    Raises:
        RunError: the text is damaged.
    """
    module = Library().text(text, "a study")
    blocks = module.declared("recipe")
    found = resolve_recipe(module, blocks[-1])[0] if blocks else None
    if found is None:
        raise RunError("the recipe of the study is damaged")
    return found
