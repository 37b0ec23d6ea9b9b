"""Places on the wire: lines as the protocol ends them, letters as the client counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from anydsl.language.source import Source
from anydsl.lsp import positions
from anydsl.lsp.documents import Documents

TEXTS = st.text(st.sampled_from("a é🧪\n\r\u2028\f\0"), max_size=30)
CODECS = [PositionCodec(kind) for kind in types.PositionEncodingKind]


@given(text=TEXTS, codec=st.sampled_from(CODECS), data=st.data())
def test_there_and_back(text: str, codec: PositionCodec, data: st.DataObject) -> None:
    source = Source("x", text)
    offset = data.draw(st.integers(0, len(text)))
    at = positions.position(codec, source, offset)
    inside_end = offset and text[offset - 1 : offset + 1] == "\r\n"
    assert positions.offset(codec, source, at) == (offset - 1 if inside_end else offset)


@pytest.mark.parametrize(
    ("offset", "line", "character"),
    [(0, 0, 0), (3, 0, 4), (4, 1, 0), (6, 1, 3), (8, 2, 0), (9, 3, 0), (11, 3, 2)],
)
def test_utf16(offset: int, line: int, character: int) -> None:
    source = Source("x", "a🧪b\n🧪\u2028\r\n\ra\f🧪")
    codec = PositionCodec()
    assert positions.position(codec, source, offset) == types.Position(line, character)


@pytest.mark.parametrize(
    ("line", "character", "offset"), [(0, 99, 2), (7, 0, 5), (1, 1, 4), (0, 0, 0)]
)
def test_places_that_are_not_there(line: int, character: int, offset: int) -> None:
    """Beyond the end of a line its end; between the halves of a letter the letter's end."""
    source = Source("x", "ab\n🧪z")
    assert positions.offset(PositionCodec(), source, types.Position(line, character)) == offset


@given(text=TEXTS, new=TEXTS, data=st.data())
def test_changes_of_a_part(text: str, new: str, data: st.DataObject) -> None:
    documents = Documents()
    documents.put("untitled:x", text, 1)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
        return  # no place on the wire
    source = Source("x", text)
    codec = documents.codec
    at = types.Range(
        positions.position(codec, source, start), positions.position(codec, source, end)
    )
    documents.change("untitled:x", [types.TextDocumentContentChangePartial(at, new)], 2)
    assert documents.open["untitled:x"].text == text[:start] + new + text[end:]
