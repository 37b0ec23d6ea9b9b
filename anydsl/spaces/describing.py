"""Stages as plain data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from anydsl.blocks.measurement import setting
from anydsl.design.network import Stage
from anydsl.design.values import Groups, Value, spoken

_USUAL = ("b", "g", "s", "se")


def describe_stage(stage: Stage, width: int) -> dict[str, Any]:
    """Depth, width and settings of a stage; what its block has by default is said too.

    Args:
        stage: as a network has it.
        width: what it puts out.
    """
    values: dict[str, Value | None] = {key: setting(stage, key) for key in _USUAL}
    values |= {key: value for key, value in stage.settings if key != "w"}
    said: dict[str, Any] = {"d": stage.d, "w": width}
    for key, value in values.items():
        if isinstance(value, Groups):
            said["groups"] = value.n
        elif value is not None:
            said[key] = plain(value)
    return said | {"block": stage.block.name}


def plain(value: Value) -> Any:
    """A value as JSON has it."""
    match value:
        case Fraction():
            return float(value)
        case int() | str():
            return value
        case tuple():
            return [plain(item) for item in value]
        case _:
            return spoken(value)
