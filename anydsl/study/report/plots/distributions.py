"""Distributions of errors, drawn as in Radosavovic et al. 2020, figure 5."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from anydsl.study.report.answer import PRINCIPLES
from anydsl.study.report.plots.sheet import BLUE, RED, drawn, looks, short, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anydsl.study.statistics.edf import Edf

_MOST_STEPS = 600
_MOST_BANDS = 5
_SHADES = ("#0072b2", "#6aa3c8", "#a3a9b0", "#e3a06a", "#d55e00")
_MOST_WITHIN = 8
"""Groups whose legend has room in the lower right corner, where no curve goes."""


def distributions(edfs: Mapping[str, Edf], matched: Mapping[str, Edf]) -> str:
    """The error distribution of each group, and beside it under matched complexity.

    Args:
        edfs: by the name of the group.
        matched: the same, or nothing.
    """
    look = looks(list(edfs))
    panels = [("All designs" if matched else "", edfs)]
    panels += [("Complexity matched: as if flops were alike", matched)] * bool(matched)
    return _panels(panels, look)


def cells(edfs: Mapping[str, Edf], broken: Mapping[str, int]) -> str:
    """The distribution of each cell of a factorial, coloured by how many principles it breaks."""
    most = max(broken.values()) or 1
    look = {
        name: {
            "color": _SHADES[round(broken[name] / most * (len(_SHADES) - 1))],
            "linewidth": 2.2 if broken[name] in (0, most) else 1.0,
        }
        for name in edfs
    }
    return _panels([("", edfs)], look)


def _panels(
    panels: Sequence[tuple[str, Mapping[str, Edf]]], look: Mapping[str, Mapping[str, Any]]
) -> str:
    limits = _limits(panels[0][1])
    many = len(look) > _MOST_WITHIN
    columns = 3 if many else 1
    rows = -(-len(look) // columns)

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for ax, (title, own) in zip(axes, panels, strict=True):
            for name, edf in own.items():
                _step(ax, edf, _legend(name, edf), look[name], band=_alpha(len(own)))
            _axes(ax, title, limits)
            if not many:
                _key(ax, loc="lower right", borderaxespad=0.3, frameon=True, framealpha=0.75)
        axes[0].set_ylabel("cumulative probability")
        if many:
            handles, labels = axes[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=columns)

    return drawn(3.7 + 0.19 * rows * many, "Error distributions of the groups", paint)


def pooled(kept: Mapping[str, Edf], broken: Mapping[str, Edf]) -> str:
    """For each principle of a factorial all designs that keep it, and all that break it."""
    every = {f"{side} {p}": e for side, of in enumerate((kept, broken)) for p, e in of.items()}
    limits = _limits(every)

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, len(kept), sharey=True, squeeze=False)[0]
        for ax, principle in zip(axes, kept, strict=True):
            for word, edf, colour in (
                ("kept", kept[principle], BLUE),
                ("broken", broken[principle], RED),
            ):
                _step(ax, edf, _legend(word, edf, n=False), {"color": colour}, band=0.12)
            _axes(ax, f"{principle}: {PRINCIPLES.get(principle, '')}".rstrip(": "), limits)
            _key(ax, loc="upper left", bbox_to_anchor=(0, -0.26), borderaxespad=0)
        axes[0].set_ylabel("cumulative probability")

    return drawn(3.1, "Error distributions with each principle kept and broken", paint)


def _legend(name: str, edf: Edf, *, n: bool = True) -> str:
    """As the paper has it: the least error, the mean error, the name; and how many there are."""
    worth = f", n = {int((edf.weights > 0).sum()):,}" if n else ""
    return f"[{100 * edf.minimum:.1f}|{100 * edf.mean:.1f}] {short(name)}{worth}"


def _limits(edfs: Mapping[str, Edf]) -> tuple[float, float]:
    return shown(np.array(list(chain.from_iterable(edf.errors for edf in edfs.values()))))


def _axes(ax: Any, title: str, limits: tuple[float, float]) -> None:
    ax.set_title(title, fontsize=9)
    ax.set_xlabel("error (%)")
    ax.set_xlim(*limits)
    ax.set_ylim(0, 1.015)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])


def _key(ax: Any, **where: Any) -> None:
    ax.legend(handletextpad=0.6, labelspacing=0.35, **where)


def _alpha(groups: int) -> float:
    """How dark the bands of so many groups are, which lie upon each other."""
    return 0.12 if groups <= 2 else 0.06 if groups <= _MOST_BANDS else 0.0


def _step(ax: Any, edf: Edf, label: str, look: Mapping[str, Any], *, band: float) -> None:
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
        low, high = np.clip(heights - half, 0, 1), np.clip(heights + half, 0, 1)
        colour = look["color"]
        ax.fill_between(100 * places, low, high, step="post", color=colour, alpha=band, linewidth=0)
