"""docs/editors.md shows the hints and lenses that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp.editor import ROOT, Client, Editor

PAGE = ROOT / "docs" / "editors.md"
GAP = 2


@pytest.mark.asyncio(loop_scope="session")
async def test_hints_of_the_page(
    client: Client, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    spec = re.search(r"```anynet hints\.anynet\n(.*?)```", page, re.S)
    shown = re.search(r"```text\n(.*?)```", page, re.S)
    assert spec is not None
    assert shown is not None
    editor = Editor(client, tmp_path / "hints.anynet")
    assert await editor.open(spec[1]) == []
    hints = await editor.hints()
    lenses = await client.text_document_code_lens_async(types.CodeLensParams(editor.it))
    titles: dict[int, list[str]] = {}
    for lens in lenses or ():
        assert lens.command is not None
        titles.setdefault(lens.range.start.line + 1, []).append(lens.command.title)
    made: list[str] = []
    for net in re.split(r"(?<=^}\n)\n", spec[1].removeprefix("anynet 1\n\n"), flags=re.M):
        first = spec[1][: spec[1].index(net)].count("\n") + 1
        lines = dict(enumerate(net.splitlines(), first))
        widest = max(len(lines[n]) for n in lines if n in hints)
        made.append(" | ".join(titles[first]))
        for n, line in lines.items():
            made.append(line.ljust(widest + GAP) + hints[n] if n in hints else line)
        made.append("")
    text = "\n".join(made)
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page.replace(shown[1], text), encoding="utf-8")
    else:
        assert shown[1] == text
    await editor.close()
