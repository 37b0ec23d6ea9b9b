"""Written stages that a generator makes: its parameters, where they are to be had exactly.

The parameters are looked for among those that the RegNet paper draws (Radosavovic et al. 2020,
section 3.3 and its code): w0 a multiple of 8, wm and wa of at most two decimals.
"""

from __future__ import annotations

import math
from fractions import Fraction

from anydsl.design.quantized import compatible, quantized_linear
from anydsl.design.vocabulary import QuantizedLinear

_Q = 8
_FACTORS = range(125, 351)
"""wm in hundredths."""

_MOST_STARTS = 32
"""How many w0 are tried, those nearest to the first width first."""

_MOST_SKIPPED = 6
"""How many powers of wm may lie between the first two stages."""


class Recovery:
    """Looks for the parameters of stages of given depths and widths.

    Args:
        stages: depth and width of each, the widths rising.
        b: bottleneck ratio, width over inner width.
        g: group width, None where there is none.
        groups: number of groups where they are given in place of g.
    """

    def __init__(
        self, stages: list[tuple[int, int]], b: Fraction | int, g: int | None, groups: int | None
    ) -> None:
        self.stages = stages
        self.b, self.g, self.groups = b, g, groups
        self.fitted: dict[int, int] = {}

    def best(self) -> QuantizedLinear | None:
        """The parameters with the fewest decimals that make exactly these stages, if any do."""
        first = self.stages[0][1]
        reach = max(_Q, self.g or self.groups or 1)
        nearest = sorted(range(_Q, first + reach + 1, _Q), key=lambda w: abs(w - first))
        starts = [w for w in nearest if abs(w - first) <= reach and self._fit(w) == first][
            :_MOST_STARTS
        ]
        found: tuple[int, QuantizedLinear] | None = None
        for w0 in starts:
            for hundredths in self._factors(w0, reach):
                wm = Fraction(hundredths, 100)
                slope = self._slope(w0, float(wm))
                if slope is None:
                    continue
                decimals = _decimals(slope) + _decimals(wm)
                if found is None or decimals < found[0]:
                    depth = sum(d for d, _ in self.stages)
                    made = QuantizedLinear(depth, w0, slope, wm)  # type: ignore[arg-type]
                    if self._makes(made):
                        found = decimals, made
        return found[1] if found else None

    def _factors(self, w0: int, reach: int) -> list[int]:
        """The wm, in hundredths, for which one of the first powers is near the second width."""
        second, found = self.stages[1][1], set[int]()
        for power in range(1, _MOST_SKIPPED + 1):
            low, high = (
                100 * (max(w0, second + side) / w0) ** (1 / power) for side in (-reach, reach)
            )
            found.update(range(math.floor(low), math.ceil(high) + 1))
        return sorted(found & set(_FACTORS))

    def _slope(self, w0: int, wm: float) -> Fraction | None:
        """The roundest wa for which every block falls into its stage; None where there is none."""
        low, high = 0.0, math.inf
        power = start = 0
        for place, (depth, width) in enumerate(self.stages):
            if place:
                power += 1
                while self._fit(round(w0 * wm**power / _Q) * _Q) < width:
                    power += 1
                if self._fit(round(w0 * wm**power / _Q) * _Q) != width:
                    return None
                low = max(low, w0 * (wm ** (power - 0.5) - 1) / start)
            if start + depth > 1:
                high = min(high, w0 * (wm ** (power + 0.5) - 1) / (start + depth - 1))
            if low >= high:
                return None
            start += depth
        for scale in (1, 10, 100):
            slope = Fraction(math.floor(low * scale) + 1, scale)
            if slope < high:
                return slope
        return None

    def _fit(self, width: int) -> int:
        """A width made to fit the groups, as the generator does."""
        if width not in self.fitted:
            self.fitted[width] = compatible(width, self.b, self.g, self.groups, "pycls")
        return self.fitted[width]

    def _makes(self, generator: QuantizedLinear) -> bool:
        try:
            runs = quantized_linear(generator)
        except OverflowError:
            return False
        return [(d, self._fit(w)) for d, w in runs] == self.stages


def _decimals(value: Fraction) -> int:
    return next(n for n in range(3) if (value * 10**n).denominator == 1)
