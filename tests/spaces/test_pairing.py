"""Common random numbers: pairs are alike, and each space keeps its law."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from anydsl.design.network import Space
from anydsl.spaces.pairing import names
from anydsl.spaces.sampling import Design, Sampler
from tests.design.texts import space
from tests.spaces.enumerating import alike, fits, sequences

DRAWS = """space {name} {{
  input = 3x16x16
  body {{
    block = resnext
    stage s[1..3] {{
      d ~ log_uniform(1..6)
      w ~ log_uniform(8..64 step 8)
      b ~ choice(1, 2)
      g ~ choice(1, 4, 8)
    }}
  }}
  head {{ classes = 10 }}
  {rules}
}}"""
CHAIN = {
    "A": "",
    "B": "require shared(b)",
    "C": "require shared(b)\nrequire shared(g)",
    "D": "require shared(b)\nrequire shared(g)\nrequire nondecreasing(w)",
    "E": "require shared(b)\nrequire shared(g)\nrequire nondecreasing(w)\nrequire nondecreasing(d)",
}


def chain(*more: str) -> list[Space]:
    rules = "\n".join(f"require {rule}" for rule in more)
    return [space(DRAWS.format(name=name, rules=f"{own}\n{rules}")) for name, own in CHAIN.items()]


def drawn(spaces: list[Space], n: int, seed: int, *, paired: bool) -> list[list[Design]]:
    common = names(spaces) if paired else ()
    return [
        Sampler(of, seed if paired else seed + place, paired=common).designs(n)
        for place, of in enumerate(spaces)
    ]


def depth(design: Design) -> int:
    return sum(stage.d for stage in design.network().stages)


def test_names_of_numbers() -> None:
    spaces = chain()
    own = [f"s{stage}.{key}" for stage in (1, 2, 3) for key in "dwbg"]
    assert sorted(names(spaces)) == sorted(own)
    assert sorted(names(spaces[2:3])) == sorted(n for n in own if n[1] == "1" or n[3] in "dw")
    body = space("""space S { input = 3x16x16
      body { block = resnext, g ~ choice(1, 2)
        stage s1 { d = 1, w = 16, g = 4 }
        stage s2 { d = 1, w ~ choice(8, 16) }
      }
    }""")
    assert sorted(names([body])) == ["s2.g", "s2.w"]
    generated = space("""space S { input = 3x16x16
      body { block = resnext, g ~ choice(1, 2)
        stages quantized_linear { d ~ uniform(4..6), w0 = 8, wa ~ uniform(8..16), wm = 2 }
      }
    }""")
    assert {"stages.d", "stages.wa"} < set(names([generated]))


def test_draws_of_one_law_are_the_same() -> None:
    """Without costs nothing is rejected: what no requirement touches is equal in both."""
    a, b, c, d, _ = drawn(chain(), 200, 1, paired=True)
    for free, tied in zip(a, b, strict=True):
        left, right = free.described()["stages"], tied.described()["stages"]
        assert [s["d"] for s in left] == [s["d"] for s in right]
        assert left[0]["b"] == right[0]["b"]  # drawn once: the number of the first stage
    for some in zip(c, d, strict=True):
        assert len({depth(design) for design in some}) == 1


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)])
def test_pairs_are_correlated(one: int, other: int) -> None:
    """Depth of pairs without and with common numbers; a sum of monotone draws."""
    spaces = chain()
    found: dict[bool, float] = {}
    for paired in (False, True):
        samples = drawn([spaces[one], spaces[other]], 400, 2, paired=paired)
        depths = [[depth(design) for design in sample] for sample in samples]
        found[paired] = stats.spearmanr(*depths).statistic
    assert abs(found[False]) < 0.2
    assert found[True] > 0.5


def test_an_error_made_of_the_design_varies_less_between_pairs() -> None:
    """The variance of a mean difference under flops that reject nine of ten proposals."""
    spaces = chain("flops in 300K..900K")[:3]
    spread: dict[bool, float] = {}
    for paired in (False, True):
        samples = drawn(spaces, 500, 3, paired=paired)
        errors = [
            np.array([60 - 2 * depth(d) - np.log(d.costs["params"]) for d in sample])
            for sample in samples
        ]
        spread[paired] = float(np.var(errors[1] - errors[2]))
    assert spread[True] < 0.7 * spread[False]


@pytest.mark.parametrize("place", range(5), ids=list(CHAIN))
def test_each_space_keeps_its_law(place: int) -> None:
    spaces = chain()
    common = names(spaces)
    sampler = Sampler(spaces[place], 4, paired=common)
    designs = sampler.designs(3000)
    laws = {
        "w": (lambda v: list(v) == sorted(v)) if place >= 3 else (lambda v: True),
        "d": (lambda v: list(v) == sorted(v)) if place >= 4 else (lambda v: True),
        "g": (lambda v: len(set(v)) == 1) if place >= 2 else (lambda v: True),
        "b": (lambda v: len(set(v)) == 1) if place >= 1 else (lambda v: True),
    }
    for key, holds in laws.items():
        found = Counter(
            tuple(value for name, value in design.draws() if name == key) for design in designs
        )
        assert fits(found, sequences(spaces[place], key, holds)) > 1e-4


def test_costs_are_distributed_as_ever() -> None:
    """With rejection, too: against samples that are not paired."""
    spaces = chain("flops in 300K..900K")
    alone = drawn(spaces, 500, 5, paired=False)
    paired = drawn(spaces, 500, 6, paired=True)
    for left, right in zip(alone, paired, strict=True):
        for cost in ("flops", "params"):
            columns = [[design.costs[cost] for design in sample] for sample in (left, right)]
            assert stats.ks_2samp(*columns).pvalue > 1e-4
        depths = [Counter(depth(design) for design in sample) for sample in (left, right)]
        assert alike(*depths) > 1e-4


def test_a_pair_is_the_same_whatever_their_number() -> None:
    spaces = chain("flops in 300K..900K")
    many = drawn(spaces, 30, 7, paired=True)
    few = drawn(spaces, 5, 7, paired=True)
    for more, fewer in zip(many, few, strict=True):
        assert [d.described() for d in more[:5]] == [d.described() for d in fewer]
