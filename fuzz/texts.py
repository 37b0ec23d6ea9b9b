"""Texts that may break something: those that the grammar writes, and known specs with changes.

Both are strategies of Hypothesis, so that a finding shrinks by itself: to fewer statements, fewer
lines of the known spec, fewer changes.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from hypothesis.strategies import DrawFn, SearchStrategy
from lark import Lark
from lark.lexer import PatternStr

ROOT = Path(__file__).parents[1]
GRAMMAR = ROOT / "grammar" / "anynet.lark"
LARGEST = 6000

_WRITTEN = re.compile(r"^```anynet.*?\n(.*?)^```", re.M | re.S)


def _read(folder: str, pattern: str) -> list[str]:
    paths = sorted((ROOT / folder).rglob(pattern))
    return [path.read_bytes().decode("utf-8", "replace") for path in paths]


SOUND = [
    *_read("specs", "*.anynet"),
    *(block for page in _read("docs", "*.md") for block in _WRITTEN.findall(page)),
]
_CODE = re.sub(r'#.*|"[^"\n]*"', "", "\n".join(SOUND))
WORDS = sorted(set(re.findall(r"[A-Za-z_]\w*", _CODE)))
KNOWN = [text for text in [*SOUND, *_read("tests/cases", "*.anynet")] if len(text) <= LARGEST]
"""The specs that ship, those of the docs, and those of tests, which are wrong and hostile."""

_SOUND = [text for text in SOUND if "\nnet " in text and len(text) <= 1500]
_SPACES = [text for text in KNOWN if "\nspace " in text]

NUMBERS = [
    *("0", "1", "2", "3", "4", "7", "8", "16", "24", "0.5", "1/4", "-1", "1e-9", "1e30", "400M"),
    *("9223372036854775807", "9223372036854775808", "1e999999", "0.1", "1048577", "3x32x32", "0x0"),
    *("1..4", "8..64 step 8", "[1, 2]", "[]", "true", "1..0", "1e-400", "99999999999999999999x1"),
]
MARKS = [
    *("{", "}", "(", ")", "[", "]", '"', "#", "##", ",", "=", "~", "->", "..", ".", "+", "-", "*"),
    *("/", "//", "%", "<=", "==", ";", "$", "!", "'", "\\", "\n", "\r\n", "\r", " ", "\t", "\f"),
    *("\0", "\ufeff", "\u2028", "\u202e", "\xe9", "\U0001f9ea"),
]
PIECES = [*MARKS, *NUMBERS, *WORDS]
"""What is typed into a text."""

# Where a rule only passes a value on, most texts take the short way to a value that ends: with even
# odds for each rule, expressions would grow without end.
_PASSES_ON = re.compile(r"^(\?(?!atom)\w+ +: )(\w+)$", re.M)
_ENDS = [f"_END{n}" for n in range(8)]
_SHORT = "".join(f" | atom {end}" for end in _ENDS)
_IGNORES = re.compile(r"^%ignore .*\n", re.M)
_EXPLICIT: dict[str, SearchStrategy[str]] = {
    **dict.fromkeys(_ENDS, st.just(" ")),
    "ERROR": st.sampled_from(["= =", "a b c", "(", "net", "1 2", "~"]),
    "NAME": st.sampled_from(WORDS).map(lambda word: f" {word} "),
    "NUMBER": st.sampled_from([n for n in NUMBERS if re.fullmatch(r"[\d.eM]+", n)]),
    "SIZE": st.sampled_from(["3x32x32", "1x8x8", "0x0", "2x2x2x2"]),
    "STRING": st.sampled_from(['"x.anynet"', '"std:regnet/regnetx"', '""', '"# \U0001f9ea"']),
    "_NL": st.sampled_from(["\n", "\n\n", "\r\n", "\n# c\n", "\n## d\n", "\r"]),
}


@cache
def written(start: str = "file") -> SearchStrategy[str]:
    """Texts that the grammar can make of a rule, of words that specs are made of."""
    text = _IGNORES.sub("", GRAMMAR.read_text(encoding="utf-8"))
    text = f"%declare {' '.join(_ENDS)}\n" + _PASSES_ON.sub(lambda rule: rule[0] + _SHORT, text)
    lark = Lark(text, parser="earley", lexer="basic", start=start)
    terminals = {symbol.name for rule in lark.rules for symbol in rule.expansion}
    explicit = {name: word for name, word in _EXPLICIT.items() if name in terminals}
    for terminal in lark.terminals:
        if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isalpha():
            explicit[terminal.name] = st.just(f" {terminal.pattern.value} ")
    return from_lark(lark, start=start, explicit=explicit)


@cache
def _new() -> SearchStrategy[str]:
    """What may stand in the place of any piece."""
    rare = st.sampled_from(MARKS) | st.just("") | written("expr") | st.text(max_size=3)
    return st.sampled_from(WORDS) | st.sampled_from(NUMBERS) | rare


@st.composite
def changed(draw: DrawFn) -> str:
    """A known spec that may lack some lines, has others, and in which some pieces are others."""
    base = st.sampled_from(_SOUND) | st.sampled_from(_SPACES) | st.sampled_from(KNOWN)
    lines = draw(base).splitlines(keepends=True)
    kept = draw(st.binary(min_size=len(lines), max_size=len(lines)))  # 0, a line less, is simplest
    lines = [line for line, byte in zip(lines, kept, strict=True) if byte]
    if draw(st.sampled_from([False, False, True])):
        lines.insert(draw(st.integers(0, len(lines))), draw(written("_statement")) + "\n")
    pieces = re.findall(r"\d[\w.]*|\w+|\s+|.", "".join(lines), re.S)
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 2, 4]))):
        values = [at for at, piece in enumerate(pieces) if piece[:1].isalnum()]
        at = draw(st.sampled_from([*values, *values, *range(len(pieces) + 1)]))
        digit = "".join(pieces[at : at + 1])[:1].isdecimal()
        alike = [pieces[v] for v in values if pieces[v][0].isdecimal() == digit]
        new = st.sampled_from(alike or WORDS)
        end = at + draw(st.sampled_from([1, 1, 1, 1, 1, 0, 2, 7]))
        pieces[at:end] = [draw(new | new | _new())]
    return "".join(pieces)


def texts() -> SearchStrategy[str]:
    """Both, and any text at all."""
    return st.one_of(changed(), changed(), written(), st.text())
