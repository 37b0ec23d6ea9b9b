"""What a population costs is what each of its designs costs by itself."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anydsl.blocks.measurement import measure
from anydsl.blocks.population import Picked, Place, Population, measure_population
from anydsl.checker.engine import check_declaration
from anydsl.design.modules import Library
from anydsl.design.network import Network, Part, Stage
from anydsl.design.reading import block_named
from anydsl.design.values import BlockDef, Groups
from anydsl.errors import SpecError
from tests.strategies import networks

LIBRARY = Library()
SIZE = 10


def block(name: str, text: str = "") -> BlockDef:
    found = block_named(name, LIBRARY.text(f"anynet 1\n\n{text}", "blocks.anynet"))
    assert found is not None
    return found


def at(value: Any, design: int) -> Any:
    """A setting of one design."""
    match value:
        case np.ndarray():
            return int(value[design])
        case Picked():
            return value.values[value.index[design]]
        case Groups():
            return Groups(at(value.n, design))
        case tuple():
            return tuple(at(v, design) for v in value)
        case _:
            return value


def one(population: Population, design: int) -> Network:
    """A design of a population, as a network."""

    def part(some: Part | None) -> Part | None:
        return some and Part(some.block, tuple((k, at(v, design)) for k, v in some.settings))

    stages = tuple(
        Stage(
            f"s{number}",
            at(place.d, design),
            at(place.block, design),
            tuple((k, at(v, design)) for k, v in place.settings),
        )
        for number, place in enumerate(population.stages)
        if at(place.d, design)
    )
    return Network("N", population.input, stages, part(population.stem), part(population.head))


def check(population: Population, chunk: int = 2**16) -> int:
    """Compare with each design by itself; how many build."""
    found = measure_population(population, chunk=chunk)
    for design in range(population.size):
        network = one(population, design)
        try:
            alone = measure(network)
        except SpecError:
            assert not found.builds[design], network
            assert found.params[design] == found.flops[design] == found.acts[design] == 0
            continue
        assert found.builds[design], network
        cost = found.params[design], found.flops[design], found.acts[design]
        assert cost == (alone.cost.params, alone.cost.flops, alone.cost.acts), network
        widths = [w for w in found.widths[:, design] if w]
        assert widths == [part.output[0] for part in alone.stages], network
    return int(found.builds.sum())


def whole(draw: st.DrawFn, low: int, high: int) -> Any:
    """A column, or now and then a number."""
    if draw(st.integers(0, 5)) == 0:
        return draw(st.integers(low, high))
    return np.array(draw(st.lists(st.integers(low, high), min_size=SIZE, max_size=SIZE)))


def among(draw: st.DrawFn, values: tuple[Any, ...]) -> Picked:
    index = st.lists(st.integers(0, len(values) - 1), min_size=SIZE, max_size=SIZE)
    return Picked(values, np.array(draw(index)))


@st.composite
def populations(draw: st.DrawFn) -> Population:
    """Columns in place of some numbers of a random net."""
    module = LIBRARY.text(draw(networks(remarks=False)), "spec.anynet")
    network = check_declaration(module, module.declared("net")[0]).value
    assert isinstance(network, Network)

    def column(key: str, value: Any) -> Any:
        if draw(st.integers(0, 3)) == 0 or isinstance(value, tuple):
            return value
        match key:
            case "w":
                step = draw(st.sampled_from([1, 4, 8]))
                return whole(draw, 1, 64 // step) * step
            case "b":
                ratios = (1, 2, 4, Fraction(1, 2), Fraction(1, 4), Fraction(3, 2))
                return draw(st.sampled_from([among(draw, ratios), whole(draw, 1, 4)]))
            case "g" if isinstance(value, Groups):
                return Groups(whole(draw, 1, 4))
            case "g":
                return whole(draw, 1, 16)
            case "se":
                return among(draw, (0, Fraction(1, 4), Fraction(1, 2), 1))
            case "s":
                return whole(draw, 1, 3)
            case "act":
                return among(draw, (value, value))
            case _:
                return value

    stages: list[Place] = []
    for stage in network.stages:
        given = dict(stage.settings)
        if stage.block.param("s") and draw(st.booleans()):
            given.setdefault("s", 2)
        listed = any(isinstance(v, tuple) for v in given.values())
        d = stage.d if listed else whole(draw, 0, 4)
        stages.append(Place(d, stage.block, tuple((k, column(k, v)) for k, v in given.items())))
    stem = network.stem
    if stem is not None:
        stem = Part(stem.block, tuple((k, column(k, v)) for k, v in stem.settings))
    return Population(SIZE, network.input, tuple(stages), stem, network.head)


@settings(max_examples=150, deadline=None)
@given(populations())
def test_each_design_costs_what_it_costs_alone(population: Population) -> None:
    check(population)


@pytest.mark.parametrize("name", ["plain", "vanilla", "basic", "bottleneck", "resnext", "Z"])
def test_blocks_of_the_library(name: str) -> None:
    """Large enough columns for every side of every condition, in chunks."""
    random = np.random.default_rng(0)
    size = 120
    chosen = block("resnext_linear" if name == "Z" else name)
    drawn = {
        "w": lambda: random.integers(1, 9, size) * random.choice([1, 8], size),
        "s": lambda: random.integers(1, 3, size),
        "b": lambda: Picked((1, 2, Fraction(1, 4)), random.integers(0, 3, size)),
        "g": lambda: random.choice([1, 2, 4, 8], size),
        "se": lambda: Picked((0, Fraction(1, 4), Fraction(1, 2)), random.integers(0, 3, size)),
    }
    stages = tuple(
        Place(
            random.integers(0, 4, size),
            chosen,
            tuple((k, column()) for k, column in drawn.items() if chosen.param(k)),
        )
        for _ in range(3)
    )
    stem = Part(block("simple_stem"), (("w", 8),))
    head = Part(block("linear_head"), (("classes", 10),))
    built = check(Population(size, (3, 32, 32), stages, stem, head), chunk=50)
    assert 0 < built <= size


OWN = """
block placed(w, s = 1) {
  out = x -> conv(w + j * depth, k = 3, s = s) -> when(i > 1 or depth > 5, bn)
}

block growing(w, s = 1) {
  out = concat(x -> maxpool(3, s = s, pad = 1), x -> conv(w, k = 3, s = s))
}

block counting(w, s = 1) {
  part = (w + 1) / 3
  near = round(w / 4) + multiple(w / 5, of = 3) + round(max(w // 7, part, 2) - min(1, part))
  out = x -> conv(near * 2 % 11 + 1, k = 1, s = s) -> conv(w - 1 if w in 4..9 step 3 else w, k = 1)
}

block flat(w, s = 1) {
  out = x -> conv(w, k = 1, s = s) -> when(w > 6, flatten -> linear(w))
}

block costly(w, s = 1) {
  out = x -> conv(w * 1000, k = 1024, pad = 600) -> conv(w * w * w * 1000, k = 999, pad = 600)
}

block far(w, s = 1) {
  much = w * 1G * 1G
  out = x -> conv(1 + much % 7, k = 1, s = s)
}
"""


@pytest.mark.parametrize("name", ["placed", "growing", "counting", "flat", "costly", "far"])
def test_what_blocks_may_ask(name: str) -> None:
    """Places in the net, fractions and functions, shapes of two kinds, numbers beyond 64 bits."""
    random = np.random.default_rng(1)
    size = 60
    chosen = block(name, OWN)
    kinds = Picked((chosen, block("plain")), random.integers(0, 2, size))
    stages = (
        Place(random.integers(0, 4, size), kinds, (("w", random.integers(1, 13, size)),)),
        Place(random.integers(0, 3, size), chosen, (("w", random.integers(1, 13, size)),)),
    )
    shape = (1, 40000, 40000) if name == "costly" else (1, 9, 12)
    built = check(Population(size, shape, stages))
    assert 0 < built < size or name in ("placed", "growing", "counting")


def test_stages_that_are_absent_everywhere_and_no_designs_at_all() -> None:
    stage = Place(0, block("plain"), (("w", np.array([4, 5])),))
    head = Part(block("linear_head"), (("classes", np.array([3, 10])),))
    check(Population(2, (1, 8, 8), (stage, stage), head=head))
    assert measure_population(Population(0, (1, 8, 8), (stage,))).builds.size == 0


def test_limit_of_operations() -> None:
    stage = Place(np.array([9000, 20]), block("bottleneck"), (("w", np.array([4, 8])), ("s", 1)))
    assert check(Population(2, (1, 2, 2), (stage,))) == 1
