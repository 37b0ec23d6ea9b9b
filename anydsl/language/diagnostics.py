"""Findings as values: what is wrong, where, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from anydsl.language.record import Record
from anydsl.language.source import Span

MOST_WORDS = 5000
"""Among how many words one that is meant is looked for."""

SPELLING = re.compile(r"did you mean `(\w+)`\?")
"""What `nearest` says, where what it offers is one word."""

ERROR, WARNING, NOTE = "error", "warning", "note"


_UNSEEN = (
    {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: 0x2421}
    | dict.fromkeys((*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F), 0xFFFD)
    | dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD)
)
"""What commands a terminal or turns its writing around, and a sign in the place of each."""


def visible(text: str) -> str:
    """A text of a stranger for the terminal: as long as before, with signs for control characters.

    A line can neither colour, move nor retitle what is around it, nor show letters in another
    order (https://trojansource.codes).
    """
    return text.translate(_UNSEEN)


class Kind(Record):
    """A sort of finding.

    Attributes:
        severity: how grave it is where nothing else is said.
        page: what there is to say of it, in Markdown; the first line is a sentence.
        fix: `safe` or `unsafe`, as the fixes of its findings are; empty where they have none.
        on: whether it is reported where nobody selects anything.
    """

    name: str
    code: str
    severity: str
    page: str
    fix: str = ""
    on: bool = True


class Label(Record):
    """A second place that a finding speaks of, and what is there."""

    at: Span
    message: str


class Edit(Record):
    """Replace what stands at a span."""

    at: Span
    text: str


class Fix(Record):
    """A way to mend a finding; safe if the network stays the same."""

    message: str
    edits: tuple[Edit, ...]
    safe: bool = False


class Diagnostic(Record):
    """One finding, at the narrowest place that is to blame."""

    kind: Kind
    message: str
    at: Span
    labels: tuple[Label, ...] = ()
    help: str = ""
    fixes: tuple[Fix, ...] = ()
    severity: str = ""

    @property
    def level(self) -> str:
        """How grave this finding is: its own severity, else that of its kind."""
        return self.severity or self.kind.severity

    @property
    def position(self) -> tuple[str, int, int]:
        """Path, line and column, for sorting and printing."""
        return (self.at.source.path, *self.at.source.position(self.at.start))

    def concise(self) -> str:
        """The finding in one line: `path:line:column: severity[name] message`."""
        path, line, column = self.position
        return f"{path}:{line}:{column}: {self.level}[{self.kind.name}] {self.message}"


class Fault(Exception):
    """Ends the resolving of one value; whoever resolves the next one catches and collects it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean `…`?`` for a misspelt word, or an empty text."""
    from difflib import get_close_matches

    letters = set(word.lower())
    words = sorted(
        other
        for other in islice(known, MOST_WORDS)
        if abs(len(other) - len(word)) <= max(2, len(word))
        and len(letters & set(other)) * 2 >= len(letters)
    )
    close = get_close_matches(word, words, 1, 0.5) or get_close_matches(word.lower(), words, 1, 0.5)
    return f"did you mean `{close[0]}`?" if close else ""
