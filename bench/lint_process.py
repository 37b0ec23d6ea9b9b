"""`anydsl lint` of a small file, as a whole process, against a Python that does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from measuring import SMALL, Figure, anydsl, loaded, milliseconds, python, take_turns

NEEDS = ()
HEAVY = ("torch", "networkx", "numpy", "rich", "lark", "dataclasses")


def figures() -> Iterator[Figure]:
    lint, nothing = take_turns(
        15,
        lambda: milliseconds(lambda: python(*anydsl(), "lint", SMALL)),
        lambda: milliseconds(lambda: python("-c", "pass")),
    )
    yield Figure(
        "one file, as a process",
        "From the start of `anydsl lint` on the RegNetX-32 of the textbook to its end.",
        lint,
        "ms",
        "python -c pass",
        nothing,
        target=7,
    )
    found = loaded(["lint", SMALL], *HEAVY)
    yield Figure(
        "heavy libraries it imports",
        f"How many of {', '.join(HEAVY)} it has loaded at its end.",
        [len(found)],
        "",
        ", ".join(found),
        target=0,
    )
