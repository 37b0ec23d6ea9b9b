"""The cost of many designs at once, against one design after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from measuring import Figure, per_second, seconds, take_turns

NEEDS = ("numpy",)
SIZE = 2**20
ALONE = 200


def figures() -> Iterator[Figure]:
    from anydsl.blocks.measurement import measure
    from anydsl.blocks.population import Place, Population, measure_population
    from anydsl.design.modules import Library
    from anydsl.design.network import Network, Part, Stage
    from anydsl.design.reading import block_named

    module = Library().text("anynet 1\n")

    def block(name: str) -> Any:
        return block_named(name, module)

    random = np.random.default_rng(0)
    stem = Part(block("simple_stem"), (("w", 32),))
    head = Part(block("linear_head"), (("classes", 1000),))
    stages = tuple(Place(*_drawn(random, block("resnext"))) for _ in range(4))
    population = Population(SIZE, (3, 224, 224), stages, stem, head)
    designs = [
        Network(
            "N",
            population.input,
            tuple(
                Stage(f"s{i}", int(s.d[n]), s.block, tuple((k, int(v[n])) for k, v in s.settings))
                for i, s in enumerate(stages)
            ),
            stem,
            head,
        )
        for n in range(ALONE)
    ]

    def together() -> float:
        return seconds(lambda: measure_population(population))

    def alone() -> float:
        module.library.standard("resnext", module)[0].costs.clear()  # type: ignore[index]
        return seconds(lambda: [measure(design) for design in designs])

    ours, theirs = take_turns(3, together, alone)
    yield Figure(
        "cost of a population",
        f"Parameters, flops and acts of {SIZE:,} designs of AnyNetX_A at once.",
        per_second(SIZE, ours),
        "designs/s",
        "one design after the other",
        per_second(ALONE, theirs),
        target=2e6,
        at_least=True,
        absolute=True,
    )


def _drawn(random: np.random.Generator, block: Any) -> tuple[Any, ...]:
    """A stage as AnyNetX_A draws it (Radosavovic et al. 2020), its widths made to fit."""
    b, g = random.choice([1, 2, 4], SIZE), random.choice([1, 2, 4, 8, 16, 32], SIZE)
    inner = np.maximum(8 * np.exp(random.uniform(0, np.log(128), SIZE)).astype(np.int64) // b, 1)
    g = np.minimum(g, inner)
    w = np.maximum(np.round(inner / g).astype(np.int64), 1) * g * b
    d = np.exp(random.uniform(0, np.log(16), SIZE)).astype(np.int64) + 1
    return d, block, (("w", w), ("b", b), ("g", g))
