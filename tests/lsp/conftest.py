"""One server for the tests of a file, driven as an editor does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import pytest_lsp
from lsprotocol import types

from tests.lsp.editor import CONFIG, Client, Editor, capabilities

MAIN = """anynet 1

# 🧪 beyond the basic plane 🧪
from "parts/mine.anynet" import fancy, wide

base = 16

## 🦆 Two stages.
net First {
  input = 3x32x32  # 🖼️
  stem { w = base }
  body {
    block = fancy
    ratio = 2
    stage s1 { d = 1, w = base }
    stage s2 { d = 2, w = wide }
  }
  head { classes = 10 }

  require depth <= 9 because "🎯🎯", require params <= base * 10K
}

net Second extends First {
  body { stage s2 { d = 3 } }
}

recipe quick { data = cifar10(resize = 32x32), epochs = 2 }
"""
MINE = """anynet 1

wide = 48

## Mine, with 🧱.
block fancy(w, s = 1, ratio = 1, act = relu) {
  inner = w / ratio
  out = x -> conv(inner, k = 1) -> bn -> act -> conv(w, k = 3, s = s) -> bn -> act
}
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace: a spec with astral letters, and one that it imports."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "parts").mkdir()
    (folder / "main.anynet").write_text(MAIN, encoding="utf-8")
    (folder / "parts" / "mine.anynet").write_text(MINE, encoding="utf-8")
    return folder


@pytest_lsp.fixture(config=CONFIG, scope="session")
async def client(lsp_client: Client, folder: Path) -> AsyncIterator[None]:
    """A session with the server."""
    result = await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities(),
            workspace_folders=[types.WorkspaceFolder(folder.as_uri(), "specs")],
        )
    )
    lsp_client.offered = result.capabilities
    yield
    await lsp_client.shutdown_session()


@pytest_asyncio.fixture(loop_scope="session")
async def main(client: Client, folder: Path) -> Editor:
    """The spec with astral letters, opened."""
    editor = Editor(client, folder / "main.anynet")
    assert await editor.open(MAIN) == []
    return editor
