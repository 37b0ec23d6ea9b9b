"""What stands around a place, also in text that is half-written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.language.cursor import Call, Cursor, Frame, cursor
from anydsl.language.lexer import tokens


def at(marked: str) -> Cursor:
    """Look around the place of the mark."""
    before, _, after = marked.partition("|")
    return cursor(before + after, tokens(before + after), len(before))


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("ne|t A {}", []),
        ("net A extends B { |", [Frame("net", "A", "B")]),
        (
            "net A { body { stage s1 { d = |",
            [Frame("net", "A"), Frame("body", ""), Frame("stage", "s1")],
        ),
        (
            "net A { body { stage s[1..4] { |",
            [Frame("net", "A"), Frame("body", ""), Frame("stage", "s")],
        ),
        ("net A { stem { w = 1 } |", [Frame("net", "A")]),
        ("block b(w, s = 1) {\n  |", [Frame("block", "b")]),
        (
            "net A { body { act = bn(eps\n stage s1 { |",
            [Frame("net", "A"), Frame("body", ""), Frame("stage", "s1")],
        ),
    ],
)
def test_frames(text: str, frames: list[Frame]) -> None:
    assert list(at(text).frames) == frames


@pytest.mark.parametrize(
    ("text", "key", "begins", "last", "word"),
    [
        ("net A { w = 1, b| }", "", "", "", "b"),
        ("net A { w = 1, block = res|net }", "block", "block", "=", "resnet"),
        ("net A { d ~ |", "d", "d", "~", ""),
        ("block b() { out = x\n  -> co|nv", "out", "out", "->", "conv"),
        ("net A { waive sha|red(b)", "", "waive", "waive", "shared"),
        ("net A ext|ends B", "", "net", "NAME", "extends"),
        ("w = 16|\n", "w", "w", "=", "16"),
        ("w = 1\n|v = 2", "", "", "", "v"),
    ],
)
def test_statements(text: str, key: str, begins: str, last: str, word: str) -> None:
    found = at(text)
    assert (found.key, found.begins, found.last, found.text) == (key, begins, last, word)


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("a = conv(|", [Call("conv", 0, "", ())]),
        ("a = conv(8, k = |", [Call("conv", 1, "k", ())]),
        ("a = conv(8, k = 3, s|", [Call("conv", 2, "", ("k",))]),
        ("a = when(s > 1, conv(8|", [Call("when", 1, "", ()), Call("conv", 0, "", ())]),
        ("a = f(g(1, 2), |", [Call("f", 1, "", ())]),
        ("a = (1 + |", [Call("", 0, "", ())]),
        ("a = f(1) |", []),
    ],
)
def test_calls(text: str, calls: list[Call]) -> None:
    assert list(at(text).calls) == calls


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a = 1 # co|mment", "COMMENT"),
        ('a = "# no|t one"', "STRING"),
        ('from "pa|', "UNCLOSED"),
        ("# one\n|a = 1", "NAME"),
        ("# one|\na = 1", "COMMENT"),
        ("|# one", ""),
    ],
)
def test_comments_and_texts(text: str, kind: str) -> None:
    assert at(text).kind == kind


@given(
    st.lists(
        st.sampled_from(["net", " ", "{", "}", "(", ")", ",", "=", '"', "#", "\n", "->", "🧪"])
    ),
    st.data(),
)
def test_any_text(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    offset = data.draw(st.integers(0, len(text)))
    found = cursor(text, tokens(text), offset)
    assert found.start <= offset <= found.end
    assert found.text == text[found.start : found.end]
