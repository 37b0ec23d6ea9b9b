"""What stands around a place in a text, by its tokens alone: half-written text has it too."""

from __future__ import annotations

from collections.abc import Sequence

from anydsl.language.lexer import KEYWORDS, NAME, NEWLINE, UNCLOSED, Token, comments
from anydsl.language.record import Record

_OPENERS, _CLOSERS = ("(", "["), (")", "]")


class Frame(Record):
    """A body in braces that a place is inside of, by the words before its `{`."""

    kind: str
    label: str
    base: str = ""


class Call(Record):
    """A bracket that a place is inside of: `callee(`, empty where it is none of a call.

    Attributes:
        place: how many commas stand before.
        argument: the name of the argument, where one is given.
        given: the names of the arguments that stand before.
    """

    callee: str
    place: int
    argument: str
    given: tuple[str, ...]


class Cursor(Record):
    """A place in a text.

    Attributes:
        frames: the bodies around it, the outermost first.
        before: kind and text of the tokens of its statement that stand before the word.
        start, end: the token at the place; both are the place itself where there is none.
        kind: the kind of that token, empty where there is none, `COMMENT` in a comment.
        text: that token.
        following: the kind of the token behind it.
        calls: the brackets around it, the outermost first.
    """

    frames: tuple[Frame, ...]
    before: tuple[tuple[str, str], ...]
    start: int
    end: int
    kind: str
    text: str
    following: str
    calls: tuple[Call, ...]

    @property
    def word(self) -> bool:
        """Whether a name or a keyword stands here."""
        return self.kind == NAME or self.kind in KEYWORDS

    @property
    def key(self) -> str:
        """The name whose value is being given, empty where none is."""
        if len(self.before) > 1 and self.before[1][0] in ("=", "~"):
            return self.before[0][1]
        return ""

    @property
    def begins(self) -> str:
        """The first word of the statement before the place."""
        return self.before[0][1] if self.before else ""

    @property
    def last(self) -> str:
        """The kind of the token before the place, in its statement."""
        return self.before[-1][0] if self.before else ""


def cursor(text: str, tokens: Sequence[Token], offset: int) -> Cursor:
    """Look around an offset.

    Args:
        text: the text.
        tokens: its tokens, as the lexer cuts them.
        offset: the place; a word that ends here counts as standing here.
    """
    reader = _Reader(text)
    at: Token | None = None
    following = ""
    for place, token in enumerate(tokens):
        kind, start, end = token
        if start >= offset and not (start == offset and kind != NEWLINE):
            following = kind
            break
        touches = start <= offset <= end if _is_text(kind) else start <= offset < end
        if touches and kind != NEWLINE:
            at = token
            after = tokens[place + 1] if place + 1 < len(tokens) else None
            behind = tokens[place + 1][0] if after else ""
            if after and after[1] == offset and _is_text(after[0]) and not _is_text(kind):
                reader.take(token, behind)
                continue
            following = behind
            break
        reader.take(token, tokens[place + 1][0] if place + 1 < len(tokens) else "")
    kind, start, end = at or ("", offset, offset)
    line = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    if "#" in text[line:offset]:
        for a, b in comments(text[line:]):
            if line + a < offset <= line + b:
                kind, start, end = "COMMENT", line + a, line + b
            if line + a >= offset:
                break
    return Cursor(
        tuple(reader.frames),
        tuple(reader.statement),
        start,
        end,
        kind,
        text[start:end],
        following,
        tuple(reader.open_calls()),
    )


def _is_text(kind: str) -> bool:
    return kind == NAME or kind in KEYWORDS or kind in ("NUMBER", "SIZE", UNCLOSED)


class _Reader:
    """Follows the tokens, and knows which statement and which bodies it is in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.frames: list[Frame] = []
        self.statement: list[tuple[str, str]] = []
        self.brackets: list[int] = []  # places in the statement
        self.line = 0  # where in the statement its last line begins

    def take(self, token: Token, behind: str) -> None:
        kind, start, end = token
        if kind == "{":
            self.frames.append(self._frame())
            self._begin()
        elif kind == "}":
            if self.frames:
                self.frames.pop()
            self._begin()
        elif kind == NEWLINE and (self.brackets or behind == "->"):
            self.line = len(self.statement)
        elif kind == NEWLINE or (kind == "," and self.frames and not self.brackets):
            self._begin()
        else:
            if kind in _OPENERS:
                self.brackets.append(len(self.statement))
            elif kind in _CLOSERS and self.brackets:
                self.brackets.pop()
            self.statement.append((kind, self.text[start:end]))

    def _begin(self) -> None:
        self.statement = []
        self.brackets = []
        self.line = 0

    def _frame(self) -> Frame:
        header = self.statement
        if self.brackets:  # one is still open from before: only the last names are a header
            header = header[self.line :]
            other = [i for i, (kind, _) in enumerate(header) if kind != NAME]
            header = header[other[-1] + 1 if other else 0 :]
        words = [text for kind, text in header if kind == NAME or kind in KEYWORDS]
        kind = words[0] if words else ""
        label = words[1] if len(words) > 1 and words[1] != "extends" else ""
        base = ""
        if "extends" in words[:-1]:
            base = words[words.index("extends") + 1]
        return Frame(kind, label, base)

    def open_calls(self) -> list[Call]:
        found: list[Call] = []
        for place in self.brackets:
            before = self.statement[place - 1] if place else ("", "")
            called = before[0] == NAME and self.statement[place][0] == "("
            arguments: list[list[tuple[str, str]]] = [[]]
            depth = 0
            for token in self.statement[place + 1 :]:
                depth += (token[0] in _OPENERS) - (token[0] in _CLOSERS)
                if token[0] == "," and not depth:
                    arguments.append([])
                else:
                    arguments[-1].append(token)
            names = [a[0][1] if len(a) > 1 and a[1][0] == "=" else "" for a in arguments]
            given = tuple(name for name in names[:-1] if name)
            found.append(Call(before[1] if called else "", len(names) - 1, names[-1], given))
        return found
