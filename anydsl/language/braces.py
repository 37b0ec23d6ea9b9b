"""Braces that don't match: which is missing and which is too much, as the indentation tells.

Where a file can't be read, one forgotten brace would make nonsense of all that follows. Here the
tokens are put right, on the word of the indentation; whether that is to be believed is for the
parser to say, by the mistakes that are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from anydsl.language.lexer import ILLEGAL, NAME, NEWLINE, UNCLOSED, Token
from anydsl.language.source import Source


class Mended(NamedTuple):
    """Tokens whose braces match, and what was wrong with them.

    Attributes:
        unclosed: each `{` that is never closed.
        extra: each `}` that closes nothing.
        unopened: the token behind which a `{` is missing, with what stands there instead.
        wrong: each `{` that another bracket seems meant to close, with that bracket.
        likely: whether the text is indented with care, and as many `{` as `}` is not what it has.
    """

    tokens: list[Token]
    unclosed: list[Token]
    extra: list[Token]
    unopened: list[tuple[Token, Token]]
    wrong: list[tuple[Token, Token]]
    likely: bool


def mend(source: Source, tokens: list[Token]) -> Mended | None:
    """Make the braces of a text match; None where the indentation finds no fault with them."""
    closing = partners(tokens)
    closers = set(closing.values())
    stray = {
        token
        for place, token in enumerate(tokens)
        if token[0] in (")", "]") and place not in closers
    }
    mender = _Mender(source, stray)
    mender.run(list(_lines(tokens, closing)))
    if not mender.changed:
        return None
    kinds = [kind for kind, _, _ in tokens]
    return Mended(
        mender.written,
        mender.unclosed,
        mender.extra,
        mender.unopened,
        mender.wrong,
        mender.careful and kinds.count("{") != kinds.count("}"),
    )


def partners(tokens: list[Token]) -> dict[int, int]:
    """The place of the bracket that closes each `(` and `[`; a brace ends what is open."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for place, (kind, _, _) in enumerate(tokens):
        if kind in ("(", "["):
            opened.append(place)
        elif kind in (")", "]") and opened:
            found[opened.pop()] = place
        elif kind in ("{", "}"):
            opened.clear()
    return found


def _lines(tokens: list[Token], closing: dict[int, int]) -> Iterator[list[Token]]:
    """The statements, line by line, with what brackets and `->` continue."""
    line: list[Token] = []
    closed = -1
    for place, token in enumerate(tokens):
        if token[0] != NEWLINE:
            line.append(token)
            closed = max(closed, closing.get(place, -1))
        elif line and place > closed and place + 1 < len(tokens) and tokens[place + 1][0] != "->":
            yield line
            line = []
    if line:
        yield line


class _Mender:
    def __init__(self, source: Source, stray: set[Token]) -> None:
        self.source = source
        self.stray = stray  # closing brackets that close nothing
        self.written: list[Token] = []
        self.unclosed: list[Token] = []
        self.extra: list[Token] = []
        self.unopened: list[tuple[Token, Token]] = []
        self.wrong: list[tuple[Token, Token]] = []
        self.changed = False
        self.careful = False
        self.open: list[tuple[Token, int]] = []  # each `{`, and the indentation of its line

    def run(self, lines: list[list[Token]]) -> None:
        indents = [self.source.position(line[0][1])[1] for line in lines]
        inside = [
            indents[place] > indents[place - 1]
            for place in range(1, len(lines))
            if lines[place - 1][-1][0] == "{" and lines[place][0][0] != "}"
        ]
        self.careful = bool(inside) and sum(inside) * 4 >= len(inside) * 3
        headless = False
        for place, line in enumerate(lines):
            indent = indents[place]
            if headless and line[0][0] == "{":
                self.unopened.append((lines[place - 1][-1], line[0]))
                self.changed = True
                indent = indents[place] = indents[place - 1]
            else:
                within = line[0][0] != "}"
                while self.open and self.open[-1][1] + within > indent:
                    self._close()
                if place:
                    end = lines[place - 1][-1][2]
                    self.written.append((NEWLINE, end, end))
            self._line(line, indent)
            headless = _is_header(line)
            deeper = place + 1 < len(lines) and indents[place + 1] > indent
            if headless and deeper and lines[place + 1][0][0] != "{":
                self._open(line, indent)
        while self.open:
            self._close()

    def _line(self, line: list[Token], indent: int) -> None:
        here: set[Token] = set()
        leading = True
        for token in line:
            if token[0] == "{":
                here.add(token)
                self.open.append((token, indent))
            elif token[0] == "}":
                fits = bool(self.open) and (
                    self.open[-1][0] in here
                    or (leading and (token is not line[0] or self.open[-1][1] >= indent))
                )
                if not fits:
                    self.extra.append(token)
                    self.changed = True
                    continue
                self.open.pop()
            leading = leading and token[0] == "}"
            self.written.append(token)

    def _close(self) -> None:
        opener, _ = self.open.pop()
        kind, start, end = self.written[-1]
        self.changed = True
        if self.written[-1] in self.stray:
            self.wrong.append((opener, self.written.pop()))
        elif kind != UNCLOSED or "}" not in self.source.text[start:end]:
            self.unclosed.append(opener)
        self.written.append(("}", end, end))

    def _open(self, line: list[Token], indent: int) -> None:
        last = self.written[-1]
        before, instead = last, (NEWLINE, last[2], last[2])
        if last[0] == ILLEGAL:
            before, instead = line[-2], self.written.pop()
        opener = ("{", last[2], last[2])
        self.changed = True
        self.unopened.append((before, instead))
        self.written.append(opener)
        self.open.append((opener, indent))


def _is_header(line: list[Token]) -> bool:
    """Whether a line would begin a block if a `{` stood at its end."""
    kinds = [kind for kind, _, _ in line]
    if len(kinds) > 1 and kinds[-1] == ILLEGAL and line[-1][2] - line[-1][1] == 1:
        kinds.pop()
    if kinds[0] != NAME or kinds[-1] not in (NAME, ")", "]"):
        return False
    if "(" in kinds:
        kinds = kinds[: kinds.index("(")]
    return not {"=", "~", "{", "}", "->", ILLEGAL} & set(kinds)
