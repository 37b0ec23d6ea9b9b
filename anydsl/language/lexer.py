"""Text to tokens: one regular expression, made from the terminals of the grammar."""

from __future__ import annotations

import re
import sys

from anydsl.language.tables import KEYWORDS, PATTERNS, PUNCTUATION

Token = tuple[str, int, int]
"""The terminal's name (of keywords and punctuation the text itself), its start and its end."""

NEWLINE, NAME, UNCLOSED, ILLEGAL = "_NL", "NAME", "UNCLOSED", "ILLEGAL"

MOST_TOKENS = 350_000
"""How many words and marks a file may have, and how many lines."""

_SKIPPED = ("COMMENT", "SPACE")
_MASTER = re.compile(
    "|".join(
        [f"(?P<{name}>{pattern})" for name, pattern in PATTERNS.items()]
        + [
            "(?P<MARK>" + "|".join(map(re.escape, PUNCTUATION)) + ")",
            f'(?P<{UNCLOSED}>"[^\\r\\n]*)',
            f"(?P<{ILLEGAL}>(?s:.))",
        ]
    )
)
_COMMENT = re.compile(f"{PATTERNS['STRING']}|(?P<COMMENT>{PATTERNS['COMMENT']})")


def tokens(text: str, most: int | None = None) -> list[Token]:
    """Cut a text into tokens, without spaces, comments and blank lines; any text can be cut.

    What no terminal matches comes as `UNCLOSED` (a text without its second quote) and `ILLEGAL`.

    Args:
        text: what is cut.
        most: how many tokens are wanted; of a longer text no more than these come.
    """
    found: list[Token] = []
    start = 1 if text.startswith("\ufeff") else 0
    limit = sys.maxsize if most is None else most
    for match in _MASTER.finditer(text, start):
        kind = match.lastgroup
        assert kind is not None
        if kind in _SKIPPED:
            continue
        if len(found) >= limit:
            break
        start, end = match.span()
        if kind == NAME:
            word = match[0]
            found.append((word if word in KEYWORDS else NAME, start, end))
        elif kind == "MARK":
            found.append((match[0], start, end))
        elif kind == NEWLINE and found and found[-1][0] == NEWLINE:
            continue  # blank lines and lines of comments say nothing
        elif kind == ILLEGAL and found and found[-1][0] == ILLEGAL and found[-1][2] == start:
            found[-1] = (ILLEGAL, found[-1][1], end)
        else:
            found.append((kind, start, end))
    return found


def comments(text: str) -> list[tuple[int, int]]:
    """The start and end of every comment."""
    return [m.span() for m in _COMMENT.finditer(text) if m.lastgroup == "COMMENT"]
