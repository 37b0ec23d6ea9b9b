"""How the best and the worst designs learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anydsl.study.report.plots.sheet import BLUE, RED, drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anydsl.study.rows import Row


def learning(best: Sequence[Row], worst: Sequence[Row]) -> str:
    """Validation error and training loss, epoch by epoch."""

    def paint(figure: Any) -> None:
        axes = figure.subplots(1, 2)
        for rows, colour, word in ((best, BLUE, "best"), (worst, RED, "worst")):
            for place, row in enumerate(rows):
                label = f"the {len(rows)} {word}" if len(rows) > 1 else f"the {word}"
                look = {
                    "color": colour,
                    "alpha": 0.85,
                    "linewidth": 1.3,
                    "zorder": 3 if colour == BLUE else 2,
                }
                look |= {} if place else {"label": label}
                _line(axes[0], row, "val_acc", look, _error)
                _line(axes[1], row, "train_loss", look, float)
        for ax, title in zip(axes, ("Validation error (%)", "Training loss"), strict=True):
            ax.set_title(title)
            ax.set_xlabel("epoch")
            ax.xaxis.get_major_locator().set_params(integer=True)
            if ax.get_legend_handles_labels()[0]:
                ax.legend(loc="upper right")

    return drawn(3.0, "Learning of the best and the worst designs", paint)


def _line(
    ax: Any, row: Row, key: str, look: dict[str, Any], value: Callable[[float], float]
) -> None:
    curve = row.outcome.curve if row.outcome is not None else ()
    pairs: list[tuple[int, float]] = []
    for epoch, numbers in enumerate(curve, 1):
        number = numbers.get(key)
        if number is not None:
            pairs.append((epoch, value(number)))
    if pairs:
        ax.plot(*zip(*pairs, strict=True), marker="o" if len(pairs) == 1 else None, **look)


def _error(accuracy: float) -> float:
    return 100 * (1 - accuracy)
