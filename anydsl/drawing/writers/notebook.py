"""A network in a notebook: its table and its drawing."""

from __future__ import annotations

from html import escape

from anydsl.blocks.measurement import measure
from anydsl.design.network import Network
from anydsl.drawing.content.figure import figure
from anydsl.drawing.layout.page import page
from anydsl.drawing.writers.svg import svg
from anydsl.drawing.writers.table import table
from anydsl.errors import SpecError


def shown(network: Network) -> str | None:
    """A network as HTML, None where its blocks don't fit together."""
    try:
        measured = measure(network)
        drawn = figure(network, measured)
    except SpecError:
        return None
    picture = svg(page(drawn), network.name).replace(
        "<svg ", '<svg style="max-width:100%;height:auto" ', 1
    )
    head = f"<strong>{escape(network.name)}</strong> {escape(drawn.input)}"
    return f"<div>{head}\n{table(measured)}\n{picture}</div>"
