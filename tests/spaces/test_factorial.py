"""Cells of a factorial: what each requires, that they part the base, and equal flops."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from anydsl.blocks.measurement import measure
from anydsl.design.network import Space
from anydsl.design.predicates import holds, write
from anydsl.design.study import PRINCIPLES
from anydsl.errors import AnydslError
from anydsl.spaces.counting import size
from anydsl.spaces.factorial import cells, flops_range
from anydsl.spaces.matching import STRATA, Matching
from anydsl.spaces.membership import reasons
from anydsl.spaces.sampling import Sampler
from tests.design.texts import space
from tests.spaces.enumerating import alike

LETTERS = "bgwd"
BASE = """space S {
  input = 3x16x16
  body {
    block = resnext
    stage s[1..3] {
      d ~ uniform(1..3)
      w ~ uniform(8..40 step 8)
      b ~ choice(1, 2)
      g ~ choice(1, 4, 8)
    }
  }
  head { classes = 10 }
  %s
}"""
RANGE = "require flops in 100K..400K"


def base(*rules: str) -> Space:
    return space(BASE % "\n".join(rules))


def required(of: Space) -> list[str]:
    return [write(rule.predicate) for rule in of.rules if rule.kind == "require"]


def test_every_combination_once() -> None:
    found = cells(base(RANGE), LETTERS)
    names = [f"breaks_{''.join(some)}" for n in range(1, 5) for some in combinations(LETTERS, n)]
    assert [cell.name for cell in found] == ["keeps_all", *names]
    for cell in found:
        principles = {letter: write(PRINCIPLES[letter]) for letter in LETTERS}
        assert required(cell.space) == [
            "flops in 100000..400000",
            *(f"not {p}" if letter in cell.broken else p for letter, p in principles.items()),
        ]


def test_cells_part_the_base() -> None:
    """Each draw of the base is one of exactly one cell."""
    of = base()
    assert sum(size(cell.space).draws for cell in cells(of, LETTERS)) == size(of).draws
    assert sum(size(cell.space).draws for cell in cells(of, "wd")) == size(of).draws


def test_what_the_base_requires_of_a_principle_counts_no_more() -> None:
    strict = base(RANGE, *(f"require {write(p)}" for p in PRINCIPLES.values()))
    assert [sorted(required(c.space)) for c in cells(strict, LETTERS)] == [
        sorted(required(c.space)) for c in cells(base(RANGE), LETTERS)
    ]
    kept = cells(base("require shared(b)", RANGE), "wd")
    assert all("shared(b)" in required(cell.space) for cell in kept)


@pytest.mark.parametrize("broken", ["", "b", "gw", "bgwd"])
def test_designs_keep_and_break_what_their_cell_says(broken: str) -> None:
    cell = next(c for c in cells(base(RANGE), LETTERS) if "".join(c.broken) == broken)
    for design in Sampler(cell.space, 3).designs(20):
        measured = measure(design.network())
        assert reasons(cell.space, measured) == []
        for letter, principle in PRINCIPLES.items():
            assert holds(principle, measured) == (letter not in broken)


def test_the_range_of_flops() -> None:
    assert flops_range(base(RANGE)) == (100_000, 400_000)
    assert flops_range(base("require flops <= 400K", "require flops >= 100K")) == (
        100_000,
        400_000,
    )
    assert flops_range(base(RANGE, "require flops <= 200K")) == (100_000, 200_000)
    assert flops_range(base("require flops <= 400K")) is None
    assert flops_range(base("prefer flops in 100K..400K")) is None
    assert flops_range(base("require params in 1K..9K")) is None


def test_each_run_of_designs_has_every_stratum_once() -> None:
    matching = Matching(100, 400, 7)
    runs = [[matching.stratum(run * STRATA + i) for i in range(STRATA)] for run in range(40)]
    assert all(sorted(run) == list(range(STRATA)) for run in runs)
    assert len({tuple(run) for run in runs}) == 40
    firsts = Counter(run[0] for run in runs)
    assert max(firsts.values()) < 10  # the order is the seed's, and no stratum is always first
    assert [Matching(100, 400, 8).stratum(i) for i in range(STRATA)] != runs[0]
    edges = matching.edges
    assert (edges[0], edges[-1]) == (100, 401)
    assert np.allclose(np.diff(np.log(edges)), np.log(401 / 100) / STRATA)


def flops(of: Space, n: int, seed: int, matching: Matching | None) -> list[int]:
    designs = Sampler(of, seed, matching=matching).designs(n)
    return [design.costs["flops"] for design in designs]


def test_cells_are_matched_in_flops() -> None:
    n = 4 * STRATA
    worst: dict[bool, float] = {}
    for matched in (False, True):
        matching = Matching(100_000, 400_000, 5) if matched else None
        samples = [
            flops(cell.space, n, 10 + i, matching)
            for i, cell in enumerate(cells(base(RANGE), LETTERS))
        ]
        assert all(100_000 <= f <= 400_000 for sample in samples for f in sample)
        worst[matched] = max(stats.ks_2samp(a, b).statistic for a, b in combinations(samples, 2))
        if matching is not None:
            for sample in samples:  # design i lies in the stratum of i
                strata = np.searchsorted(matching.edges, sample, side="right") - 1
                assert strata.tolist() == [matching.stratum(i) for i in range(n)]
    assert worst[True] <= 1 / STRATA  # they differ within one stratum at most
    assert worst[False] > 3 * worst[True]


def test_a_matched_sample_has_the_law_of_its_stratum() -> None:
    """Against what is drawn without strata and happens to fall into it."""
    matching = Matching(100_000, 400_000, 1)
    place = STRATA // 2
    low, high = matching.edges[place : place + 2]
    n = 100 * STRATA
    matched = Sampler(base(RANGE), 4, matching=matching).designs(n)
    inside = [matched[i] for i in range(n) if matching.stratum(i) == place]
    free = Sampler(base(RANGE), 5).designs(4 * n)
    alone = [d for d in free if low <= d.costs["flops"] < high]
    assert len(inside) == 100 < len(alone)
    for key in "dwbg":
        first, second = (
            Counter(value for d in some for name, value in d.draws() if name == key)
            for some in (inside, alone)
        )
        assert alike(first, second) > 1e-4


def test_a_stratum_that_no_design_meets_is_an_error() -> None:
    few = space("""space S { input = 3x16x16
      body { block = plain, stage s1 { d = 1, w ~ choice(8, 64) } }
      require flops in 1K..1M
    }""")
    with pytest.raises(AnydslError, match=r"S has hardly a design with flops in [\d,]+\.\.[\d,]+:"):
        Sampler(few, 1, matching=Matching(1000, 1_000_000, 1)).designs(STRATA)


def test_design_i_is_the_same_whatever_their_number() -> None:
    of, matching = cells(base(RANGE), LETTERS)[-1].space, Matching(100_000, 400_000, 5)
    many = Sampler(of, 1, matching=matching).designs(40)
    few = Sampler(of, 1, matching=matching, chunk=64).designs(7, start=20)
    assert [d.described() for d in many[20:27]] == [d.described() for d in few]
