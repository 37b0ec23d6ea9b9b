"""The formatter: spaces, indentation and blank lines in order, and nothing else touched.

It works on tokens, line by line: the author decides where lines break. `format_text` proves on
each text that no token and no comment has changed, and that formatting again changes nothing.
"""

from __future__ import annotations

import re

from anydsl.language.lexer import KEYWORDS, NAME, NEWLINE, comments, tokens

INDENT = "  "

_OPENERS, _CLOSERS = ("(", "[", "{"), (")", "]", "}")
_TIGHT = ("..", ".")
_OPERANDS = (NAME, "NUMBER", "SIZE", "STRING", ")", "]")
_LINE_END = re.compile(r"\r\n|\n|\r")

_Piece = tuple[str, str]  # kind, text


class Unformattable(Exception):
    """A text that formatting would damage; it says what would have happened."""


def format_text(text: str) -> str:
    """Format a text that can be parsed.

    Raises:
        Unformattable: the result would not say the same; a bug, and the text is best left alone.
    """
    formatted = _format(text)
    if _said(formatted) != _said(text):
        raise Unformattable("a token or a comment would change")
    if _format(formatted) != formatted:
        raise Unformattable("formatting twice would give two results")
    return formatted


def _said(text: str) -> tuple[list[_Piece], list[str]]:
    said = [(kind, text[a:b]) for kind, a, b in tokens(text) if kind != NEWLINE]
    return said, [text[a:b].rstrip() for a, b in comments(text)]


class _Line:
    """One line: its code, its comment, and how deep it stands."""

    def __init__(self) -> None:
        self.pieces: list[_Piece] = []
        self.comment = ""
        self.level = 0

    @property
    def blank(self) -> bool:
        return not self.pieces and not self.comment


def _format(text: str) -> str:
    end = _LINE_END.search(text)
    lines = _lines(text)
    _indent(lines)
    written: list[str] = []
    codes = [_spaced(line.pieces) for line in lines]
    columns = _columns(lines, codes)
    before: _Line | None = None
    for place, line in enumerate(lines):
        if line.blank:
            after = lines[place + 1]  # the last line is not blank
            opens = before is None or (
                before.pieces and not before.comment and before.pieces[-1][0] == "{"
            )
            closes = after.pieces and after.pieces[0][0] == "}"
            if not (opens or closes or after.blank or not written[-1]):
                written.append("")
            continue
        before = line
        code = INDENT * line.level + codes[place]
        if line.comment:
            code = code.ljust(columns[place]) + line.comment if line.pieces else code + line.comment
        written.append(code)
        if place + 1 < len(lines) and _is_header(line) and not lines[place + 1].blank:
            written.append("")
    newline = end[0] if end else "\n"
    return "".join(line + newline for line in written)


def _lines(text: str) -> list[_Line]:
    """Cut a text into lines of tokens."""
    everything: list[tuple[int, int, str]] = [
        (a, b, kind) for kind, a, b in tokens(text) if kind != NEWLINE
    ]
    everything += [(a, b, "COMMENT") for a, b in comments(text)]
    everything += [(m.start(), m.end(), NEWLINE) for m in _LINE_END.finditer(text)]
    everything.sort()
    lines = [_Line()]
    for start, stop, kind in everything:
        if kind == NEWLINE:
            lines.append(_Line())
        elif kind == "COMMENT":
            lines[-1].comment = text[start:stop].rstrip()
        else:
            lines[-1].pieces.append((kind, text[start:stop]))
    while lines and lines[-1].blank:
        lines.pop()
    return lines


def _indent(lines: list[_Line]) -> None:
    """One level inside of what a line opens, and one for a line that goes on with `->`."""
    outer: list[int] = []  # the level of the line that each open bracket stands in
    for line in lines:
        leading = 0
        for kind, _ in line.pieces:
            if kind not in _CLOSERS or leading >= len(outer):
                break
            leading += 1
        if leading:
            line.level = outer[-leading]
        else:
            line.level = outer[-1] + 1 if outer else 0
            if line.pieces and line.pieces[0][0] == "->":
                line.level += 1
        for kind, _ in line.pieces:
            if kind in _OPENERS:
                outer.append(line.level)
            elif kind in _CLOSERS and outer:
                outer.pop()
    following: _Line | None = None
    for line in reversed(lines):  # a comment stands as deep as what it is about
        if line.pieces:
            following = line
        elif line.comment and following and following.pieces[0][0] == "->":
            line.level = following.level


def _columns(lines: list[_Line], codes: list[str]) -> list[int]:
    """Where each comment behind code starts: in one column for lines in a row."""
    columns = [0] * len(lines)
    run: list[int] = []
    for place in range(len(lines) + 1):
        if place < len(lines) and lines[place].comment and lines[place].pieces:
            run.append(place)
            continue
        widest = max((len(INDENT) * lines[p].level + len(codes[p]) for p in run), default=0)
        for p in run:
            columns[p] = widest + 2
        run = []
    return columns


def _is_header(line: _Line) -> bool:
    return [kind for kind, _ in line.pieces] == ["anynet", "NUMBER"]


def _spaced(pieces: list[_Piece]) -> str:
    text = ""
    before: _Piece | None = None
    unary = False  # whether the piece before is a sign
    ratios = _ratios(pieces)
    for place, piece in enumerate(pieces):
        if before is not None and not unary and place not in ratios and _space(before, piece):
            text += " "
        text += piece[1]
        unary = piece[0] == "-" and (before is None or not _operand(before))
        before = (NAME, piece[1]) if piece[0] in KEYWORDS and not _keyword(piece, before) else piece
    return text


def _ratios(pieces: list[_Piece]) -> set[int]:
    """The places of `/4` in ratios that are a whole value, such as `b = 1/4`: written tight."""
    found: set[int] = set()
    kinds = ["=", *(kind for kind, _ in pieces), ","]
    for place in range(1, len(pieces) - 1):
        before, *ratio, after = kinds[place - 1 : place + 4]
        alone = before in ("=", "(", "[", ",", "..") and after in (")", "]", ",", "}")
        if ratio == ["NUMBER", "/", "NUMBER"] and alone:
            found |= {place, place + 1}
    return found


def _operand(piece: _Piece) -> bool:
    """Whether a value can end with it."""
    return piece[0] in _OPERANDS


def _keyword(piece: _Piece, before: _Piece | None) -> bool:
    """Whether a word that may be one is a keyword where it stands."""
    infix = piece[0] in ("and", "or", "in", "if", "else", "step", "because", "extends", "import")
    return infix == (before is not None and _operand(before))


def _space(before: _Piece, piece: _Piece) -> bool:
    left, right = before[0], piece[0]
    if left in ("(", "[") or right in (")", "]", ",") or left in _TIGHT or right in _TIGHT:
        return False
    if (left, right) == ("{", "}"):
        return False
    if right in ("(", "["):
        return not _operand(before) or left in ("NUMBER", "SIZE", "STRING")
    return True
