"""Common random numbers: designs of several spaces that come of the same uniform numbers.

A proposal takes one uniform number for each draw and turns it into a value by the inverse of the
draw's law. Paired spaces give the numbers names, `s2.w` for the width of stage s2 and `stages.wa`
for a parameter of a generator, and take each number by its name. So draws of the same name are
the same quantile of their laws: proposal (seed, i, j) is narrow in all of the spaces, or wide in
all of them, and where the laws are the same so are the values. What is drawn once for all stages
has the name of the first of them. Each number is uniform and independent of the others, so that
each space keeps its law exactly; only what is drawn of one space and what is drawn of another are
no longer independent. A requirement that rejects may take different proposals of design i in
different spaces, which is why pairs are alike and not equal.
"""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.design.network import Space
from anydsl.spaces.plan import Plan
from anydsl.spaces.proposing import Proposer


def names(spaces: Iterable[Space]) -> tuple[str, ...]:
    """The names of all numbers that some spaces take, each once, in the order of the first."""
    found: dict[str, None] = {}
    for space in spaces:
        found |= dict.fromkeys(Proposer(Plan(space)).names)
    return tuple(found)
