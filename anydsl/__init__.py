"""anydsl: a language for convolutional network design spaces, and its compiler to torch.fx.

The verbs (`load`, `check`, `measure`, `sample`, `compile`, `for_inference`, `train`) and the values
that they take and give are resolved on first use, so that importing the package is quick and needs
no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anydsl.api import check, compile, for_inference, load, measure, sample, train
    from anydsl.blocks.measurement import Measurement
    from anydsl.design.network import Network, Part, Space, Stage
    from anydsl.design.recipe import Recipe
    from anydsl.errors import AnydslError, SpecError
    from anydsl.language.diagnostics import Diagnostic

__version__ = "0.1.0"

_HOMES = {
    "check": "anydsl.api",
    "compile": "anydsl.api",
    "for_inference": "anydsl.api",
    "load": "anydsl.api",
    "measure": "anydsl.api",
    "sample": "anydsl.api",
    "train": "anydsl.api",
    "Measurement": "anydsl.blocks.measurement",
    "Network": "anydsl.design.network",
    "Part": "anydsl.design.network",
    "Space": "anydsl.design.network",
    "Stage": "anydsl.design.network",
    "Recipe": "anydsl.design.recipe",
    "AnydslError": "anydsl.errors",
    "SpecError": "anydsl.errors",
    "Diagnostic": "anydsl.language.diagnostics",
}

__all__ = [
    "AnydslError",
    "Diagnostic",
    "Measurement",
    "Network",
    "Part",
    "Recipe",
    "Space",
    "SpecError",
    "Stage",
    "check",
    "compile",
    "for_inference",
    "load",
    "measure",
    "sample",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'anydsl' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *globals()})
