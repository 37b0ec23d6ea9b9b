"""Draws have the laws of the language, by counting and by Pearson's test."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.design.draws import Choice, LogUniform, Normal, Uniform
from anydsl.design.network import Space
from anydsl.design.values import Range
from anydsl.spaces.counting import size
from anydsl.spaces.laws import Law
from tests.design.texts import space
from tests.spaces.enumerating import drawn, fits, probability, sequences

SEED, DRAWS, UNLIKELY = 1, 4000, 1e-4

DISTRIBUTIONS = {
    "uniform": "uniform(8..40 step 8)",
    "log_uniform": "log_uniform(8..40 step 8)",
    "normal": "normal(8..40 step 8)",
    "choice": "choice(8, 16, 16, 40)",
}
FORMULAS = {
    "shared(w)": lambda v: len(set(v)) == 1,
    "nondecreasing(w)": lambda v: all(a <= b for a, b in pairwise(v)),
    "increasing(w)": lambda v: all(a < b for a, b in pairwise(v)),
    "nondecreasing(w, except_last = true)": lambda v: all(a <= b for a, b in pairwise(v[:-1])),
    "not shared(w)": lambda v: len(set(v)) > 1,
    "not nondecreasing(w)": lambda v: any(a > b for a, b in pairwise(v)),
    "not increasing(w)": lambda v: any(a >= b for a, b in pairwise(v)),
    "not nondecreasing(w, except_last = true)": lambda v: any(a > b for a, b in pairwise(v[:-1])),
    "shared(w) or not nondecreasing(w)": lambda v: (
        len(set(v)) == 1 or any(a > b for a, b in pairwise(v))
    ),
}


def stages(draw: str, *rules: str, count: int = 3) -> Space:
    """A space whose stages draw their widths."""
    lines = "\n".join(f"require {rule}" for rule in rules)
    return space(
        f"space S {{ input = 3x32x32, body {{ block = plain, d = 1\n"
        f"stage s[1..{count}] {{ w ~ {draw} }} }}\n{lines}\n}}"
    )


@pytest.mark.parametrize("draw", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
@pytest.mark.parametrize("rule", FORMULAS)
def test_conditional_law(rule: str, draw: str) -> None:
    of = stages(draw, rule)
    law = sequences(of, "w", FORMULAS[rule])
    assert size(of).draws == len(law)
    assert fits(Counter(drawn(of, "w", DRAWS, SEED)), law) > UNLIKELY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nondecreasing(w)", "not shared(w)"),
        ("nondecreasing(w)", "not increasing(w)"),
        ("nondecreasing(w, except_last = true)", "not nondecreasing(w)"),
        ("not shared(w)", "not nondecreasing(w)"),
    ],
)
@pytest.mark.parametrize("draw", ["uniform(1..5)", "log_uniform(1..5)"])
def test_requirements_that_meet(one: str, other: str, draw: str) -> None:
    of = stages(draw, one, other, count=4)
    law = sequences(of, "w", lambda v: FORMULAS[one](v) and FORMULAS[other](v))
    assert size(of).draws == len(law)
    assert fits(Counter(drawn(of, "w", DRAWS, SEED)), law) > UNLIKELY


def test_stages_that_draw_differently() -> None:
    of = space("""space S { input = 3x32x32
      body { block = plain, d = 1
        stage s1 { w ~ choice(1, 2, 5) }
        stage s2 { w = 3 }
        stage s3 { w ~ log_uniform(1..9) }
      }
      require nondecreasing(w)
    }""")
    found = Counter((a, c) for a, c in zip(*_columns(of), strict=True))
    weights = {
        (a, c): probability(Law(LogUniform(Range(1, 9, 1))), c) / 2
        for a, c in product((1, 2), range(3, 10))
    }
    total = sum(weights.values())
    assert size(of).draws == 14
    assert fits(found, {key: weight / total for key, weight in weights.items()}) > UNLIKELY


def _columns(of: Space) -> list[list[int]]:
    from anydsl.spaces.sampling import Sampler

    designs = Sampler(of, SEED).designs(1000)
    draws = [sorted(design.draws(), key=lambda draw: draw[0]) for design in designs]
    values = [[value for _, value in of] for of in draws]
    return [list(column) for column in zip(*values, strict=True)]  # type: ignore[arg-type]


def test_keys_are_independent() -> None:
    of = space("""space S { input = 3x32x32
      body { block = plain
        stage s[1..2] { d ~ uniform(1..2), w ~ uniform(1..2) }
      }
      require nondecreasing(w)
      require shared(d)
    }""")
    d1, d2, w1, w2 = _columns(of)
    pairs = Counter(zip(d1, w1, w2, strict=True))
    assert d1 == d2
    assert fits(pairs, {(d, *w): 1 / 6 for d in (1, 2) for w in ((1, 1), (1, 2), (2, 2))}) > 1e-4


def test_a_draw_on_the_body_is_drawn_once() -> None:
    of = space("""space S { input = 3x32x32
      body { block = resnext, d = 1, w = 16, g ~ choice(1, 2), b ~ choice(1, 2)
        stage s1 { b ~ choice(1, 2) }
        stage s2 { }
        stage s3 { }
      }
    }""")
    from anydsl.spaces.sampling import Sampler

    seen: set[tuple[object, ...]] = set()
    for design in Sampler(of, SEED).designs(200):
        first, *others = design.network().stages
        assert len({stage.get("b") for stage in others}) == 1
        assert len({stage.get("g") for stage in design.network().stages}) == 1
        seen.add((first.get("b"), others[0].get("b"), first.get("g")))
    assert len(seen) == size(of).draws == 8


@st.composite
def laws(draw: st.DrawFn) -> Law:
    kind = draw(st.sampled_from([Uniform, LogUniform, Normal, Choice]))
    if kind is Choice:
        return Law(Choice(tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=6)))))
    step = draw(st.sampled_from([1, 2, 8]))
    low = draw(st.integers(1, 5)) * step
    return Law(kind(Range(low, low + draw(st.integers(0, 40)) * step, step)))


@given(laws())
def test_probabilities(law: Law) -> None:
    if isinstance(law.draw, Normal) and len(law.values) == 1:
        return
    for value, p in zip(law.values, law.probabilities(), strict=True):
        assert p == pytest.approx(probability(law, value), abs=1e-12)


def test_continuous_laws() -> None:
    from scipy import stats

    grid = [(i + 0.5) / 2000 for i in range(2000)]
    uniform = Law(Uniform(Range(2, 6)))
    assert stats.kstest(uniform.inverse(grid), stats.uniform(2, 4).cdf).pvalue > 0.99
    logs = Law(LogUniform(Range(2, 64)))
    assert stats.kstest(logs.inverse(grid), stats.loguniform(2, 64).cdf).pvalue > 0.99
    bell = Law(Normal(Range(0, 6)))
    clipped = stats.truncnorm(-3, 3, 3, 1)
    assert stats.kstest(bell.inverse(grid), clipped.cdf).pvalue > 0.99
