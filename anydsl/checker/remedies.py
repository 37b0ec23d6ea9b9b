"""Changes of a design as edits of the text that it was written in."""

from __future__ import annotations

from anydsl.checker.editing import assignments
from anydsl.checker.rule import SetValue
from anydsl.design.values import Groups, spoken
from anydsl.language import tree
from anydsl.language.diagnostics import Edit, Fix
from anydsl.language.source import Span

Places = dict[str, Span]
"""Where values were written, by field path."""


def fixes(remedy: SetValue | None, block: tree.Block, places: Places) -> tuple[Fix, ...]:
    """How a remedy is written; nothing where the text to change is not the design's own."""
    at = _own(remedy.path, block, places) if remedy is not None else None
    if remedy is None or at is None:
        return ()
    statement = next((a for a in assignments(block) if a.value.span == at), None)
    key = statement.name.text if statement else remedy.path.rpartition(".")[2]
    if key in ("g", "groups") and isinstance(remedy.value, Groups) != (key == "groups"):
        return ()
    text = spoken(remedy.value)
    return (Fix(f"set `{key}` to {text}", (Edit(at, text),), remedy.safe),)


def _own(path: str, block: tree.Block, places: Places) -> Span | None:
    """Where this very declaration gives one path its value, and no other path."""
    at = places.get(path)
    if at is None or sum(place == at for place in places.values()) > 1:
        return None  # a generator's, or several stages' at once
    whole = block.span
    return at if at.source is whole.source and whole.start <= at.start < whole.end else None
