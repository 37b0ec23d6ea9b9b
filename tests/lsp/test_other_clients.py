"""Clients that count otherwise than VS Code, or can do more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types

from anydsl.lsp.actions import actions
from anydsl.lsp.server import build
from tests.lsp.editor import CONFIG, Client, Editor, capabilities

TEXT = """anynet 1

net Falling {
  input = 3x32x32
  body {
    block = resnext, g = 8, stage s1 { d = 1, w = 32 }, stage s2 { d = 1, w = 16 }  # 🧪
  }

  require depth <= 9 because "🎯🎯", prefer stages <= "🎯"
}
"""
FALLING = TEXT.replace(', prefer stages <= "🎯"', "")


@pytest_lsp.fixture(config=CONFIG, scope="session")
async def other(lsp_client: Client) -> AsyncIterator[None]:
    """A client that counts code points, and types over what an action wrote."""
    able = capabilities()
    assert able.general is not None
    assert able.workspace is not None
    able.general.position_encodings = [types.PositionEncodingKind.Utf32]
    able.workspace.workspace_edit = types.WorkspaceEditClientCapabilities(
        document_changes=True, snippet_edit_support=True
    )
    result = await lsp_client.initialize_session(types.InitializeParams(capabilities=able))
    lsp_client.offered = result.capabilities
    yield
    await lsp_client.shutdown_session()


@pytest.mark.asyncio(loop_scope="session")
async def test_code_points(other: Client, tmp_path: Path) -> None:
    assert other.offered.position_encoding == "utf-32"
    spec = Editor(other, tmp_path / "falling.anynet")
    found = await spec.open(TEXT)
    wrong = next(d for d in found if d.code == "wrong_value")
    line = TEXT.splitlines()[wrong.range.start.line]
    assert line[wrong.range.start.character : wrong.range.end.character] == '"🎯"'
    await spec.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_snippet_for_the_reason(other: Client, tmp_path: Path) -> None:
    spec = Editor(other, tmp_path / "falling.anynet")
    (found,) = await spec.open(FALLING)
    (action,) = [a for a in await spec.actions(found.range) if a.title.startswith("Waive")]
    assert action.edit is not None
    assert action.edit.document_changes is not None
    (change,) = action.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == spec.version
    (edit,) = change.edits
    assert isinstance(edit, types.SnippetTextEdit)
    assert edit.snippet.value == '\n  waive nondecreasing(w) because "${1:why}"'
    assert edit.range.start == edit.range.end
    line = FALLING.splitlines()[edit.range.start.line]
    assert line == '  require depth <= 9 because "🎯🎯"'
    assert edit.range.start.character == len(line)
    await spec.close()


def test_the_extension_selects_the_reason(tmp_path: Path) -> None:
    """In this process: pygls' client takes an action that has a command for a bare command."""
    server = build()
    server.protocol.client_capabilities = capabilities()
    server.commands = ("anydsl.selectReason",)
    uri = (tmp_path / "falling.anynet").as_uri()
    server.documents.put(uri, FALLING.replace("\n", "\r\n"), 1)
    at = types.Range(types.Position(5, 0), types.Position(5, 80))
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(uri), at, types.CodeActionContext([])
    )
    (action,) = [a for a in actions(server, params) if a.title.startswith("Waive")]
    assert action.edit is not None
    assert action.edit.changes is not None
    (edit,) = action.edit.changes[uri]
    assert edit.new_text == '\r\n  waive nondecreasing(w) because "why"'
    assert action.command is not None
    assert action.command.command == "anydsl.selectReason"
    assert action.command.arguments is not None
    said, where = action.command.arguments
    assert said == uri
    line = edit.new_text.splitlines()[where.start.line - edit.range.start.line]
    assert line[where.start.character : where.end.character] == "why"
