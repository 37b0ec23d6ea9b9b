"""Changes of a design as edits of the text that it was written in."""

from __future__ import annotations

from typing import assert_never

from anydsl.checker.editing import assignments, take_out
from anydsl.checker.rule import Remedy, SetValue, TakeOut
from anydsl.design.values import Groups, spoken
from anydsl.language import tree
from anydsl.language.diagnostics import Edit, Fix
from anydsl.language.source import Span


Places = dict[str, Span]
"""Where values were written, by field path."""


def fixes(remedy: Remedy | None, block: tree.Block, places: Places) -> tuple[Fix, ...]:
    """How a remedy is written; nothing where the text to change is not the design's own."""
    match remedy:
        case None:
            return ()
        case SetValue():
            return _set(remedy, block, places)
        case TakeOut():
            return _take_out(remedy, block, places)
        case _:
            assert_never(remedy)


def _own(path: str, block: tree.Block, places: Places) -> Span | None:
    """Where this very declaration gives one path its value, and no other path."""
    at = places.get(path)
    if at is None or sum(place == at for place in places.values()) > 1:
        return None
    whole = block.span
    return at if at.source is whole.source and whole.start <= at.start < whole.end else None


def _set(remedy: SetValue, block: tree.Block, places: Places) -> tuple[Fix, ...]:
    at = _own(remedy.path, block, places)
    if at is None or at == places.get(remedy.path.rpartition(".")[0]):
        return ()  # it is nowhere written, or made by a generator
    statement = _statement(block, at)
    key = statement.name.text if statement else remedy.path.rpartition(".")[2]
    if key in ("g", "groups") and isinstance(remedy.value, Groups) != (key == "groups"):
        return ()
    text = spoken(remedy.value)
    return (Fix(f"set `{key}` to {text}", (Edit(at, text),), remedy.safe),)


def _take_out(remedy: TakeOut, block: tree.Block, places: Places) -> tuple[Fix, ...]:
    at = _own(remedy.path, block, places)
    statement = _statement(block, at) if at is not None else None
    if statement is None:
        return ()
    edit, lost = take_out(statement.span)
    return (Fix(f"take `{statement.name.text}` out", (edit,), not lost),)


def _statement(block: tree.Block, at: Span) -> tree.Assign | None:
    return next((a for a in assignments(block) if a.value.span == at), None)
