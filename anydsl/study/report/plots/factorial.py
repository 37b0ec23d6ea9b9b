"""What each principle of a factorial is worth, as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anydsl.study.report.answer import PRINCIPLES
from anydsl.study.report.plots.sheet import BLUE, FAINT, INK, SOFT, drawn
from anydsl.study.report.wording import likely, points

if TYPE_CHECKING:
    from anydsl.study.statistics.factorial import Analysis


def worths(analysis: Analysis) -> str:
    """Shapley values with their intervals, the most important principle on top."""
    found = analysis.worths[::-1]
    values = [100 * worth.shapley.value for worth in found]
    below = [100 * (worth.shapley.value - worth.shapley.low) for worth in found]
    above = [100 * (worth.shapley.high - worth.shapley.value) for worth in found]

    def paint(figure: Any) -> None:
        ax = figure.subplots()
        places = range(len(found))
        colours = [BLUE if worth.shapley.low > 0 else FAINT for worth in found]
        ax.barh(places, values, height=0.58, color=colours, alpha=0.85)
        ax.errorbar(
            values, places, xerr=[below, above], fmt="none", ecolor=INK, elinewidth=1.3, capsize=3.5
        )
        ax.axvline(0, color=INK, linewidth=0.9)
        ax.set_yticks(places, [_label(worth.principle) for worth in found])
        ax.tick_params(axis="y", length=0, labelcolor=INK, labelsize=9.5)
        ax.grid(visible=False, axis="y")
        ax.spines["left"].set_visible(False)
        ax.set_xlabel("what breaking it adds to the error (percentage points, Shapley value)")
        edge = ax.get_yaxis_transform()
        for place, worth in zip(places, found, strict=True):
            for x, text in ((1.07, points(worth.shapley.value)), (1.17, likely(worth.first))):
                look = {"ha": "right", "va": "center", "color": INK}
                ax.text(x, place, text, transform=edge, **look)
        for x, text in ((1.07, "points"), (1.17, "P(first)")):
            look = {"ha": "right", "va": "bottom", "color": SOFT, "fontsize": 8.5}
            ax.text(x, len(found) - 0.6, text, transform=edge, **look)

    return drawn(0.9 + 0.46 * len(found), "What each principle is worth", paint)


def _label(principle: str) -> str:
    words = PRINCIPLES.get(principle)
    return f"{principle}: {words}" if words else principle
