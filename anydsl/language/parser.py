"""Tokens to a tree, by the tables that Lark made of the grammar; any text at all yields a tree.

Recovery is the classic one of yacc, by statement: what can't be read is replaced by the grammar's
ERROR, and reading goes on at the end of the line, so that one broken line never hides the next.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from anydsl.language import complaints, tree
from anydsl.language.braces import mend, partners
from anydsl.language.builder import Builder
from anydsl.language.diagnostics import Diagnostic
from anydsl.language.doc_comments import doc_comments
from anydsl.language.edition import unknown
from anydsl.language.lexer import ILLEGAL, KEYWORDS, MOST_TOKENS, NAME, NEWLINE, Token, tokens
from anydsl.language.source import Source, Span
from anydsl.language.tables import END, RULES, STATES

DEEPEST = 200
"""How many operators and brackets may stand inside each other."""
DEEPEST_BODY = 100
"""How many bodies in braces may."""
MOST_MISTAKES = 1000
"""How many mistakes are listed."""

_EOF, _ERROR = "$END", "ERROR"
_RULES = ("require", "prefer", "waive")
_LOOK = 200  # how many tokens around a mistake are looked at to tell what was meant
_OPENERS, _CLOSERS = ("(", "[", "{"), (")", "]", "}")
_WORDS = ("not", "and", "or", "in", "if", "else", "COMPARE")
_OPERATORS = frozenset(("+", "-", "*", "/", "//", "%", ".", "->", "..", *_WORDS))


class Parsed(NamedTuple):
    """A file's tree and what could not be read of it.

    Attributes:
        file: the tree.
        diagnostics: what is wrong with the text.
        tokens: how many words and marks it has, at most one more than may be.
    """

    file: tree.File
    diagnostics: list[Diagnostic]
    tokens: int


def parse(source: Source) -> Parsed:
    """Read a source; never raises for any text. Of one with too many tokens nothing is read."""
    found = tokens(source.text, MOST_TOKENS + 1)
    start = found[-1][1] if len(found) > MOST_TOKENS else source.offset(MOST_TOKENS + 1)
    if start < len(source.text):
        at = Span(source, start, start + 1)
        file, _, _ = _Parser(source, []).run()
        return Parsed(file, [complaints.too_long(at, MOST_TOKENS)], MOST_TOKENS + 1)
    parsed = _Parser(source, found).run()
    if parsed.file.edition is not None:
        stranger = unknown(parsed.file.edition)
        if stranger is not None:
            return Parsed(parsed.file.replace(statements=()), [stranger], len(found))
    if parsed.diagnostics:
        mended = _mended(source, found)
        if mended is not None:
            likely, again = mended
            if likely or len(again.diagnostics) <= len(parsed.diagnostics):
                return again
    return parsed


def _mended(source: Source, found: list[Token]) -> tuple[bool, Parsed] | None:
    """Read a text as if its braces matched, and whether that is likely; None where they do."""

    def piece(token: Token) -> complaints.Piece:
        return token[0], Span(source, token[1], token[2])

    mended = mend(source, found)
    if mended is None:
        return None
    file, diagnostics, _ = _Parser(source, mended.tokens).run()
    lines = {source.position(d.at.start)[0] for d in diagnostics}
    found = [token for token in mended.extra if source.position(token[1])[0] not in lines]
    diagnostics += [complaints.closes_nothing(*piece(token)) for token in found]
    diagnostics += [complaints.never_closed(*piece(token)) for token in mended.unclosed]
    diagnostics += [complaints.never_opened(piece(a), piece(b)) for a, b in mended.unopened]
    diagnostics += [complaints.wrongly_closed(piece(a), piece(b)) for a, b in mended.wrong]
    return mended.likely, Parsed(
        file, sorted(diagnostics, key=lambda d: d.at.start), len(mended.tokens)
    )


class _Parser:
    def __init__(self, source: Source, found: list[Token]) -> None:
        self.source = source
        end = len(source.text)
        self.tokens = [*found, (NEWLINE, end, end), (_EOF, end, end)]
        self.docs = doc_comments(source.text)
        self.diagnostics: list[Diagnostic] = []
        self.builder = Builder(source, self.docs)
        self.build: list[Any] = [
            name if name in ("", "_") else getattr(self.builder, name) for _, _, name, _ in RULES
        ]
        self.states = [0]
        self.values: list[Any] = []  # of each state past the first: its value and where it stands
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.open: list[int] = []  # ( and [ that are open, as places in tokens
        self.braces: list[int] = []  # { likewise
        self.depth = 0
        self.depths: list[int] = []  # the depth outside each of open and braces
        self.resumed = -1  # where the last recovery went on
        self.partners: dict[int, int] | None = None

    def run(self) -> Parsed:
        place = 1 if self.tokens[0][0] == NEWLINE and len(self.tokens) > 2 else 0
        while True:
            kind, start, end = self.tokens[place]
            if kind == NEWLINE and (self.open or self._joined(place)):
                place += 1
                continue
            if kind in KEYWORDS and not self._accepts(kind):
                kind = NAME
            if kind == "{" and len(self.braces) >= DEEPEST_BODY:
                place = self._skip_body(place)
                continue
            if self.depth > DEEPEST or not self._feed(kind, start, end):
                place = self._recover(place)
                continue
            if kind == _EOF:
                break
            self._track(kind, place)
            place += 1
        for span in self.builder.too_large[:MOST_MISTAKES]:
            self.diagnostics.append(complaints.too_large(span))
        self.diagnostics.sort(key=lambda d: d.at.start)
        return Parsed(self.values[-1], self.diagnostics, len(self.tokens))

    # ------------------------------------------------------------------------- the automaton

    def _feed(self, kind: str, start: int, end: int) -> bool:
        """Take one token; False, with nothing taken, if it can't stand here."""
        states = self.states
        if kind not in STATES[states[-1]][0] or not self._accepts(kind):
            return False
        while True:
            action = STATES[states[-1]][0].get(kind, 0)
            if action >= 0:
                break
            self._reduce(~action)
            if kind == _EOF and states[-1] == END:
                return True
        states.append(action)
        self.values.append(Span(self.source, start, end))
        self.starts.append(start)
        self.ends.append(end)
        return True

    def _reduce(self, number: int) -> None:
        origin, length, _, keep = RULES[number]
        build = self.build[number]
        states, values, starts, ends = self.states, self.values, self.starts, self.ends
        if build == "":
            states[-1] = STATES[states[-2]][1][origin]
            return
        kids: list[Any] = []
        if length:
            start, end = starts[-length], ends[-1]
            first = len(values) - length
            if build == "_" and type(values[first]) is list:
                kids, keep = values[first], keep[1:]  # a list that grows
            for kept in keep:
                value = values[first + kept]
                if type(value) is list:
                    kids += value
                else:
                    kids.append(value)
            del states[-length:], values[-length:], starts[-length:], ends[-length:]
        else:
            start = end = ends[-1] if ends else 0
        states.append(STATES[states[-1]][1][origin])
        values.append(kids if build == "_" else build(kids, Span(self.source, start, end)))
        starts.append(start)
        ends.append(end)

    def _accepts(self, kind: str) -> bool:
        """Whether a token can stand here; an LALR table alone finds out after it has reduced."""
        states = self.states
        action = STATES[states[-1]][0].get(kind)
        if action is None or action >= 0:
            return action is not None
        states = states.copy()
        while action is not None and action < 0:
            origin, length, _, _ = RULES[~action]
            if length:
                del states[-length:]
            states.append(STATES[states[-1]][1][origin])
            if kind == _EOF and states[-1] == END:
                return True
            action = STATES[states[-1]][0].get(kind)
        return action is not None

    def _track(self, kind: str, place: int) -> None:
        """Keep count of the brackets that are open and of how deep things nest."""
        if kind in _OPENERS:
            (self.braces if kind == "{" else self.open).append(place)
            self.depths.append(self.depth)
            self.depth += 1
        elif kind in _CLOSERS:
            (self.braces if kind == "}" else self.open).pop()
            self.depth = self.depths.pop()
        elif kind in (",", NEWLINE):
            self.depth = self.depths[-1] + 1 if self.depths else 0
        elif kind in _OPERATORS:
            self.depth += 1

    # --------------------------------------------------------------------------- recovery

    def _recover(self, place: int) -> int:
        """Say what is wrong, put ERROR for what can't be read, return where to go on."""
        kind = self.tokens[place][0]
        never_closed = bool(self.open) and self._partner(self.open[0]) is None
        if place != self.resumed and len(self.diagnostics) <= MOST_MISTAKES:
            self._complain(place, never_closed)
        if kind == _EOF and not self.open:
            return self._finish(place)

        begin = self.tokens[place][1]
        whole = not self.open and self.depth <= DEEPEST and self._accepts(NEWLINE)
        if whole and (apart := self._apart(place)):
            self._feed(NEWLINE, begin, begin)  # only what ends the statement is missing or wrong
            self.depth = self.depths[-1] + 1 if self.depths else 0
            return place + apart - 1
        resume = self._resume(self.open[0] if self.open else place, never_closed)
        if kind == "{" and self._accepts("NUMBER"):  # braces where a value belongs
            resume = self._past_body(place) or resume
        first = self._begin(place)
        if whole and (first == place or self.tokens[first][0] not in _RULES):
            self._feed(NEWLINE, begin, begin)  # what stands before can do without the rest
        self._replace(begin, resume)
        return resume

    def _replace(self, begin: int, resume: int) -> None:
        """Put ERROR for the statement that is being read."""
        while not self._accepts(_ERROR):
            self.states.pop()
            self.values.pop()
            self.ends.pop()
            begin = self.starts.pop()
        self._feed(_ERROR, begin, max(begin, self.tokens[resume][1]))
        self.open.clear()
        del self.depths[len(self.braces) :]
        self.depth = self.depths[-1] + 1 if self.depths else 0
        self.resumed = resume

    def _skip_body(self, place: int) -> int:
        """Pass over a body that is nested too deep, and all that is in it."""
        _, begin, end = self.tokens[place]
        span = Span(self.source, begin, end)
        self._add(complaints.too_deep(span, DEEPEST_BODY, "bodies in braces"))
        inside = 0
        while self.tokens[place][0] != _EOF:
            inside += {"{": 1, "}": -1}.get(self.tokens[place][0], 0)
            place += 1
            if not inside:
                break
        self._replace(begin, place)
        return place

    def _apart(self, place: int) -> int:
        """1 where the next statement begins here, 2 where it does behind a `;`, else 0."""
        kind, start, _ = self.tokens[place]
        if kind == ILLEGAL and self.source.text[start] == ";":
            return 2
        named = kind == NAME or kind in KEYWORDS
        return int(named and self.tokens[place + 1][0] in ("=", "~"))

    def _past_body(self, place: int) -> int | None:
        """Behind a short body on one line."""
        inside = 0
        for here in range(place, min(place + _LOOK, len(self.tokens))):
            inside += {"{": 1, "}": -1}.get(self.tokens[here][0], 0)
            if not inside:
                return here + 1
            if self.tokens[here][0] == NEWLINE:
                break
        return None

    def _resume(self, place: int, never_closed: bool) -> int:
        """The first token at or after a place that can follow a broken statement."""
        stops = [NEWLINE, "{"]
        if self.braces:
            stops += ["}"] if never_closed else ["}", ","]
        while True:
            kind = self.tokens[place][0]
            if kind == _EOF:
                return place
            if kind in ("(", "[") and not never_closed:
                place = self._partner(place) or place
            elif kind in stops and not self._joined(place):
                return place
            place += 1

    def _joined(self, place: int) -> bool:
        """Whether a statement goes on with `->` behind the end of a line."""
        return self.tokens[place][0] == NEWLINE and self.tokens[place + 1][0] == "->"

    def _finish(self, place: int) -> int:
        """Close, at the end of the file, all that is still open."""
        end = len(self.source.text)
        self.tokens[place:place] = [("}", end, end)] * len(self.braces) + [(NEWLINE, end, end)]
        self.resumed = place
        return place

    def _partner(self, place: int) -> int | None:
        """The bracket that closes one; braces end what is open."""
        if self.partners is None:
            self.partners = partners(self.tokens)
        return self.partners.get(place)

    def _complain(self, place: int, never_closed: bool) -> None:
        """Say of a token that it can't stand where it stands."""
        kind, start, end = self.tokens[place]
        at = Span(self.source, start, end)
        if self.depth > DEEPEST:
            self._add(complaints.too_deep(at, DEEPEST))
            return
        unclosed = None
        if never_closed:
            unclosed = self._piece(self.open[0])
        elif kind == _EOF and self.braces:
            unclosed = self._piece(self._unclosed_brace())
        begin = self._begin(place)
        first = self._piece(begin)[1].text if begin < place else ""
        ahead = place
        while self.tokens[ahead][0] not in (NEWLINE, _EOF, "{") and ahead < place + _LOOK:
            ahead += 1
        situation = complaints.Situation(
            kind,
            at,
            self._piece(place - 1) if place else None,
            self._piece(place - 2) if place > 1 else None,
            first if first.isidentifier() else "",
            begin > 0 and self.tokens[begin - 1][0] == ",",
            self._piece(self.open[-1]) if self.open else None,
            unclosed,
            self.tokens[ahead][0] == "{",
            bool(self.braces),
            self._accepts,
        )
        self._add(complaints.unexpected(situation))

    def _add(self, diagnostic: Diagnostic) -> None:
        if len(self.diagnostics) < MOST_MISTAKES:
            self.diagnostics.append(diagnostic)
        elif len(self.diagnostics) == MOST_MISTAKES:
            self.diagnostics.append(complaints.too_many(diagnostic.at, MOST_MISTAKES))

    def _piece(self, place: int) -> complaints.Piece:
        kind, start, end = self.tokens[place]
        return kind, Span(self.source, start, end)

    def _begin(self, place: int) -> int:
        """The first token of the statement that a token stands in."""
        place = self.open[0] if self.open else place
        inside = 0
        for _ in range(min(place, _LOOK)):
            kind = self.tokens[place - 1][0]
            inside += {")": 1, "]": 1, "(": -1, "[": -1}.get(kind, 0)
            if kind in ("{", "}") or (inside <= 0 and kind in (NEWLINE, ",")):
                break
            place -= 1
        return place

    def _unclosed_brace(self) -> int:
        """Of the open braces at the end of the file, the one whose line is indented deepest."""

        def indent(place: int) -> int:
            line = self.source.line(self.source.position(self.tokens[place][1])[0])
            return len(line) - len(line.lstrip())

        return max(self.braces, key=indent)
