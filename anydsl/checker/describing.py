"""A measured network as plain data: what `show --format json` prints."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from anydsl.blocks.measurement import Measurement, PartCost, setting
from anydsl.design.network import Stage
from anydsl.design.values import Groups, Value, spoken


def describe(measured: Measurement) -> dict[str, Any]:
    """Name, input, totals, and stem, stages and head with their shapes, settings and costs."""
    network = measured.network
    parts = {part.name: part for part in measured.parts}
    return {
        "name": network.name,
        "input": list(network.input),
        **_cost(measured),
        "depth": network.depth,
        "stem": _part(parts["stem"]) if network.stem else None,
        "stages": [_stage(stage, parts[stage.name]) for stage in network.stages],
        "head": _part(parts["head"]) if network.head else None,
    }


def _cost(costed: Measurement | PartCost) -> dict[str, int]:
    cost = costed.cost
    return {"params": cost.params, "flops": cost.flops, "acts": cost.acts}


def _part(part: PartCost) -> dict[str, Any]:
    return {"block": part.block, "output": list(part.output), **_cost(part)}


def _stage(stage: Stage, part: PartCost) -> dict[str, Any]:
    values = {key: _plain(setting(stage, key)) for key in ("s", "b", "g", "se")}
    return {
        "name": stage.name,
        "d": stage.d,
        "w": part.output[0],
        **values,
        "groups": part.blocks[0].groups,
        **_part(part),
    }


def _plain(value: Value | None) -> Any:
    match value:
        case Fraction():
            return float(value)
        case Groups():
            return None  # the number of groups is what was given
        case tuple():
            items = [_plain(item) for item in value]
            return None if all(item is None for item in items) else items
        case int() | str() | None:
            return value
        case _:
            return spoken(value)
