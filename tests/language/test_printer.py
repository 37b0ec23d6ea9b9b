"""The formatter: tokens and comments kept, stable, and what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from anydsl.design.modules import shipped
from anydsl.language.lexer import comments, tokens
from anydsl.language.parser import parse
from anydsl.language.printer import format_text
from anydsl.language.source import Source
from tests.strategies import networks

SPECS = sorted(Path(shipped()).rglob("*.anynet"))

CASES = [
    ("anynet 1\nnet  A{input=1x8x8}\n", "anynet 1\n\nnet A { input = 1x8x8 }\n"),
    ("anynet 1\n\n\n\na=1 # x\nbb=2   # y", "anynet 1\n\na = 1   # x\nbb = 2  # y\n"),
    (
        "anynet 1\nblock a(w){\nmain=x\n->conv(w,k=1)\nout=main}",
        "anynet 1\n\nblock a(w) {\n  main = x\n    -> conv(w, k = 1)\n  out = main }\n",
    ),
    ("anynet 1\na = - 1\nb = 1/4\nc = 2 - -1\n", "anynet 1\n\na = -1\nb = 1/4\nc = 2 - -1\n"),
    ("anynet 1\r\na=1\r\n", "anynet 1\r\n\r\na = 1\r\n"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_cases(text: str, expected: str) -> None:
    assert format_text(text) == expected
    assert format_text(expected) == expected


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_shipped_specs_format_to_themselves(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_text(text) == text


def said(text: str) -> tuple[list[str], list[str]]:
    words = [text[a:b] for kind, a, b in tokens(text) if kind != "_NL"]
    return words, [text[a:b].rstrip() for a, b in comments(text)]


@given(networks())
def test_random_specs(text: str) -> None:
    formatted = format_text(text)
    assert said(formatted) == said(text)
    assert format_text(formatted) == formatted
    before, after = parse(Source("a", text)), parse(Source("a", formatted))
    assert before.file.statements == after.file.statements
