"""The quantized linear function nearest to a network's stages: what `anydsl fit` reports."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import Any

from anydsl.blocks.measurement import Measurement, setting
from anydsl.design.fitting import Fit, Fitting, fit, fit_exactly
from anydsl.design.values import Groups, Value, spoken
from anydsl.errors import UsageError
from anydsl.language.record import Record

_QUANTA = (8, 4, 2, 1)


class NetworkFit(Record):
    """How near a network comes to a RegNet.

    Attributes:
        widths: what each block puts out.
        given: depth and width of each stage; of each run of equal blocks where a stage has several.
        fit: the parameters, what they give, and e_fit.
        exact: whether they give exactly these stages.
        adjusted: whether widths were made to fit b and g, which needs that stages share them.
    """

    name: str
    widths: tuple[int, ...]
    given: tuple[tuple[int, int], ...]
    fit: Fit
    exact: bool
    adjusted: bool

    @property
    def text(self) -> str:
        """The generator as it is written in a body."""
        made, words = self.fit.generator, ["d", "w0", "wa", "wm"]
        words += ["q"] if made.q != _QUANTA[0] else []
        settings = [f"{word} = {spoken(getattr(made, word))}" for word in words]
        settings += ["rounding = torchvision"] if made.rounding == "torchvision" else []
        return f"stages quantized_linear {{ {', '.join(settings)} }}"

    def to_json(self) -> dict[str, Any]:
        """The fit as plain data."""
        made = self.fit.generator
        return {
            "name": self.name,
            "exact": self.exact,
            "e_fit": self.fit.error,
            "d": made.d,
            **{word: float(getattr(made, word)) for word in ("w0", "wa", "wm")},
            "q": made.q,
            "rounding": made.rounding,
            "text": self.text,
            "adjusted": self.adjusted,
            "given": [{"d": d, "w": w} for d, w in self.given],
            "generated": [{"d": d, "w": w} for d, w in self.fit.stages],
        }


def fit_network(measured: Measurement) -> NetworkFit:
    """Fit a network's stages.

    Exact parameters are looked for with q = 8, as the paper has it, in both ways of rounding, then
    with smaller q.

    Raises:
        UsageError: it has no stages.
    """
    if not measured.stages:
        raise UsageError(f"`{measured.network.name}` has no stages to fit")
    given: list[tuple[int, int]] = []
    for part in measured.stages:
        runs = groupby(block.output[0] for block in part.blocks)
        given += [(len(list(run)), width) for width, run in runs]
    widths = tuple(w for d, w in given for _ in range(d))
    shared = [_shared(measured, key) for key in ("b", "g")]
    adjusted = all(same for same, _ in shared)
    fitting = _fitting(*(value for _, value in shared)) if adjusted else Fitting()
    ways = [(fitting, _QUANTA[0])]
    if fitting.g is not None or fitting.groups is not None:
        ways.append((fitting.replace(rounding="torchvision"), _QUANTA[0]))
    ways += [(fitting, q) for q in _QUANTA[1:]]
    for way, q in ways:
        found = fit_exactly(given, way, q)
        if found is not None:
            made = Fit(found, tuple(given), 0.0)
            return NetworkFit(measured.network.name, widths, tuple(given), made, True, adjusted)
    nearest = fit(given, fitting)
    return NetworkFit(measured.network.name, widths, tuple(given), nearest, False, adjusted)


def _shared(measured: Measurement, key: str) -> tuple[bool, Value | None]:
    values = [setting(stage, key) for stage in measured.network.stages]
    return all(value == values[0] for value in values), values[0]


def _fitting(b: Value | None, g: Value | None) -> Fitting:
    return Fitting(
        b if isinstance(b, (int, Fraction)) else 1,
        g if isinstance(g, int) else None,
        g.n if isinstance(g, Groups) else None,
    )
