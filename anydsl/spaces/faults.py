"""The kinds of finding that come of what a space requires."""

from __future__ import annotations

from anydsl.language.diagnostics import ERROR, Kind

IMPOSSIBLE = Kind(
    "impossible_space",
    "E022",
    ERROR,
    """No draw of a space can meet what it requires.

Requirements of order are counted over all draws, numbers are compared with the least and the
greatest that can be drawn. Change a range, or take an inherited requirement back with
`waive … because "why"`.""",
)

KINDS = (IMPOSSIBLE,)
