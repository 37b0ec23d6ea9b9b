"""One page that folds: stages into blocks, blocks into their dataflow, with what each costs.

It stands alone: the drawings are within it, there is no script, nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from anydsl.blocks.measurement import BlockCost, PartCost
from anydsl.drawing.content.figure import Figure, Mark
from anydsl.drawing.content.numbers import shape
from anydsl.drawing.content.repeats import Repeat, labels, repeats
from anydsl.drawing.content.variants import within
from anydsl.drawing.layout.flowing import flowing
from anydsl.drawing.layout.page import page
from anydsl.drawing.writers.svg import svg
from anydsl.drawing.writers.table import COLUMNS, cells, counts, rows, spoken

SUFFIX = ".html"

_MOST_FLOWS = 500
_STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.45 Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif;
  color: #1f2933; background: #fff; margin: 2rem auto; max-width: 1240px; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h1 small { font-size: 1rem; font-weight: normal; color: #52606d; margin-left: .6rem; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
.doc { white-space: pre-wrap; margin: .4rem 0 0; max-width: 46rem; }
.marks { padding-left: 1.2rem; color: #b5301c; }
.marks .waived { color: #616e7c; font-style: italic; }
.figure { overflow-x: auto; }
.figure svg { max-width: 100%; height: auto; }
.tree { overflow-x: auto; font-variant-numeric: tabular-nums; }
.row { display: grid; gap: 0 .8rem; padding: .28rem .5rem; min-width: 62rem; align-items: baseline;
  grid-template-columns: 10rem 9rem 3rem 6rem 3rem 3rem 4rem 8rem 1fr 1fr 1fr; }
.heads, .total { font-weight: bold; }
.heads { border-bottom: 1px solid #52606d; }
.total { border-top: 1px solid #52606d; }
.right { text-align: right; }
.left { overflow: hidden; text-overflow: ellipsis; }
summary { cursor: pointer; list-style: none; border-radius: 4px; }
summary::-webkit-details-marker { display: none; }
summary:hover { background: #eef3f9; }
summary:focus-visible { outline: 2px solid #34567a; }
summary > .left:first-child::before { content: "\\25b8"; display: inline-block; width: 1rem;
  color: #34567a; }
details[open] > summary > .left:first-child::before { content: "\\25be"; }
.heads > .left:first-child, .total > .left:first-child { padding-left: 1rem; }
.part > summary { border-bottom: 1px solid #e4e7eb; }
.part > summary > .left:first-child { font-weight: bold; }
.broken > summary > .left:first-child { color: #b5301c; }
.block > summary, .block.row { color: #3e4c59; }
.block > summary > .left:first-child, .block.row > .left:first-child { padding-left: 1.1rem; }
.block.row > .left:first-child { padding-left: 2.1rem; }
.flow { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start;
  padding: .4rem 0 1rem 2.6rem; }
.flow table { border-collapse: collapse; font-size: 12px; margin-top: 14px; }
.flow th, .flow td { padding: .12rem .7rem; text-align: right; }
.flow th { border-bottom: 1px solid #cbd2d9; }
.flow th:first-child, .flow td:first-child { text-align: left; }
@media print { body { margin: 0; } }
"""


def write(figure: Figure, scale: float = 1) -> bytes:
    """The figure as a file."""
    del scale
    return ("\n".join(_page(figure)) + "\n").encode(errors="replace")


def _page(figure: Figure) -> Iterator[str]:
    name = escape(figure.name)
    yield "<!DOCTYPE html>"
    yield f'<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{name}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>"
    yield f"<h1>{name}<small>{escape(figure.input)}</small></h1>"
    if figure.doc:
        yield f'<p class="doc">{escape(figure.doc)}</p>'
    yield from _marks(figure)
    yield f'<div class="figure">\n{svg(page(figure), figure.name)}</div>'
    yield "<h2>Parts, blocks and their dataflow</h2>"
    yield '<div class="tree">'
    yield f'<div class="row heads">{cells(COLUMNS)}</div>'
    yield from _tree(figure)
    yield "</div>\n</body>\n</html>"


def _marks(figure: Figure) -> Iterator[str]:
    marks: list[Mark] = [m for stage in figure.stages for m in stage.marks]
    marks += figure.marks
    if marks:
        yield '<ul class="marks">'
        for mark in marks:
            text = f"waived: {mark.text}: {mark.because}" if mark.waived else mark.text
            sort = "waived" if mark.waived else "broken"
            yield f'<li class="{sort}">{escape(text)}</li>'
        yield "</ul>"


def _tree(figure: Figure) -> Iterator[str]:
    costs = {part.name: part for part in figure.measured.parts}
    blocks = repeats(figure)
    broken = {s.name for s in figure.stages if any(not mark.waived for mark in s.marks)}
    *parts, total = rows(figure.measured)
    left = _MOST_FLOWS
    for row in parts:
        name = row[0]
        own = blocks[name]
        sort = "part broken" if name in broken else "part"
        yield f'<details class="{sort}">\n<summary class="row">{cells(row)}</summary>'
        for repeat in own:
            yield from _block(repeat, costs[name], drawn=left > 0)
            left -= 1
        yield "</details>"
    yield f'<div class="row total">{cells(total)}</div>'


def _block(repeat: Repeat, part: PartCost, *, drawn: bool) -> Iterator[str]:
    cost = part.blocks[repeat.first - 1]
    if repeat.part in ("stem", "head"):
        yield from _flow(repeat, cost)
        return
    values: dict[str, object] = {
        "part": repeat.name,
        "block": repeat.flow.block,
        "d": repeat.times,
        "w": repeat.flow.output[0],
        "groups": cost.groups,
        "output": shape(cost.output),
    }
    values |= counts(cost.cost * repeat.times)
    row = cells(spoken(values.get(column)) for column in COLUMNS)
    if not drawn:
        yield f'<div class="row block">{row}</div>'
        return
    yield f'<details class="block">\n<summary class="row">{row}</summary>'
    yield from _flow(repeat, cost)
    yield "</details>"


def _flow(repeat: Repeat, cost: BlockCost) -> Iterator[str]:
    """The dataflow of a block, that of the blocks within it, and what its operations cost."""
    yield '<div class="flow">'
    flow = repeat.flow
    for inner in dict.fromkeys([flow, *within(flow)]):
        drawn = flowing(inner, labels(inner), shape(inner.input), shape(inner.output))
        yield svg(drawn, inner.block)
    heads = "".join(f"<th>{h}</th>" for h in ("operation", "output", "params", "flops", "acts"))
    yield f"<table>\n<tr>{heads}</tr>"
    for done in cost.operations:
        costs = (spoken(n or None) for n in counts(done.cost).values())
        texts = [done.path, shape(done.output), *costs]
        yield "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"
    yield "</table>\n</div>"
