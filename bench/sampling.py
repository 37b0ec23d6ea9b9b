"""Designs of a space, against the paper's own sampler as it is told of: 310 proposals a second."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from measuring import Figure, per_second, seconds, take_turns

NEEDS = ("numpy",)
DESIGNS, SEED = 500, 1
PYCLS = 310
"""Proposals a second of pycls' sampler in one process, on the same kind of machine."""

REGNETX = """anynet 1
from "std:regnet/regnetx" import RegNetX
space X extends RegNetX { require flops in 360M..440M }
"""
ANYNETX = """anynet 1
space E {
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
  require shared(b)
  require shared(g)
  require nondecreasing(w)
  require nondecreasing(d)
  require flops in 360M..400M
}
"""


def figures() -> Iterator[Figure]:
    from anydsl.checker.engine import check_declaration
    from anydsl.design.modules import Library
    from anydsl.spaces.sampling import Sampler
    from anydsl.spaces.trials import Trials

    rates: list[list[float]] = []
    for name, text, target in (("RegNetX", REGNETX, 0.2), ("AnyNetX_E", ANYNETX, 0.5)):
        module = Library().text(text)
        space: Any = check_declaration(module, module.declared("space")[0]).value
        tried: list[int] = []

        def draw(space: Any = space, tried: list[int] = tried) -> float:
            sampler = Sampler(space, SEED)
            taken = seconds(lambda: sampler.designs(DESIGNS))
            tried[:] = [sampler.proposals]
            return taken

        (taken,) = take_turns(5, draw)
        yield Figure(
            f"{DESIGNS} designs of {name}",
            f"Designs of the paper's budget, for which {tried[0]:,} are proposed.",
            taken,
            "s",
            f"pycls, at {PYCLS} proposals/s",
            [tried[0] / PYCLS],
            target=target,
            absolute=True,
        )

        def propose(space: Any = space) -> float:
            sampler = Sampler(space, SEED)
            trials: Trials = sampler.trials
            u = sampler.stream.proposals(range_of(2**15), 0, range(1))
            return seconds(lambda: trials.run(u))

        (taken,) = take_turns(5, propose)
        rates.append(per_second(2**15, taken))
    yield Figure(
        "proposals, the slower space",
        "Designs that are drawn, made to fit, measured and judged.",
        min(rates, key=median),
        "proposals/s",
        "pycls, as told of",
        [PYCLS],
        target=500_000,
        at_least=True,
        absolute=True,
    )


def range_of(size: int) -> Any:
    import numpy as np

    return np.arange(size)
