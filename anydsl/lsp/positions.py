"""Places on the wire and in a text: the one spot where the two are converted.

The wire counts lines and, in each, the units that client and server agreed on: UTF-16 if nothing
else was said. A `Source` counts code points. pygls cuts texts at characters that end no line for
the protocol (form feed, U+2028), so only its counting of units is used, line by line.
"""

from __future__ import annotations

from lsprotocol import types
from pygls.workspace import PositionCodec

from anydsl.language.source import Source, Span


def position(codec: PositionCodec, source: Source, offset: int) -> types.Position:
    """An offset as the wire has it."""
    line, column = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    return types.Position(line - 1, codec.client_num_units(before))


def range_of(codec: PositionCodec, span: Span) -> types.Range:
    """A span as the wire has it."""
    return types.Range(
        position(codec, span.source, span.start), position(codec, span.source, span.end)
    )


def offset(codec: PositionCodec, source: Source, at: types.Position) -> int:
    """A place on the wire as an offset; beyond the end of a line it is that end."""
    start = source.offset(at.line + 1)
    line = source.line(at.line + 1)
    if line.isascii():
        return start + min(max(at.character, 0), len(line))
    units = 0
    for place, letter in enumerate(line):
        if units >= at.character:
            return start + place
        units += codec.client_num_units(letter)
    return start + len(line)
