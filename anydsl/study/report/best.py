"""The networks that a report names: the best of the study, and the best of each group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from anydsl.blocks.measurement import measure
from anydsl.drawing.content.figure import figure
from anydsl.drawing.layout.page import page
from anydsl.drawing.writers.svg import svg
from anydsl.errors import AnydslError
from anydsl.language.record import Record
from anydsl.study.keeping import BEST
from anydsl.study.texts import network_of

if TYPE_CHECKING:
    from anydsl.study.report.population import Design, Population

_LONGEST = 100
"""Letters of a name in the name of a file."""


class Named(Record):
    """A design that the report names.

    Attributes:
        rank: among all designs of the study, from 1.
        design: with its error and costs.
        name: of its net.
        text: of its net, a whole `.anynet` file.
        file: the name of that file.
        best_of: the groups whose best design it is.
        drawing: as SVG; empty unless it is one of the best of the study.
    """

    rank: int
    design: Design
    name: str
    text: str
    file: str
    best_of: tuple[str, ...]
    drawing: str

    @property
    def test_error(self) -> float | None:
        """On the test split, averaged over the replicas for which that was read."""
        read = [row.test_error for row in self.design.rows if row.test_error is not None]
        return sum(read) / len(read) if read else None

    @property
    def columns(self) -> list[str]:
        """The settings that its stages have, in the order of their appearance."""
        return list(dict.fromkeys(key for stage in self.design.first.settings for key in stage))

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The settings of its stages."""
        return self.design.first.settings


def best_of(population: Population) -> tuple[Named, ...]:
    """The best designs of the study, drawn, and behind them the best of each group.

    Designs that diverged are never among them, and one design that stands in several groups is
    named once.
    """
    sound = [d for d in population.every if not all(_diverged(d))]
    ranked: dict[str, Design] = {}  # by the id of the first replica: it names the content
    for design in sorted(sound, key=lambda d: (d.error, d.first.position)):  # as `keeping` ranks
        ranked.setdefault(design.first.id, design)
    ranks = {trial: number for number, trial in enumerate(ranked, 1)}
    groups: dict[str, list[str]] = {}
    for name in population.groups:
        own = [d for d in sound if d.group == name]
        if own:
            best = min(own, key=lambda d: (d.error, ranks[d.first.id]))
            groups.setdefault(best.first.id, []).append(name)
    chosen = [t for t, rank in ranks.items() if rank <= BEST or t in groups]
    width = max(2, *(len(str(ranks[t])) for t in chosen)) if chosen else 2
    return tuple(_named(ranked[t], ranks[t], width, tuple(groups.get(t, ()))) for t in chosen)


def _diverged(design: Design) -> list[bool]:
    return [row.outcome is None or row.outcome.diverged for row in design.rows]


def _named(design: Design, rank: int, width: int, groups: tuple[str, ...]) -> Named:
    text = design.first.net
    name, drawing = _drawn(text) or (f"{design.group}_{design.index}", "")
    plain = re.sub(r"[^\w.-]", "_", name[:_LONGEST])  # without what leads to another folder
    file = f"{rank:0{width}}-{plain}.anynet"
    return Named(rank, design, name, text, file, groups, drawing if rank <= BEST else "")


def _drawn(text: str) -> tuple[str, str] | None:
    """The name and the drawing of a text's net; None where there is none: a report goes on."""
    try:
        network = network_of(text)
        return network.name, svg(page(figure(network, measure(network))), network.name)
    except AnydslError:
        return None
