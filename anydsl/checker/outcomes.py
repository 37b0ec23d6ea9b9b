"""The kinds of finding that come of what a design itself says: require, prefer, waive."""

from __future__ import annotations

from anydsl.language.diagnostics import ERROR, WARNING, Kind

REQUIREMENT = Kind(
    "requirement",
    "E020",
    ERROR,
    """A `require` does not hold: nothing is compiled.

The finding stands at the narrowest value that is to blame. Change it, or take back an inherited
requirement with `waive … because "why"`.""",
)
PREFERENCE = Kind(
    "preference",
    "W020",
    WARNING,
    """A `prefer` does not hold.

Change what is to blame, or say that it is on purpose: `waive … because "why"`.""",
)
UNUSED_WAIVER = Kind(
    "unused_waiver",
    "E021",
    ERROR,
    """A waiver cancels nothing, so that it can be taken out.

`waive` takes back a `prefer`, an inherited `require` or a lint rule that the design breaks. Where
nothing is broken, or no rule says what is waived, the waiver only misleads.""",
    "safe",
)

KINDS = (REQUIREMENT, PREFERENCE, UNUSED_WAIVER)
