"""What the parser says of a text that it can't read, in the words of the language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from anydsl.language.builder import LARGEST
from anydsl.language.diagnostics import ERROR, Diagnostic, Edit, Fix, Kind, Label, nearest
from anydsl.language.lexer import ILLEGAL, KEYWORDS, NAME, NEWLINE, UNCLOSED
from anydsl.language.source import Span

Piece = tuple[str, Span]
"""A token: its terminal and its place."""

SYNTAX = Kind(
    "syntax",
    "E001",
    ERROR,
    """The text does not have the shape of a statement.

A statement is `name = value`, `name ~ distribution`, `require`, `prefer` or `waive` with a rule,
or a block `kind name { … }`. It ends at the end of its line; inside braces a comma ends it too.
Inside `( )` and `[ ]`, and before a line that starts with `->`, a new line ends nothing.

The rest of the file is read as if the broken statement were not there.""",
    "safe",
)
TOO_LARGE = Kind(
    "too_large",
    "E002",
    ERROR,
    """Something is larger than a spec may say.

Numbers go up to 2^63 - 1, and so do the costs of a network; files, nesting, the depth of imports
and the operations of a network have limits of their own, which the message names. The limits keep
a spec from a stranger from hanging the tool or filling the memory.""",
)

_SPOKEN = {
    "NUMBER": "a number",
    "STRING": 'a text in `"`',
    NAME: "a name",
    "$END": "the end of the file",
}
_BEGINS = re.compile(r"[ \t]*(?:=(?!=)|~)")
_COMMENTS = ("//", "/*", "--")
_RULES = "a rule starts with `require`, `prefer` or `waive`"
_SETTINGS = "a setting is written `name = value`"
_CHOICE = "a choice is written `a if condition else b`"
_STRANGE = {  # characters that no token begins with
    ";": "a statement ends at the end of its line, or at a `,` inside braces",
    "'": 'a text stands in double quotes: `"text"`',
    "“": 'a text stands in double quotes: `"text"`',
    "”": 'a text stands in double quotes: `"text"`',
    "–": "a minus is `-`",
    "&": "use `and`",
    "|": "use `or`",
    "!": "use `not`",
    "^": "there are no powers; write the product",
    "@": "there are no decorators",
    "?": _CHOICE,
}
_FIRST = {  # words of other languages at the start of a statement
    "import": 'an import is written `from "file.anynet" import name`',
    "include": 'an import is written `from "file.anynet" import name`',
    "assert": _RULES,
    "ensure": _RULES,
    "must": _RULES,
    "let": _SETTINGS,
    "set": _SETTINGS,
    "var": _SETTINGS,
    "const": _SETTINGS,
    "def": "a block is written `block name(parameters) { … }`",
    "class": "a network is written `net name { … }`",
}


class Situation(NamedTuple):
    """Where reading could not go on.

    Attributes:
        kind, at: the token that can't stand where it stands: its terminal and its place.
        before, earlier: the token before it, and the one before that.
        first: the word that the statement begins with, empty if it begins otherwise.
        after_comma: whether a `,` ended the statement before.
        opener: the innermost bracket that is open, if one is.
        unclosed: a bracket or brace that is never closed, if one is.
        opens: whether a `{` follows on the line.
        in_braces: whether this is the body of a block.
        accepts: whether a terminal could stand here.
    """

    kind: str
    at: Span
    before: Piece | None
    earlier: Piece | None
    first: str
    after_comma: bool
    opener: Piece | None
    unclosed: Piece | None
    opens: bool
    in_braces: bool
    accepts: Callable[[str], bool]

    @property
    def value(self) -> bool:
        """Whether a value could stand here."""
        return self.accepts("NUMBER") and self.accepts("(")

    @property
    def found(self) -> str:
        """What stands here."""
        if self.kind == "$END":
            return "the end of the file"
        return "the end of the line" if self.kind == NEWLINE else _shown(self.at.text)

    @property
    def after(self) -> str:
        """Behind what."""
        if self.before is None or self.before[0] == NEWLINE:
            return ""
        return f" after {_shown(self.before[1].text)}"

    @property
    def glued(self) -> bool:
        """Whether it follows the token before without a space."""
        return self.before is not None and self.before[1].end == self.at.start


def too_large(span: Span) -> Diagnostic:
    """A number that nothing can hold."""
    return Diagnostic(TOO_LARGE, f"this number is beyond the limit of {LARGEST:,}", span)


def too_deep(span: Span, limit: int, what: str = "operators and brackets") -> Diagnostic:
    """Operators and brackets within each other, without an end."""
    message = f"this is nested deeper than the limit of {limit} {what}"
    return Diagnostic(TOO_LARGE, message, span, help="give parts of it a name of their own")


def too_long(at: Span, limit: int) -> Diagnostic:
    """So many words, marks or lines that reading them would take too long."""
    message = f"this file is beyond the limit of {limit:,} words and marks, or lines"
    return Diagnostic(TOO_LARGE, message, at, help="split it into files that import each other")


def too_many(at: Span, limit: int) -> Diagnostic:
    """So many mistakes that no one would read them."""
    message = f"there are more than {limit:,} mistakes; those that follow are not listed"
    return Diagnostic(TOO_LARGE, message, at)


def never_closed(mark: str, at: Span) -> Diagnostic:
    """A bracket or brace without its other half."""
    return Diagnostic(SYNTAX, f"`{mark}` is never closed", at)


def closes_nothing(mark: str, at: Span) -> Diagnostic:
    """The other half of a bracket or brace alone."""
    why = "no `{` is open here" if mark == "}" else "nothing is open here"
    return Diagnostic(SYNTAX, f"`{mark}` closes nothing: {why}", at)


def wrongly_closed(opener: Piece, closer: Piece) -> Diagnostic:
    """A bracket and another one's other half."""
    message = f"`{opener[0]}` can't be closed by `{closer[0]}`"
    return Diagnostic(SYNTAX, message, closer[1], (Label(opener[1], "opened here"),))


def never_opened(before: Piece, instead: Piece) -> Diagnostic:
    """The head of a block without a brace at its end."""
    if instead[0] == "{":
        return Diagnostic(
            SYNTAX, "`{` stands at the end of the line that it belongs to", instead[1]
        )
    found = "the end of the line" if instead[0] == NEWLINE else _shown(instead[1].text)
    message = f"expected `{{` after {_shown(before[1].text)}, found {found}"
    return Diagnostic(SYNTAX, message, _place(instead[0], instead[1], before))


def unexpected(here: Situation) -> Diagnostic:
    """A token that can't stand where it stands."""
    kind, at, before = here.kind, here.at, here.before
    if kind == UNCLOSED:
        hint = 'a text ends with `"` on its own line'
        return Diagnostic(SYNTAX, "this text is never closed", at, help=hint)
    if kind == ILLEGAL:
        return Diagnostic(SYNTAX, f"{_shown(at.text)} means nothing here", at, help=_strange(here))
    if here.opener and (here.opener[0], kind) in (("(", "]"), ("[", ")")):
        return wrongly_closed(here.opener, (kind, at))
    if here.unclosed:
        return never_closed(*here.unclosed)
    if kind in (")", "]") and not here.opener and not here.accepts("NUMBER"):
        return closes_nothing(kind, at)
    if kind == "}" and not here.in_braces:
        return closes_nothing(kind, at)
    if before and before[1].text == "anynet" and here.accepts("NUMBER") and not here.value:
        message = "`anynet` is followed by the edition of the language, as in `anynet 1`"
        return Diagnostic(SYNTAX, message, before[1] if kind == NEWLINE else before[1].to(at))
    if before and before[1].text == "anynet" and not here.accepts("NUMBER"):
        return Diagnostic(SYNTAX, "`anynet 1` stands once, on the first line", before[1].to(at))
    hint = _hint(here)
    if here.value:
        message = f"expected a value{here.after}, found {here.found}"
        return Diagnostic(SYNTAX, message, _place(kind, at, before), help=hint)
    if kind == "COMPARE" and here.accepts("="):
        hint = hint or "a setting is given with `=`"
        return Diagnostic(SYNTAX, f"{here.found} compares two values", at, help=hint)
    if kind == "COMPARE" and here.accepts(NEWLINE):
        hint = "join two comparisons with `and`"
        return Diagnostic(SYNTAX, "only two values can be compared at a time", at, help=hint)
    if kind == "," and not here.in_braces and here.accepts(NEWLINE):
        hint = "write each statement on a line of its own"
        return Diagnostic(SYNTAX, "`,` ends statements only inside braces", at, help=hint)
    message = f"expected {_choices(here)}{here.after}, found {here.found}"
    if _lacks_comma(here):
        return _without_comma(here, message)
    return Diagnostic(SYNTAX, message, _place(kind, at, before), help=hint)


def _lacks_comma(here: Situation) -> bool:
    """Whether another statement begins where one could have ended."""
    ends = here.kind == NAME and here.in_braces and here.accepts(NEWLINE) and here.before
    return bool(ends and _BEGINS.match(here.at.source.text, here.at.end))


def _without_comma(here: Situation, message: str) -> Diagnostic:
    assert here.before is not None
    end = here.before[1].end
    fix = Fix("add a `,`", (Edit(Span(here.at.source, end, end), ","),), safe=True)
    hint = "a `,` parts statements that stand on one line"
    return Diagnostic(SYNTAX, message, here.at, help=hint, fixes=(fix,))


def _strange(here: Situation) -> str:
    text = here.at.text
    if text[0] == ":" and not here.accepts("="):
        return "what belongs to a block stands in `{ }`" if here.accepts("{") else ""
    if text[0] == ":":
        return "a setting is given with `=`"
    ascii_ = "outside comments and texts AnyNet is written in ASCII"
    return _STRANGE.get(text[0], "" if text.isascii() else ascii_)


def _hint(here: Situation) -> str:
    """The way out, where what was meant can be guessed."""
    text, before = here.at.text, here.before
    earlier = here.earlier[0] if here.earlier else ""
    pair = before[1].text + text if before and here.glued else ""
    start = here.at.start
    if pair in _COMMENTS or earlier == "//" or here.at.source.text[start : start + 2] in _COMMENTS:
        return "a comment starts with `#`"
    if pair == "**":
        return "there are no powers; write the product"
    if before and before[0] in ("NUMBER", "SIZE") and here.kind == NAME:
        return _after_number(text, here.glued)
    if here.value:
        if text == ".":
            return "a number starts with a digit: `0.5`"
        return "a list is written `[a, b]`" if text == "{" else ""
    if before and before[0] == "." and earlier == "NUMBER":
        return "a number ends with a digit: `5.0`"
    if before and before[0] == "," and here.kind == earlier == "NUMBER":
        return "a number is written without commas"
    if here.opener and here.opener[0] == "(" and text == ",":
        return "a list is written `[a, b]`, a size `3x224x224`"
    if before and before[1].text == "if":
        return _CHOICE
    if here.accepts("{"):
        if here.first in _FIRST:
            return _FIRST[here.first]
        if here.after_comma and here.kind != "=":
            return "a `,` ends a statement; rules are joined with `and`"
        if not here.accepts("~"):
            return nearest(here.first, ("require", "prefer", "waive", "from"))
        starts_badly = here.opens and here.kind == "NUMBER"
        return "a name starts with a letter" if starts_badly else ""
    if text == "=" and here.first in ("require", "prefer", "waive"):
        return "two values are compared with `==`, `<=`, `>=`, …"
    if here.kind != NAME:
        return ""
    return nearest(text, [word for word in KEYWORDS if here.accepts(word)])


def _after_number(text: str, glued: bool) -> str:
    if text[0] in "xX":
        return "a size is written in one: `3x224x224`"
    if not glued:
        return "a number and its letter stand together: `400M`" if text in "KMGT" else ""
    if text[0] == "_":
        return "a number is written without `_`"
    return "the letters for thousands, millions, … are K, M, G and T"


def _place(kind: str, at: Span, before: Piece | None) -> Span:
    """What is missing at the end of a line is shown right behind what stands there."""
    if kind in (NEWLINE, "$END") and before:
        return Span(at.source, before[1].end, before[1].end + 1)
    return at


def _choices(here: Situation) -> str:
    """What could stand here, from the most to the least likely."""
    accepts = here.accepts
    if accepts("require") and accepts(NAME):
        return "a statement"
    if accepts("else"):
        return "`else`"
    if accepts("=") and accepts("~") and here.kind != NEWLINE:
        return "a name" if here.opens else "`=` or `~`"
    marks = [mark for mark in (")", "]", ",", "=", "~", "{", "import") if accepts(mark)]
    words = [_SPOKEN[kind] for kind in (NAME, "NUMBER", "STRING") if accepts(kind)]
    if accepts(NEWLINE) or (accepts("}") and not marks):
        return "the end of the line, `,` or `}`" if here.in_braces else "the end of the line"
    all_ = words + [f"`{mark}`" for mark in marks] or ["`..`"]
    return " or ".join([", ".join(all_[:-1]), all_[-1]] if len(all_) > 1 else all_)


def _shown(text: str) -> str:
    short = text.strip() or text
    short = short if len(short) <= 20 else short[:20] + "…"
    return f"`{short}`" if short.isprintable() else f"the character {text[0]!a}"
