"""The shipped specs have the costs and widths that their authors published."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from anydsl.blocks.measurement import Measurement
from anydsl.checker.loading import pick

ROOT = Path(__file__).parents[2]
PUBLISHED: dict[str, Any] = json.loads((ROOT / "tests/specs/published.json").read_text("utf-8"))
REGNETS, CLASSIC = PUBLISHED["regnets"], PUBLISHED["classic"]
ROUNDED = PUBLISHED["torchvision_rounding"]


def measured(spec: str) -> Measurement:
    _, checked = pick(str(ROOT / "specs" / spec), "net")
    assert checked.measured is not None
    return checked.measured


def group_widths(of: Measurement) -> list[int | None]:
    """The channels of each group of the stages' 3x3 convolutions, as they are built."""
    found: list[int | None] = []
    for stage, part in zip(of.network.stages, of.stages, strict=True):
        groups = part.blocks[0].groups
        b: Any = stage.get("b") or 1
        found.append(None if groups is None else int(part.output[0] / b) // groups)
    return found


@pytest.mark.parametrize("spec", [*REGNETS, *CLASSIC])
def test_costs(spec: str) -> None:
    expected = (REGNETS | CLASSIC)[spec]
    cost = measured(spec).cost
    assert cost.params == expected["params"]
    assert cost.flops == expected["flops"]
    assert cost.acts == expected["acts"]


@pytest.mark.parametrize("spec", [*REGNETS, *CLASSIC])
def test_depths_and_widths(spec: str) -> None:
    expected = (REGNETS | CLASSIC)[spec]
    found = measured(spec)
    assert [stage.d for stage in found.network.stages] == expected["depths"]
    assert [part.output[0] for part in found.stages] == expected["widths"]


@pytest.mark.parametrize("spec", [*REGNETS, "classic/resnext50.anynet::ResNeXt50"])
def test_group_widths(spec: str) -> None:
    assert group_widths(measured(spec)) == (REGNETS | CLASSIC)[spec]["group_widths"]


@pytest.mark.parametrize("spec", CLASSIC)
def test_costs_of_every_part(spec: str) -> None:
    parts = measured(spec).parts
    found = [[p.name, p.cost.params, p.cost.flops, p.cost.acts] for p in parts]
    assert found == [part[:4] for part in CLASSIC[spec]["parts"]]
    assert [list(p.output[1:]) for p in parts[:-1]] == [
        part[4:] for part in CLASSIC[spec]["parts"][:-1]
    ]
    assert parts[-1].output == (parts[-1].cost.acts,), "the head puts out one value a class"


@pytest.mark.parametrize("spec", ROUNDED)
def test_torchvision_rounding(spec: str) -> None:
    found = measured(spec)
    assert found.cost.params == ROUNDED[spec]["params"]
    assert [part.output[0] for part in found.stages] == ROUNDED[spec]["widths"]
    assert [part.output[0] for part in measured(spec.removesuffix("_torchvision")).stages] != (
        ROUNDED[spec]["widths"]
    )


def macs(of: Measurement) -> int:
    """Multiply-adds without what biases add."""
    biases = 0
    for block in (block for part in of.parts for block in part.blocks):
        for done in block.operations:
            if getattr(done.operation, "bias", False):
                biases += math.prod(done.output)
    return of.cost.flops - biases


@pytest.mark.parametrize("spec", PUBLISHED["torchvision"])
def test_multiply_adds_of_torchvision(spec: str) -> None:
    expected = PUBLISHED["torchvision"][spec]
    found = measured(spec)
    assert (found.cost.params, macs(found)) == (expected["params"], expected["macs"])


@pytest.mark.parametrize("spec", PUBLISHED["parameters"])
def test_parameters(spec: str) -> None:
    expected = PUBLISHED["parameters"][spec]
    assert measured(spec).cost.params == expected
    text = (ROOT / "specs" / spec.partition("::")[0]).read_text("utf-8")
    assert f"require params == {expected}\n" in text


def test_the_book() -> None:
    ((spec, expected),) = PUBLISHED["d2l"].items()
    cost = measured(spec).cost
    assert cost.params == expected["params"] == 177_322
    assert cost.flops - 10 == expected["macs"], "the last layer's ten biases are no products"
    assert cost.acts == expected["acts"]


def test_the_specs_state_their_costs() -> None:
    """Whoever changes a shipped design has to change what it says of itself."""
    for spec, expected in (REGNETS | CLASSIC).items():
        text = (ROOT / "specs" / spec.partition("::")[0]).read_text("utf-8")
        assert f"require params == {expected['params']}\n" in text
        assert f"require flops == {expected['flops']}\n" in text


def test_regnety_600mf() -> None:
    """Not in the table: parameters as in timm's regnety_006, multiply-adds as torch counts them."""
    cost = measured("regnet/regnety.anynet::RegNetY_600MF").cost
    assert (cost.params, cost.flops) == (6_055_160, 601_227_608)
