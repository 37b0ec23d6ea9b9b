"""Error against what a design costs, and against the settings of its stages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from anydsl.language.record import Record
from anydsl.study.report.plots.sheet import BLUE, INK, MOST_POINTS, drawn, looks, short, shown
from anydsl.study.report.wording import quantity
from anydsl.study.statistics.likely import likely_best

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from anydsl.study.report.population import Design, Population

COSTS = {
    "flops": "multiply-adds",
    "params": "parameters",
    "acts": "activations",
}
_SETTINGS = {
    "d": "depth d",
    "w": "width w",
    "b": "bottleneck ratio b",
    "g": "group width g",
    "groups": "groups",
    "se": "squeeze ratio se",
}
_MOST_COLOURS = 7
_MOST_STAGES = 6
_MOST_SPREAD = 16
_WIDE = 8
"""A setting whose greatest value is so many times its least is drawn on a logarithmic axis."""


class Column(Record):
    """A setting of one stage over all designs that have it.

    Attributes:
        setting, stage: its word, and the number of the stage from 1.
        values, errors: of each design that has it.
        groups: the group of each.
    """

    setting: str
    stage: int
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    groups: NDArray[np.str_]


def costs(population: Population) -> str:
    """Error against flops, parameters and activations."""
    designs = population.every
    errors = np.array([d.error for d in designs])
    groups = np.array([d.group for d in designs])
    names = [name for name in population.groups if population.designs[name]]

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, len(COSTS), sharey=True)
        for ax, (cost, words) in zip(axes, COSTS.items(), strict=True):
            values = np.array([getattr(d.first, cost) for d in designs], dtype=np.float64)
            _points(ax, values, errors, groups, names, rasterized=3 * len(errors) > MOST_POINTS)
            ax.set_xlabel(words)
            _axis(ax, values, _amount)
        axes[0].set_ylim(*shown(errors))
        axes[0].set_ylabel("error (%)")
        if 1 < len(names) <= _MOST_COLOURS:
            handles, labels = axes[0].get_legend_handles_labels()
            figure.legend(
                handles, labels, loc="outside upper left", ncols=len(names), markerscale=2
            )

    return drawn(3.1, "Error against what a design costs", paint)


def columns_of(population: Population) -> list[Column]:
    """The settings that vary, stage by stage; those that are no numbers are left out."""
    found: dict[tuple[str, int], list[tuple[float, Design]]] = {}
    for design in population.every:
        for stage, settings in enumerate(design.first.settings[:_MOST_STAGES], 1):
            for name, value in settings.items():
                if name in _SETTINGS and isinstance(value, int | float):
                    found.setdefault((name, stage), []).append((float(value), design))
    order = list(_SETTINGS)
    columns = [
        Column(
            name,
            stage,
            np.array([value for value, _ in pairs]),
            np.array([design.error for _, design in pairs]),
            np.array([design.group for _, design in pairs]),
        )
        for (name, stage), pairs in sorted(
            found.items(), key=lambda i: (order.index(i[0][0]), i[0][1])
        )
    ]
    varied = {c.setting for c in columns if len(np.unique(c.values)) > 1}
    return [column for column in columns if column.setting in varied]


def settings(columns: Sequence[Column], names: Sequence[str]) -> str:
    """Error against each setting of each stage; the best value is marked with its interval."""
    rows = list(dict.fromkeys(column.setting for column in columns))
    stages = sorted({column.stage for column in columns})
    total = sum(len(column.values) for column in columns)
    errors = np.concatenate([column.errors for column in columns])

    def paint(figure: Any) -> None:
        axes = figure.subplots(len(rows), len(stages), sharey=True, squeeze=False)
        for ax in axes.flat:
            ax.set_visible(False)
        for column in columns:
            row, place = rows.index(column.setting), stages.index(column.stage)
            ax = axes[row][place]
            ax.set_visible(True)
            _points(
                ax,
                _spread(column.values),
                column.errors,
                column.groups,
                names,
                total > MOST_POINTS,
                size=2.6,
            )
            _mark(ax, column)
            together = [c.values for c in columns if c.setting == column.setting]
            _axis(ax, np.concatenate(together), lambda value: f"{value:g}")
            if not row:
                ax.set_title(f"Stage {column.stage}")
            ax.set_xlabel(_SETTINGS[column.setting])
        for row in axes:
            row[0].set_ylabel("error (%)")
        axes[0][0].set_ylim(*shown(errors))

    return drawn(0.3 + 1.75 * len(rows), "Error against the settings of each stage", paint)


def _mark(ax: Any, column: Column) -> None:
    """The likely best value and its interval."""
    best = likely_best(column.values, column.errors)
    ax.axvspan(best.low, best.high, color=BLUE, alpha=0.13, linewidth=0, zorder=0.5)
    ax.axvline(best.value, color=INK, linewidth=1.2, zorder=3)


def _points(
    ax: Any,
    x: NDArray[np.float64],
    errors: NDArray[np.float64],
    groups: NDArray[np.str_],
    names: Sequence[str],
    rasterized: bool,
    size: float = 3.4,
) -> None:
    """A point for each design, coloured by its group where they can be told apart."""
    many = len(errors)
    alpha = 0.65 if many < 600 else 0.45 if many < 3000 else 0.3
    size *= 1 if many < 3000 else 0.7
    own = looks(names) if 1 < len(names) <= _MOST_COLOURS else {}
    colours = np.array([own[group]["color"] for group in groups]) if own else np.full(many, BLUE)
    order = np.random.default_rng(0).permutation(many)  # no group lies upon all others
    look = {"s": size**2, "alpha": alpha, "linewidths": 0, "rasterized": rasterized}
    ax.scatter(x[order], 100 * errors[order], c=colours[order], **look)
    for name, one in own.items():
        ax.plot([], [], "o", markersize=size, color=one["color"], label=short(name))


def _axis(ax: Any, values: NDArray[np.float64], word: Callable[[float], str]) -> None:
    """A horizontal axis with a few round marks, logarithmic where the values go far."""
    low, high = float(values.min()), float(values.max())
    wide = low > 0 and high >= _WIDE * low
    if wide:
        ax.set_xscale("log", base=2)
        marks = _halvings(low, high)
        pad = (high / low) ** 0.08
        ax.set_xlim(low / pad, high * pad)
    else:
        pad = 0.1 * (high - low) or max(abs(high) * 0.1, 0.5)
        ax.set_xlim(low - pad, high + pad)
        marks = _values(values) if len(np.unique(values)) <= 6 else _round(ax, low, high)
    ax.set_xticks(marks, [word(mark) for mark in marks])
    ax.minorticks_off()


def _amount(value: float) -> str:
    """A large number in short, without zeros behind the point."""
    number, _, letter = quantity(value).partition(" ")
    return f"{float(number):g} {letter}".rstrip()


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values with points beside each other, not upon each other, where they are few."""
    distinct = np.unique(values)
    if not 1 < len(distinct) <= _MOST_SPREAD:
        return values
    shift = np.random.default_rng(0).uniform(-1, 1, len(values))
    if distinct[0] > 0 and distinct[-1] >= _WIDE * distinct[0]:
        return values * (distinct[1:] / distinct[:-1]).min() ** (0.18 * shift)
    return values + np.diff(distinct).min() * 0.18 * shift


def _values(values: NDArray[np.float64]) -> list[float]:
    return [float(value) for value in np.unique(values)]


def _round(ax: Any, low: float, high: float) -> list[float]:
    ax.locator_params(axis="x", nbins=5)
    return [float(t) for t in ax.get_xticks() if low <= t <= high]


def _halvings(low: float, high: float) -> list[float]:
    """Powers of two within a range, six of them at most; of large numbers 1, 2 and 5 times ten."""
    marks: list[float]
    if high > 2000:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        marks = [n * 10.0**power for power in powers for n in (1, 2, 5)]
        marks = [mark for mark in marks if low <= mark <= high]
    else:
        powers = range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)
        marks = [2.0**power for power in powers]
    return marks[:: -(-len(marks) // 6)] if marks else [low, high]
