"""Sizes of spaces: the paper's table, and counting against walking through all draws."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.design.predicates import holds
from anydsl.spaces.counting import Size, size
from anydsl.spaces.plan import Plan
from tests.design.texts import space

ANYNET = """space AnyNetXA {
  input = 3x224x224
  stem { w = 32 }
  body {
    block = resnext
    stage s[1..4] {
      d ~ log_uniform(1..16)
      w ~ log_uniform(8..1024 step 8)
      b ~ choice(1, 2, 4)
      g ~ choice(1, 2, 4, 8, 16, 32)
    }
  }
  head { classes = 1000 }
  require flops in 360M..400M
}
space AnyNetXB extends AnyNetXA { require shared(b) }
space AnyNetXC extends AnyNetXB { require shared(g) }
space AnyNetXD extends AnyNetXC { require nondecreasing(w) }
space AnyNetXE extends AnyNetXD { require nondecreasing(d) }
space NotD extends AnyNetXC { require not nondecreasing(w) }
"""


@pytest.mark.parametrize(
    ("name", "draws", "rounded"),
    [
        # Radosavovic et al. 2020, table 1, and the ordered sequences counted by hand:
        ("AnyNetXA", (16 * 128 * 3 * 6) ** 4, "1.8e18"),
        ("AnyNetXB", (16 * 128 * 6) ** 4 * 3, "6.8e16"),
        ("AnyNetXC", (16 * 128) ** 4 * 3 * 6, "3.2e14"),
        ("AnyNetXD", 16**4 * (131 * 130 * 129 * 128 // 24) * 18, "1.4e13"),
        ("AnyNetXE", (19 * 18 * 17 * 16 // 24) * (131 * 130 * 129 * 128 // 24) * 18, "8.2e11"),
        ("NotD", 16**4 * (128**4 - 131 * 130 * 129 * 128 // 24) * 18, "3.0e14"),
    ],
)
def test_the_paper_s_sizes(name: str, draws: int, rounded: str) -> None:
    counted = size(space(ANYNET, name))
    assert (counted.draws, counted.rounded) == (draws, rounded)
    assert [rule.owner for rule in counted.uncounted] == ["AnyNetXA"]


def test_rounded() -> None:
    said = {1: "1", 9_999: "9999", 10_000: "1.0e4", 99_499: "9.9e4", 99_500: "1.0e5"}
    assert {n: Size(n, (), ()).rounded for n in said} == said
    assert Size(None, (), ()).rounded == "endless"


def test_what_is_not_counted_is_said() -> None:
    counted = size(
        space("""space S { input = 3x32x32
      body {
        block = resnext, b = 1, g ~ choice(8, 16)
        stages quantized_linear { d ~ uniform(4..8), w0 = 16, wa ~ uniform(8..9), wm = 2.5 }
      }
      require stages == 3
      require shared(g)
    }""")
    )
    assert counted.draws is None
    assert len(counted.uncounted) == 1
    assert len(counted.counted) == 1


RULES = [
    f"{word}({key}{more})"
    for key in "dw"
    for word, more in (
        ("shared", ""),
        ("nondecreasing", ""),
        ("increasing", ""),
        ("nondecreasing", ", except_last = true"),
    )
]


@st.composite
def formulas(draw: st.DrawFn) -> list[str]:
    found = []
    for rule in draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=3, unique=True)):
        same = [r for r in RULES if r.partition("(")[2][0] == rule.partition("(")[2][0]]
        other = draw(st.sampled_from(same))
        form = draw(st.sampled_from(["{0}", "not {0}", "{0} or {1}", "{0} and not {1}"]))
        found.append(form.format(rule, other))
    return found


@given(formulas(), st.integers(1, 4))
def test_counting_is_walking(rules: list[str], stages: int) -> None:
    from anydsl.checker.engine import check_declaration
    from anydsl.design.network import Space
    from tests.design.texts import module

    lines = "\n".join(f"require {rule}" for rule in rules)
    of = module(
        f"space S {{ input = 3x32x32\n body {{ block = plain\n"
        f"stage s[1..{stages}] {{ d ~ uniform(1..2), w ~ choice(3, 1, 2) }} }}\n{lines}\n}}"
    )
    checked = check_declaration(of, of.declared("space")[0])
    assert isinstance(checked.value, Space)
    plan = Plan(checked.value)
    kept = 0
    for draws in product(*(variable.law.values for variable in plan.variables)):
        facts = _Draws(plan, draws)
        kept += all(holds(rule.predicate, facts) for rule in checked.value.rules)
    assert size(checked.value).draws == kept
    empty = {d.kind.name for d in checked.diagnostics} >= {"impossible_space"}
    assert empty == (kept == 0)


class _Draws:
    def __init__(self, plan: Plan, draws: tuple[object, ...]) -> None:
        self.plan, self.draws = plan, draws

    def values(self, key: str):  # type: ignore[no-untyped-def]
        return [
            (f"s{place}", self.draws[slots[key].variable])  # type: ignore[index]
            for place, slots in enumerate(self.plan.slots)
        ]

    def total(self, name: str) -> int:
        raise AssertionError(name)
