"""Membership where a generator makes the stages: are there parameters that give these ones?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from anydsl.blocks.measurement import Measurement, setting
from anydsl.design.draws import can_draw, write_draw
from anydsl.design.network import Space
from anydsl.design.values import Groups
from anydsl.design.vocabulary import MOST_BLOCKS
from anydsl.spaces.laws import Grid
from anydsl.spaces.plan import Plan
from anydsl.spaces.reason import Reason, number, outside
from anydsl.spaces.searching import Candidates, Fitting, TooMany, search

_FREE = {"w0": (0, 4096), "wa": (0, 4096), "wm": (1, 8)}
"""How far parameters outside of a space are looked for, to say which of them is outside."""


def generated(
    space: Space, plan: Plan, measured: Measurement, known: tuple[tuple[str, Any], ...]
) -> Iterator[Reason]:
    """Every reason why a generator can't make the stages of a net.

    Args:
        space: its generator makes the stages.
        plan: of that space.
        measured: the net.
        known: the parameters that the net's own generator has.
    """
    if known:
        yield from _known(space, plan, dict(known))
        return
    first = measured.network.stages[0]
    g, b = setting(first, "g"), setting(first, "b")
    rounding: Any = plan.generator["rounding"].value if "rounding" in plan.generator else "pycls"
    fitting = Fitting(
        b if isinstance(b, (int, Fraction)) else 1,
        g if isinstance(g, int) else None,
        g.n if isinstance(g, Groups) else None,
        rounding,
    )
    stages = [
        (stage.d, part.output[0])
        for stage, part in zip(measured.network.stages, measured.stages, strict=True)
    ]
    yield from _depth(space, plan, sum(d for d, _ in stages))
    qs: Sequence[Any] = plan.choices(plan.generator["q"]) if "q" in plan.generator else (8,)
    line = space.place("body")
    try:
        if any(search(stages, fitting, _candidates(plan, q, ())) for q in qs):
            return
        for size in (1, 2, 3):
            for free in combinations(_FREE, size):
                if any(plan.generator[key].variable is None for key in free) and size < 3:
                    continue
                found = next(
                    (
                        made
                        for q in qs
                        if (made := search(stages, fitting, _candidates(plan, q, free)))
                    ),
                    None,
                )
                if found is not None:
                    for key in free:
                        yield _outside(space, plan, key, getattr(found, key))
                    return
    except TooMany:
        message = "whether its generator can give these stages would take too long to find out"
        yield Reason(message, "", line)
        return
    shown = ", ".join(f"{d} x {w}" for d, w in stages)
    yield Reason(f"no quantized linear widths give its stages: {shown}", "", line)


def _known(space: Space, plan: Plan, known: dict[str, Any]) -> Iterator[Reason]:
    for key, slot in plan.generator.items():
        law = plan.law(slot)
        if law is not None and key in known and not can_draw(law.draw, known[key]):
            yield _outside(space, plan, key, known[key])


def _outside(space: Space, plan: Plan, key: str, value: Any) -> Reason:
    law = plan.law(plan.generator[key])
    line = space.place(f"stages.{key}")
    if law is None:
        fixed: Any = plan.generator[key].value
        return Reason(f"`{key}` would be {number(value)}, where it is {number(fixed)}", "", line)
    if can_draw(law.draw, value):
        message = f"`{key}` would be {number(value)}"
        return Reason(f"{message}, with others that {write_draw(law.draw)} allows", "", line)
    return Reason(f"`{key}` is {number(value)}, {outside(value, law.draw)}", "", line)


def _depth(space: Space, plan: Plan, depth: int) -> Iterator[Reason]:
    slot = plan.generator["d"]
    law = plan.law(slot)
    line = space.place("stages.d")
    if law is None:
        return  # what is fixed is no part of membership
    if not can_draw(law.draw, depth) and depth <= MOST_BLOCKS:
        yield Reason(f"`d` is {depth} in all, {outside(depth, law.draw)}", "", line)


def _candidates(plan: Plan, q: int, free: tuple[str, ...]) -> Candidates:
    found: dict[str, Any] = {}
    continuous = False
    for key in ("w0", "wa", "wm"):
        slot = plan.generator[key]
        law = plan.law(slot)
        if key in free:
            low, high = _FREE[key]
            step = getattr(getattr(getattr(law, "draw", None), "range", None), "step", None)
            step = step or (q if key == "w0" else Fraction(1, 100))
            start = low if key == "wa" else low + step
            found[key] = Grid(start, step, int((high - start) / step) + 1)
        elif law is not None and law.continuous:
            ends: Any = law.draw
            if key == "wa":
                continuous = True
                found[key] = (ends.range.low, ends.range.high)
            else:
                step = Fraction(ends.range.high - ends.range.low) / 256
                found[key] = [ends.range.low + i * step for i in range(257)]
        else:
            values: Any = plan.choices(slot)
            found[key] = values if isinstance(values, Grid) else sorted(values)
    return Candidates(found["w0"], found["wa"], found["wm"], q, continuous)
