"""A text with a name, and places in it."""

from __future__ import annotations

import os
import re
from bisect import bisect_right

from anydsl.language.record import Record

_LINE_END = re.compile(r"\r?\n|\r")
STDIN = "<stdin>"


class Source:
    """The text of one file.

    Attributes:
        path: as it is to be shown; `<stdin>` for standard input.
        text: the text, with its line ends as they are in the file.
        file: the absolute path, None where the text is not a file.
    """

    __slots__ = ("_starts", "file", "path", "text")

    def __init__(self, path: str, text: str, file: str | None = None) -> None:
        self.path = path
        self.text = text
        self.file = file
        self._starts: list[int] | None = None

    def __repr__(self) -> str:
        return f"Source({self.path!r})"

    @property
    def folder(self) -> str:
        """The folder that relative imports start from."""
        return os.path.dirname(self.file) if self.file else os.getcwd()

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1, in code points."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def offset(self, line: int) -> int:
        """Where a line, counted from 1, begins; past the last one it is the end of the text."""
        starts = self._line_starts()
        return starts[line - 1] if 1 <= line <= len(starts) else len(self.text)

    def line(self, number: int) -> str:
        """Return a line, counted from 1, without its end; empty past the last one."""
        starts = self._line_starts()
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _LINE_END.finditer(self.text))]
        return self._starts


class Span(Record):
    """A stretch of a source: offsets in code points, the end not included."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The stretch from here to the end of another span."""
        return Span(self.source, self.start, other.end)
