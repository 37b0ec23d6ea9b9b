"""The quantized linear function nearest to given stages: `anydsl fit`.

Source: Radosavovic et al. 2020, "Designing Network Design Spaces", section 3.3: the error e_fit is
the mean, over the blocks, of the size of the log-ratio between the generated and the given width.
Where some parameters give the stages exactly, they are found by intervals instead of a search: for
w0 and wm, every block says between which slopes it gets its width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice

from anydsl.design.quantized import compatible, quantized_linear
from anydsl.design.vocabulary import QuantizedLinear
from anydsl.language.record import Record

_LEVELS = 64
_MOST_RAW = 128
_MOST_TRIED = 5_000
_MOST_SLOPES = 64
_NARROWEST = 1.04
_BEST = 12
_W0S = 24


class Fitting(Record):
    """How a generator's widths are made to fit blocks: `compatible`'s b, g and groups."""

    b: Fraction | int = 1
    g: int | None = None
    groups: int | None = None
    rounding: str = "pycls"

    def width(self, raw: int) -> int:
        """A width as it is after the adjustment."""
        return compatible(raw, self.b, self.g, self.groups, self.rounding)

    def before(self, width: int, q: int) -> set[int]:
        """The multiples of q that are adjusted to a width, the nearest of them."""
        unit = self.groups or self.g or 1
        if self.b < 1:
            unit = math.lcm(unit, int(1 / Fraction(self.b)))
        reach = int(2 * unit * Fraction(self.b)) // q + 1
        middle = width // q
        raw = (
            place * q
            for way in range(min(reach, _MOST_RAW) + 1)
            for place in {middle - way, middle + way}
            if place > 0
        )
        return set(islice((v for v in raw if self.width(v) == width), _MOST_RAW))


class Fit(Record):
    """Parameters, the stages (depth, width) that they give, adjusted, and e_fit."""

    generator: QuantizedLinear
    stages: tuple[tuple[int, int], ...]
    error: float


def fit_exactly(
    stages: Sequence[tuple[int, int]], fitting: Fitting, q: int = 8, finest: int = 4
) -> QuantizedLinear | None:
    """The roundest parameters that give stages exactly; None where none does.

    Looked for are w0 that are multiples of q, and wm and wa with as few decimals as can be. Among
    those equally round, a wm from 1.5 to 3 comes first, as the paper has it.

    Args:
        stages: depth and width of each, the width after the adjustment.
        fitting: the adjustment.
        q: what widths before it are multiples of.
        finest: how many decimals wm may have.
    """
    if not 0 < len(stages) <= _LEVELS:
        return None
    raw = [fitting.before(w, q) for _, w in stages]
    if not all(raw):
        return None
    first = stages[0][1]
    tried = 0
    for digits in range(2, finest + 1):
        found: dict[tuple[float, ...], QuantizedLinear] = {}
        for w0 in sorted(raw[0], key=lambda w: (abs(w - first), w)):
            for wm in _factors(w0, raw[-1], len(stages), digits, q):
                tried += 1
                if tried > _MOST_TRIED:
                    return found[min(found)] if found else None
                for wa in islice(_slopes(stages, raw, w0, wm, q), _MOST_SLOPES):
                    made = QuantizedLinear(
                        sum(d for d, _ in stages), w0, wa, wm, q, fitting.rounding
                    )
                    paper = Fraction(3, 2) <= wm <= 3
                    key = (_digits(wm) + _digits(wa), not paper, _digits(wm), float(wm), w0)
                    if key not in found and _made(made, fitting) == tuple(stages):
                        found[key] = made
        if found:
            return found[min(found)]
    return None


def fit(stages: Sequence[tuple[int, int]], fitting: Fitting, q: int = 8) -> Fit:
    """The parameters that give stages exactly, else those of the least e_fit on a grid.

    The grid: w0 in some two dozen multiples of q from half the first width to twice that, wm from
    1.2 to 4 in steps of 0.05 and, around the best, of 0.01; of the best wa, the roundest.
    """
    exact = fit_exactly(stages, fitting, q)
    if exact is not None:
        return Fit(exact, tuple(stages), 0.0)
    widths = [w for d, w in stages for _ in range(d)]
    low, high = max(1, stages[0][1] // (2 * q)), max(1, 2 * stages[0][1] // q)
    step = max(1, (high - low) // _W0S)
    w0s = range(low * q, high * q + 1, step * q)
    factors = [Fraction(n, 100) for n in range(120, 401, 5)]
    tried = sorted(_nearest(widths, w0, wm, fitting, q) for w0 in w0s for wm in factors)
    finer = {
        (w0 + more * q, wm + Fraction(n, 100))
        for _, w0, wm, _ in tried[:_BEST]
        for more in range(1 - step, step)
        for n in range(-4, 5)
    }
    finest = [_nearest(widths, w0, wm, fitting, q) for w0, wm in sorted(finer) if w0 > 0]
    _, w0, wm, wa = min(
        (*tried, *finest), key=lambda t: (round(t[0], 9), _digits(t[2]) + _digits(t[3]), t)
    )
    made = QuantizedLinear(len(widths), w0, wa, wm, q, fitting.rounding)
    generated = _made(made, fitting)
    return Fit(made, generated, error(stages, generated))


def error(given: Sequence[tuple[int, int]], generated: Sequence[tuple[int, int]]) -> float:
    """e_fit: the mean over the blocks of |log(generated width / given width)|."""
    one, other = ([w for d, w in stages for _ in range(d)] for stages in (given, generated))
    logs = [abs(math.log(b / a)) for a, b in zip(one, other, strict=True)]
    return sum(logs) / len(logs)


def _made(generator: QuantizedLinear, fitting: Fitting) -> tuple[tuple[int, int], ...]:
    try:
        return tuple((d, fitting.width(w)) for d, w in quantized_linear(generator))
    except OverflowError:
        return ()


# ----------------------------------------------------------------------------------- exactly


def _factors(w0: int, last: set[int], stages: int, digits: int, q: int) -> Iterator[Fraction]:
    """The wm of so many decimals for which a level is among the widths of the last stage."""
    if stages == 1:
        yield Fraction(2)
        return
    scale = 10**digits
    seen: set[int] = set()
    for v in last:
        for k in range(stages - 1, _LEVELS):
            low, high = (max(1.0, (v + way * q / 2) / w0) ** (1 / k) for way in (-1, 1))
            if high < _NARROWEST:
                break
            seen |= set(range(max(math.ceil(low * scale), scale + 1), int(high * scale) + 1))
    for n in sorted(seen):
        yield Fraction(n, scale)


def _slopes(
    stages: Sequence[tuple[int, int]], raw: list[set[int]], w0: int, wm: Fraction, q: int
) -> Iterator[Fraction]:
    """A round wa from every interval that gives each block one of its widths."""
    factor, highest = float(wm), max(raw[-1])
    runs: list[tuple[int, int, int]] = []  # width, and the first and the last k that give it
    for k in range(_LEVELS):
        width = round(w0 * factor**k / q) * q
        if width > highest:
            break
        if runs and runs[-1][0] == width:
            runs[-1] = width, runs[-1][1], k
        else:
            runs.append((width, k, k))
    ends = [sum(d for d, _ in stages[: i + 1]) - 1 for i in range(len(stages))]
    waiting = [(0, 0, 0.0, math.inf)]  # stage, the runs that are used up, the slopes left
    while waiting:
        stage, used, low, high = waiting.pop()
        if stage == len(stages):
            yield round_between(low, high)
            continue
        first, last = ends[stage] - stages[stage][0] + 1, ends[stage]
        for place in range(used, len(runs) if stage else 1):
            width, bottom, top = runs[place]
            if width not in raw[stage]:
                continue
            above = w0 * (factor ** (bottom - 0.5) - 1) / first if first else 0.0
            below = w0 * (factor ** (top + 0.5) - 1) / last if last else math.inf
            if max(low, above) < min(high, below):
                waiting.append((stage + 1, place + 1, max(low, above), min(high, below)))


def round_between(low: float, high: float) -> Fraction:
    """The number with the fewest decimals between two, of these the nearest to their middle."""
    if math.isinf(high):
        return Fraction(math.ceil(low))
    middle = (low + high) / 2
    for digits in range(16):
        scale = 10**digits
        near = Fraction(round(middle * scale), scale)
        if low < near < high or low == near == 0:
            return near
    return Fraction(middle)


def _digits(value: Fraction | int) -> int:
    """How many decimals a number has."""
    return next((n for n in range(16) if (value * 10**n).denominator == 1), 16)


# ----------------------------------------------------------------------------------- nearest


def _nearest(
    widths: list[int], w0: int, wm: Fraction, fitting: Fitting, q: int
) -> tuple[float, int, Fraction, Fraction]:
    """For w0 and wm, the least e_fit over all slopes, and a round slope that has it.

    Each block's level is a step function of the slope; the sum is followed from step to step.
    """
    import numpy as np

    factor, highest = float(wm), 2 * max(widths)
    levels: list[float] = []
    for k in range(_LEVELS):
        width = round(w0 * factor**k / q) * q
        levels.append(math.log(fitting.width(width)))
        if width > highest:
            break
    given = np.log(np.array(widths))
    costs = np.abs(np.array(levels)[:, None] - given)  # level, block
    bounds = w0 * (factor ** (np.arange(1, len(levels)) - 0.5) - 1)
    steps = bounds[:, None] / np.arange(1, len(widths)) if len(widths) > 1 else np.zeros((0, 0))
    order = np.argsort(steps, axis=None)
    at = np.concatenate([[0.0], steps.ravel()[order]])
    changes = np.diff(costs, axis=0)[:, 1:].ravel()[order]
    sums = costs[0].sum() + np.concatenate([[0.0], np.cumsum(changes)])
    if at.size > 1:
        sums[:-1][np.diff(at) <= 1e-9 * at[1:]] = np.inf  # no slope lies in between
    best = int(np.argmin(sums))
    high = float(at[best + 1]) if best + 1 < at.size else math.inf
    return float(sums[best]) / len(widths), w0, wm, round_between(float(at[best]), high)
