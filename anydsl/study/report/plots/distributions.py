"""Distributions of errors, drawn as in Radosavovic et al. 2020, figure 5."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from anydsl.study.report.answer import PRINCIPLES
from anydsl.study.report.plots.sheet import BLUE, RED, drawn, looks, short, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anydsl.study.statistics.edf import Edf

_MOST_STEPS = 600
_MOST_BANDS = 5
_MOST_WITHIN = 8
"""Groups whose legend has room in the lower right corner, where no curve goes."""


def distributions(edfs: Mapping[str, Edf], matched: Mapping[str, Edf]) -> str:
    """The error distribution of each group, and beside it under matched complexity.

    Args:
        edfs: by the name of the group.
        matched: the same, or nothing.
    """
    look = looks(list(edfs))
    many = len(edfs) > _MOST_WITHIN
    limits = _limits(edfs)

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, 2, sharey=True, squeeze=False)[0]
        for ax, title, own in (
            (axes[0], "All designs", edfs),
            (axes[1], "Complexity matched: as if flops were alike", matched),
        ):
            if not own:
                ax.set_axis_off()
                continue
            for name, edf in own.items():
                _step(ax, edf, _legend(name, edf), look[name], band=len(own) <= _MOST_BANDS)
            _axes(ax, title, limits)
            if not many:
                _key(ax)
        axes[0].set_ylabel("cumulative probability")
        if many:
            handles, labels = axes[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=3)

    rows = -(-len(edfs) // 3) if many else 0
    return drawn(3.7 + 0.19 * rows, "Error distributions of the groups", paint)


def pooled(kept: Mapping[str, Edf], broken: Mapping[str, Edf]) -> str:
    """For each principle of a factorial all designs that keep it, and all that break it."""
    limits = _limits(
        {f"{side}{p}": e for side, of in enumerate((kept, broken)) for p, e in of.items()}
    )

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, len(kept), sharey=True, squeeze=False)[0]
        for ax, principle in zip(axes, kept, strict=True):
            for word, edf, colour in (
                ("kept", kept[principle], BLUE),
                ("broken", broken[principle], RED),
            ):
                _step(ax, edf, _legend(word, edf, n=False), {"color": colour}, band=True)
            _axes(ax, f"{principle}: {PRINCIPLES.get(principle, '')}".rstrip(": "), limits)
            ax.set_title(ax.get_title("left"), loc="left", fontsize=8.5, fontweight="bold")
            _key(ax)
        axes[0].set_ylabel("cumulative probability")

    return drawn(2.9, "Error distributions with each principle kept and broken", paint)


def _legend(name: str, edf: Edf, *, n: bool = True) -> str:
    """As the paper has it: the least error, the mean error, the name; and how many there are."""
    worth = f"  n = {edf.n:,}" if n else ""
    return f"[{100 * edf.minimum:.1f}|{100 * edf.mean:.1f}] {short(name)}{worth}"


def _limits(edfs: Mapping[str, Edf]) -> tuple[float, float]:
    return shown(np.array(list(chain.from_iterable(edf.errors for edf in edfs.values()))))


def _axes(ax: Any, title: str, limits: tuple[float, float]) -> None:
    ax.set_title(title)
    ax.set_xlabel("error (%)")
    ax.set_xlim(*limits)
    ax.set_ylim(0, 1.015)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])


def _key(ax: Any) -> None:
    ax.legend(loc="lower right", borderaxespad=0.3, handletextpad=0.6, labelspacing=0.35)


def _step(ax: Any, edf: Edf, label: str, look: Mapping[str, Any], *, band: bool) -> None:
    """Draw F as the step function that it is: it rises right behind each error."""
    places = np.unique(edf.errors)
    if len(places) > _MOST_STEPS:
        places = places[np.linspace(0, len(places) - 1, _MOST_STEPS).round().astype(int)]
    heights = np.append(edf.at(places[1:]), 1.0)
    x = 100 * np.concatenate([[-1], places, [2]])
    y = np.concatenate([[0], heights, [1]])
    ax.plot(x, y, drawstyle="steps-post", label=label, **look)
    if band:
        half = edf.band()
        low, high = np.clip(y - half, 0, 1), np.clip(y + half, 0, 1)
        ax.fill_between(x, low, high, step="post", color=look["color"], alpha=0.09, linewidth=0)
