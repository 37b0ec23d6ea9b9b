"""Specs as text: what they mean, and what is found in them.

A finding's place is marked in the text itself: «so» where it stands, ‹so› where its labels are.
"""

from __future__ import annotations

import re

from anydsl.blocks.measurement import Measurement, measure
from anydsl.checker.engine import Checked, check_declaration, check_module
from anydsl.checker.selection import select
from anydsl.design.modules import Library, Module
from anydsl.design.network import Network, Space
from anydsl.language.diagnostics import Diagnostic
from anydsl.language.source import Span

MEANING = select(None, ["C", "R", "T"])
"""What speaks of meaning: without the rules of compatibility, redundancy and training."""

_MARKS = re.compile("[«»‹›]")


def module(text: str) -> Module:
    return Library().text(f"anynet 1\n{text}\n", "spec.anynet")


def findings(text: str, *levels: str) -> list[Diagnostic]:
    """What is found in a text; of some levels only, if they are named."""
    return [d for d in check_module(module(text), MEANING) if not levels or d.level in levels]


def errors(text: str) -> list[Diagnostic]:
    return findings(text, "error")


def checked(text: str, name: str = "") -> Checked:
    """The declaration of that name, else the last net or space, which has to be sound."""
    of = module(text)
    blocks = {b.label.name.text: b for b in of.declared("net", "space") if b.label}
    found = check_declaration(of, blocks[name] if name else list(blocks.values())[-1])
    problems = [d.concise() for d in (*of.diagnostics, *found.diagnostics) if d.level == "error"]
    assert not problems, "\n".join(problems)
    return found


def network(text: str, name: str = "") -> Network:
    value = checked(text, name).value
    assert isinstance(value, Network)
    return value


def space(text: str, name: str = "") -> Space:
    value = checked(text, name).value
    assert isinstance(value, Space)
    return value


def measured(text: str, name: str = "") -> Measurement:
    return measure(network(text, name))


def stages(text: str, *keys: str) -> list[tuple[object, ...]]:
    """Of each stage its name and what it was given for some settings."""
    return [(s.name, *(s.get(key) for key in keys)) for s in network(text).stages]


def net(body: str, rules: str = "", *, shape: str = "3x32x32", head: str = "") -> str:
    """A net with this body."""
    return f"net N {{\ninput = {shape}\nbody {{\n{body}\n}}\n{head}\n{rules}\n}}"


def marked(text: str, kind: str, *, level: str = "error") -> Diagnostic:
    """Check a marked text in which there is to be one finding of a level; return it."""
    plain, places = unmark(f"anynet 1\n{text}\n")
    everything = check_module(Library().text(plain, "spec.anynet"), MEANING)
    found = [d for d in everything if d.level == level]
    shown = "\n".join(d.concise() for d in found) or "nothing"
    assert len(found) == 1, f"expected one finding, there is\n{shown}"
    (one,) = found
    assert one.kind.name == kind, shown
    at, labels = places["«"], places["‹"]
    assert [cut(one.at)] == [plain[a:b] for a, b in at], shown
    assert (one.at.start, one.at.end) == at[0], f"another `{cut(one.at)}` is meant"
    assert {(label.at.start, label.at.end) for label in one.labels} == set(labels), [
        (cut(label.at), label.message) for label in one.labels
    ]
    return one


def unmark(text: str) -> tuple[str, dict[str, list[tuple[int, int]]]]:
    """Take the marks out of a text; where what they stood around is."""
    places: dict[str, list[tuple[int, int]]] = {"«": [], "‹": []}
    opened: list[tuple[str, int]] = []
    for count, mark in enumerate(_MARKS.finditer(text)):
        offset = mark.start() - count
        if mark[0] in places:
            opened.append((mark[0], offset))
        else:
            kind, start = opened.pop()
            places[kind].append((start, offset))
    return _MARKS.sub("", text), places


def cut(span: Span) -> str:
    return span.text
