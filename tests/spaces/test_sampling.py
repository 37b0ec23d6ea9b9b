"""Samples: their law against rejection, the same whatever n and chunk, all of them contained."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anydsl.blocks.measurement import measure
from anydsl.checker.drawn import as_net
from anydsl.design.expansion import expand_all
from anydsl.design.modules import Library
from anydsl.design.network import Network, Space, Stage
from anydsl.design.predicates import holds
from anydsl.design.quantized import compatible
from anydsl.errors import AnydslError, SpecError
from anydsl.spaces.membership import reasons
from anydsl.spaces.plan import Plan
from anydsl.spaces.sampling import Design, Sampler
from anydsl.spaces.streams import Stream, tile
from anydsl.spaces.terms import COSTS, totals
from tests.design.texts import findings, space
from tests.spaces.enumerating import alike, probability

UNLIKELY = 1e-4

MEDIUM = """space S {{
  input = 3x32x32
  body {{
    block = resnext
    stage s[1..3] {{
      d ~ {d}
      w ~ {w}
      b ~ choice(1, 2)
      g ~ choice(1, 4, 8)
    }}
  }}
  head {{ classes = 10 }}
  {rules}
}}"""
UNIFORM = {"d": "uniform(1..3)", "w": "uniform(8..48 step 8)"}
LOGARITHMIC = {"d": "log_uniform(1..3)", "w": "log_uniform(8..48 step 8)"}


def medium(draws: dict[str, str], *rules: str) -> Space:
    return space(MEDIUM.format(rules="\n".join(f"require {rule}" for rule in rules), **draws))


def values(designs: list[Design]) -> list[tuple[object, ...]]:
    return [tuple(value for _, value in design.draws()) for design in designs]


@pytest.mark.parametrize("draws", [UNIFORM, LOGARITHMIC], ids=["uniform", "log_uniform"])
@pytest.mark.parametrize("which", [*product((False, True), repeat=4)], ids=str)
def test_against_rejection(draws: dict[str, str], which: tuple[bool, ...]) -> None:
    """The exact sampler has the law of free draws without those that break a rule."""
    rules = [
        rule
        for rule, used in zip(
            ("shared(b)", "shared(g)", "nondecreasing(w)", "nondecreasing(d)"), which, strict=True
        )
        if used
    ]
    exact = values(Sampler(medium(draws, *rules), 3).designs(1500))
    plain = _by_rejection(medium(draws), rules)
    assert len(plain) > 300
    for place in range(len(exact[0])):
        found = [Counter(design[place] for design in some) for some in (exact, plain)]
        assert alike(*found) > UNLIKELY
    depths = [Counter((sum(v[3::4]), v[0] == v[4]) for v in some) for some in (exact, plain)]
    assert alike(*depths) > UNLIKELY


def _by_rejection(of: Space, rules: list[str]) -> list[tuple[int, ...]]:
    """Free draws, in NumPy's own way, of which those are kept that keep the rules.

    Rules of widths hold of the draws and of what pycls makes of them.
    """
    rng = np.random.default_rng(1)
    columns = {
        (variable.key, *variable.stages): rng.choice(
            np.array([int(v) for v in variable.law.values]),  # type: ignore[arg-type]
            150_000,
            p=[probability(variable.law, value) for value in variable.law.values],
        )
        for variable in Plan(of).variables
    }
    key = {name: np.array([columns[name, i] for i in range(3)]) for name in "dwbg"}
    inner = key["w"] // key["b"]
    unit = np.minimum(key["g"], inner)
    fitted = np.rint(inner / unit).astype(int) * unit * key["b"]
    keep = np.ones(150_000, bool)
    for rule in rules:
        of_key = key[rule[-2]]
        if rule.startswith("shared"):
            keep &= (of_key == of_key[0]).all(axis=0)
        else:
            keep &= (np.diff(of_key, axis=0) >= 0).all(axis=0)
    if "nondecreasing(w)" in rules:
        keep &= (np.diff(fitted, axis=0) >= 0).all(axis=0)
    order = [(variable.key, *variable.stages) for variable in Plan(of).variables]
    return list(zip(*(columns[name][keep][:20_000].tolist() for name in order), strict=True))


REGNET = """space R {
  input = 3x64x64
  stem { w = 16 }
  body {
    block = resnext
    b = 1
    g ~ log_uniform(4..32 step 4)
    stages quantized_linear {
      d ~ uniform(4..12)
      w0 ~ log_uniform(8..64 step 8)
      wa ~ log_uniform(4..40 step 0.5)
      wm ~ log_uniform(2..3 step 0.05)
    }
  }
  head { classes = 10 }
  require stages == 3
  require flops in 2M..30M
}"""


@pytest.mark.parametrize(
    "of", [medium(LOGARITHMIC, "shared(b)", "flops <= 3M"), space(REGNET)], ids=["any", "regnet"]
)
def test_a_design_is_the_same_whatever_else_is_drawn(of: Space) -> None:
    whole = Sampler(of, 7).designs(40)
    assert [d.network().stages for d in Sampler(of, 7, chunk=3).designs(40)] == [
        d.network().stages for d in whole
    ]
    for start in (0, 13, 39):
        (one,) = Sampler(of, 7).designs(1, start=start)
        assert (one.network(), one.costs, one.tries) == (
            whole[start].network(),
            whole[start].costs,
            whole[start].tries,
        )
    assert values(Sampler(of, 8).designs(40)) != values(whole)


def test_the_numbers_of_a_proposal_are_its_own() -> None:
    """Asked for one by one, or many at once in whatever order, they are the same."""
    stream = Stream(5, 6)
    designs = np.array([0, 1, 2, 9, 4000])
    for number in (0, 1, 4):
        tries = tile(number)
        many = stream.proposals(designs, number, tries).reshape(6, len(designs), len(tries))
        for place, design in enumerate(designs):
            for at, j in enumerate(tries):
                one = Stream(5, 6).proposals(np.array([design]), number, range(j, j + 1))
                assert np.array_equal(one[:, 0], many[:, place, at])
    assert [j for number in range(6) for j in tile(number)] == list(range(32))


def test_uniform_numbers() -> None:
    from scipy import stats

    u = Stream(0, 3).proposals(np.arange(2000), 0, tile(0))
    assert u.shape == (3, 2000)
    assert all(stats.kstest(row, "uniform").pvalue > UNLIKELY for row in u)
    assert abs(np.corrcoef(u)[0, 1]) < 0.1


def test_costs_and_nets_that_lint_clean() -> None:
    for of in (medium(LOGARITHMIC), space(REGNET)):
        designs = Sampler(of, 2).designs(30)
        nets = [as_net(design.network(), of.name) for design in designs]
        for design, net in zip(designs, nets, strict=True):
            measured = measure(net)
            assert design.costs == {k: measured.total(k) for k in ("params", "flops", "acts")}
        text = expand_all(nets).removeprefix("anynet 1\n")
        assert [d.concise() for d in findings(text) if d.level != "note"] == []
        assert {d.kind.name for d in findings(text)} <= {"adjusted"}
        reread = Library().text(f"anynet 1\n{text}", "drawn.anynet")
        assert len(reread.declared("net")) == 30


def test_waivers_say_where_a_design_was_drawn() -> None:
    of = space("""space S { input = 3x32x32
      body { block = plain, stage s1 { d = 1, w ~ choice(32) }, stage s2 { d = 2, w ~ choice(8) } }
      prefer first(w) <= 16
    }""")
    (design,) = Sampler(of, 0).designs(1)
    net = as_net(design.network(), of.name)
    assert {w.because for w in net.waivers} == {"drawn from S"}
    assert len(net.waivers) == 2
    assert net.rules == ()


def test_rare_spaces_stop_with_the_rate_of_each_requirement(monkeypatch) -> None:
    monkeypatch.setattr("anydsl.spaces.sampling.PATIENCE", 5000)
    of = medium(UNIFORM, "shared(b)", "flops in 1..2", "sum(w) == 96")
    with pytest.raises(AnydslError, match=r"S is met too rarely") as caught:
        Sampler(of, 0).designs(1)
    lines = str(caught.value).splitlines()
    assert any("flops in 1..2" in line and " 0 of " in line for line in lines)
    assert any("sum(w) == 96" in line for line in lines)


def test_drawn_blocks_strides_and_groups() -> None:
    of = space("""space S { input = 3x32x32
      body {
        block ~ choice(resnext, basic)
        groups ~ choice(1, 2)
        se ~ choice(0, 1/4)
        stage s[1..2] { d ~ uniform(1..2), w ~ uniform(8..32 step 8), s ~ choice(1, 2) }
      }
      head { classes = 10 }
      require nondecreasing(w)
      require sum(w) / 2 >= 12
    }""")
    designs = Sampler(of, 1).designs(200)
    nets = [design.network() for design in designs]
    assert {net.stages[0].block.name for net in nets} == {"resnext", "basic"}
    assert all(len({s.block.name for s in net.stages}) == 1 for net in nets)
    assert {net.stages[0].get("s") for net in nets} == {1, 2}
    for design, net in zip(designs, nets, strict=True):
        assert all(holds(rule.predicate, measure(net)) for rule in of.rules)
        assert measure(net).total("flops") == design.costs["flops"]
        assert not reasons(of, measure(net))


# --------------------------------------------------------------------- Hypothesis: both ways

RULES = [
    "shared(b)",
    "shared(w)",
    "nondecreasing(w)",
    "nondecreasing(d)",
    "nondecreasing(d, except_last = true)",
    "not shared(w)",
    "not nondecreasing(d)",
    "depth <= 4",
    "first(w) <= last(w)",
    "sum(w) in 16..80",
    "max(d) - min(d) <= 1",
    "last(w) / first(w) <= 2 or shared(g)",
    "flops <= 4M",
]


@st.composite
def small_spaces(draw: st.DrawFn) -> str:
    rules = draw(st.lists(st.sampled_from(RULES), max_size=3, unique=True))
    if {"shared(w)", "not shared(w)"} <= {*rules}:
        rules.remove("shared(w)")
    if "not nondecreasing(d)" in rules and "nondecreasing(d)" in rules:
        rules.remove("nondecreasing(d)")
    common = draw(st.sampled_from(["g ~ choice(2, 4, 6)", "g = 4", "g ~ uniform(1..8 step 3)"]))
    d = draw(st.sampled_from(["uniform(1..2)", "log_uniform(1..3)", "choice(1, 3)"]))
    w = draw(st.sampled_from(["uniform(8..24 step 8)", "log_uniform(4..12 step 4)"]))
    lines = "\n".join(f"require {rule}" for rule in rules)
    return f"""space S {{ input = 3x16x16
      body {{ block = resnext, {common}
        stage s[1..2] {{ d ~ {d}, w ~ {w}, b ~ choice(1, 1/2) }}
      }}
      {lines}
    }}"""


@given(small_spaces(), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_what_is_drawn_is_contained(text: str, seed: int) -> None:
    of = space(text)
    for design in Sampler(of, seed).designs(8):
        assert reasons(of, measure(design.network())) == []


@given(small_spaces())
@settings(max_examples=8)
def test_what_is_contained_can_be_drawn(text: str) -> None:
    """Every draw is made in turn, by the scalar rule; the nets that come of it are those inside."""
    of = space(text)
    plan = Plan(of)
    reached: set[object] = set()
    others: dict[object, Network] = {}
    for choice in product(*(variable.law.values for variable in plan.variables)):
        drawn = _built(of, plan, choice)
        fitted = drawn.replace(stages=tuple(map(_fitted, drawn.stages)))
        try:
            measured = measure(fitted)
        except SpecError:
            continue
        others[fitted.stages] = fitted
        facts = _Written(drawn)
        if all(
            holds(rule.predicate, measured)
            and (totals(rule.predicate) & COSTS or holds(rule.predicate, facts))
            for rule in of.rules
        ):
            reached.add(fitted.stages)
    for stages, network in others.items():
        assert (stages in reached) == (not reasons(of, measure(network)))
    for design in Sampler(of, 0).designs(30):
        assert design.network().stages in reached


class _Written:
    """A network as it was drawn, which need not build."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def values(self, key: str):  # type: ignore[no-untyped-def]
        return [(stage.name, stage.get(key)) for stage in self.network.stages]

    def total(self, name: str) -> int:
        return self.network.depth if name == "depth" else len(self.network.stages)


def _fitted(stage: Stage) -> Stage:
    given = dict(stage.settings)
    given["w"] = compatible(given["w"], given["b"], given["g"], None, "pycls")  # type: ignore[arg-type]
    return stage.replace(settings=tuple(given.items()))


def _built(of: Space, plan: Plan, choice: tuple[object, ...]) -> Network:
    stages: list[Stage] = []
    for stage, slots in zip(of.stages, plan.slots, strict=True):
        given = {
            key: choice[slot.variable] if slot.variable is not None else slot.value
            for key, slot in slots.items()
        }
        chosen = tuple((key, given[key]) for key, _ in stage.settings)
        stages.append(stage.replace(d=given["d"], settings=chosen))
    return Network("N", of.input, tuple(stages))
