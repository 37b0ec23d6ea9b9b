"""`anydsl lint` of a small file, as a whole process, against a Python that does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from measuring import SMALL, Figure, anydsl, loaded, milliseconds, python, seconds, take_turns

HEAVY = ("torch", "networkx", "numpy", "rich", "lark", "dataclasses")


def figures() -> Iterator[Figure]:
    lint, nothing = take_turns(
        15,
        lambda: seconds(lambda: python(*anydsl(), "lint", SMALL)),
        lambda: seconds(lambda: python("-c", "pass")),
    )
    found = loaded(["lint", SMALL], *HEAVY)
    yield Figure(
        "lint, one file, as a process",
        milliseconds(lint),
        f"python -c pass: {milliseconds(nothing)}",
        lint / nothing,
        7,
    )
    yield Figure(
        "  heavy libraries it imports",
        ", ".join(found) or "none",
        f"of {', '.join(HEAVY)}",
        len(found),
        0,
        unit="",
    )
