"""The edition of the language that this anydsl reads; docs/editions.md says what may change."""

from __future__ import annotations

from anydsl.language.diagnostics import ERROR, Diagnostic, Kind
from anydsl.language.tree import Number

EDITION = 1

UNKNOWN_EDITION = Kind(
    "unknown_edition",
    "E013",
    ERROR,
    """The file is written in an edition of the language that this anydsl does not read.

The first line of a file, as `anynet 1`, names the edition that it is written in. What the rest of
it means in an edition that is not known can't be told, so nothing else is said of the file, and no
command changes it. A newer anydsl reads newer editions, and the older ones with them.""",
)


def unknown(edition: Number) -> Diagnostic | None:
    """Return what is wrong with the edition that a file names; None if it can be read."""
    if edition.value == EDITION:
        return None
    words = edition.span.text
    newer = isinstance(edition.value, int) and edition.value > EDITION
    return Diagnostic(
        UNKNOWN_EDITION,
        f"this anydsl reads edition {EDITION} of the language, not edition {words}",
        edition.span,
        help="a newer anydsl may read it: pip install --upgrade anydsl"
        if newer
        else f"editions are whole numbers from {EDITION} on: `anynet {EDITION}`",
    )
