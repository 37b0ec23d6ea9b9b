"""The whole drawing: panels from left to right, in as many rows as they need."""

from __future__ import annotations

from anydsl.drawing.content.figure import Figure
from anydsl.drawing.layout.columns import body_columns, network_column
from anydsl.drawing.layout.lettering import clipped
from anydsl.drawing.layout.pictures import picture
from anydsl.drawing.layout.scene import SIZES, START, Box, Line, Scene, Text, measure, together
from anydsl.drawing.layout.stages import stage_columns

_MOST = 40
_WIDEST, _APART, _PAD, _HEADING = 1240.0, 16.0, 12.0, 26.0
_LONGEST = 280.0


def page(figure: Figure) -> Scene:
    """The network, its body, its stages, and the dataflow of its blocks."""
    panels = [_panel(figure.name, network_column(figure), name="network")]
    if figure.stages:
        panels.append(_panel("body", body_columns(figure)))
        panels.append(_panel("stage", stage_columns(figure.stages)))
    panels += [_panel("", picture(variant)) for variant in figure.variants[:_MOST]]
    if len(figure.variants) > _MOST:
        panels.append(_panel(f"{len(figure.variants) - _MOST} more blocks", Scene(0, 0, ())))
    rows: list[list[Scene]] = [[]]
    wide = 0.0
    for panel in panels:
        if rows[-1] and wide + panel.width > _WIDEST:
            rows.append([])
            wide = 0.0
        rows[-1].append(panel)
        wide += panel.width + _APART
    placed: list[Scene] = []
    y = 0.0
    for row in rows:
        x, high = 0.0, max(panel.height for panel in row)
        for panel in row:
            frames = tuple(frame.replace(height=high) for frame in panel.frames)
            placed.append(panel.replace(frames=frames, height=high).moved(x, y))
            x += panel.width + _APART
        y += high + _APART
    whole = together(placed)
    zoom = _zoom(placed[0], placed[1]) if len(rows[0]) > 1 else ()
    return whole.replace(items=(*zoom, *whole.items))


def _panel(heading: str, scene: Scene, *, name: str = "") -> Scene:
    """A scene in a frame, with a heading."""
    top = _HEADING if heading else 0.0
    name = name or heading
    heading = clipped(heading, SIZES["head"], _LONGEST, bold=True)
    wide = max(scene.width, measure(heading, "head"))
    inner = scene.moved(_PAD + (wide - scene.width) / 2, _PAD + top)
    width, height = wide + 2 * _PAD, scene.height + top + 2 * _PAD
    frame = Box(0, 0, width, height, "panel", name)
    title = (Text(_PAD, _PAD + 9, heading, "head", START),) if heading else ()
    return Scene(width, height, (*title, *inner.items), (frame,))


def _zoom(network: Scene, body: Scene) -> tuple[Line, ...]:
    """Lines from the body of the network to the panel that shows it."""
    box = next(item for item in network.items if isinstance(item, Box) and item.role == "body")
    frame = body.frames[0]
    x = box.x + box.width
    return (
        Line(((x, box.y), (frame.x, frame.y + 8)), "zoom", arrow=False),
        Line(((x, box.y + box.height), (frame.x, frame.y + frame.height - 8)), "zoom", arrow=False),
    )
