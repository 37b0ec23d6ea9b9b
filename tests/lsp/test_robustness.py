"""Nothing that one types takes the server down, and it never loads what it does not need."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from anydsl.checker.engine import check_module
from anydsl.cli import main
from anydsl.design.modules import Library
from tests.lsp.editor import ROOT, Client, Editor, utf16

EDITS = 500
PIECES = [
    *("{", "}", "(", ")", "[", "]", '"', "#", "##", ",", "=", "~", "->", "..", "\n", "\r\n", " "),
    *("net", "space", "block", "stage", "stages", "extends", "from", "import", "waive", "require"),
    *("because", "w", "d", "g", "1", "0", "3x32x32", "10K", "x", "🧪", "é", "\u2028", "\f", "\0"),
    *("net N extends N {", "stage s[1..9999] {", 'from "x.anynet" import y\n', "1e999", "b = b\n"),
    *("quantized_linear", "log_uniform(1..", "resnext", "conv(", "when(", "shared(", "-1", "s1"),
]


@pytest.mark.asyncio(loop_scope="session")
async def test_random_edits(client: Client, folder: Path) -> None:
    chance = random.Random(4)
    texts = [
        (ROOT / "specs" / name).read_text(encoding="utf-8").replace("# ", "# 🧬 ")
        for name in ("d2l/regnetx32.anynet", "classic/seresnet50.anynet", "std/blocks.anynet")
    ]
    spec = Editor(client, folder / "random.anynet")
    await spec.open(texts[0])
    ask = _requests(client, spec)
    complaints = len(client.messages)
    number = 0
    while number < EDITS:
        if number % 50 == 0 or len(spec.text) > 8000:
            spec.send(texts[number // 50 % len(texts)])
        start = chance.randrange(len(spec.text) + 1)
        end = min(len(spec.text), start + chance.choice((0, 0, 1, 3, 40)))
        if spec.text[start - 1 : start] == "\r" or spec.text[end - 1 : end] == "\r":
            continue  # an editor never stands between the two letters of a line's end
        new = chance.choice(PIECES) if chance.random() < 0.8 else ""
        edit = types.Range(_place(spec.text, start), _place(spec.text, end))
        change = types.TextDocumentContentChangePartial(edit, new)
        spec.send(spec.text[:start] + new + spec.text[end:], change)
        for request in chance.sample(ask, 2):
            with contextlib.suppress(JsonRpcInvalidParams):  # how a rename is refused
                await request(_place(spec.text, min(start, len(spec.text))))
        number += 1
    found = await spec.type(spec.text + " ")
    said = check_module(Library().text(spec.text, str(spec.path)))
    assert len(found) == len({(d.at.start, d.at.end, d.kind.name, d.message) for d in said})
    assert client.messages[complaints:] == []
    await spec.close()


def _place(text: str, offset: int) -> types.Position:
    """Lines end where the protocol says: at LF, CRLF and CR alone."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return utf16(before, len(before))


def _requests(client: Client, spec: Editor) -> list[Callable[[types.Position], Awaitable[Any]]]:
    it = spec.it
    whole = types.Range(types.Position(0, 0), types.Position(10_000, 0))
    options = types.FormattingOptions(2, True)
    context = types.CodeActionContext([])
    return [
        lambda at: client.text_document_hover_async(types.HoverParams(it, at)),
        lambda at: client.text_document_completion_async(types.CompletionParams(it, at)),
        lambda at: client.text_document_signature_help_async(types.SignatureHelpParams(it, at)),
        lambda at: client.text_document_definition_async(types.DefinitionParams(it, at)),
        lambda at: client.text_document_references_async(
            types.ReferenceParams(types.ReferenceContext(True), it, at)
        ),
        lambda at: client.text_document_document_highlight_async(
            types.DocumentHighlightParams(it, at)
        ),
        lambda at: client.text_document_prepare_rename_async(types.PrepareRenameParams(it, at)),
        lambda at: client.text_document_rename_async(types.RenameParams(it, at, "renamed")),
        lambda at: client.text_document_code_action_async(
            types.CodeActionParams(it, types.Range(at, at), context)
        ),
        lambda _: client.text_document_code_action_async(
            types.CodeActionParams(it, whole, context)
        ),
        lambda _: client.text_document_formatting_async(
            types.DocumentFormattingParams(it, options)
        ),
        lambda _: client.text_document_folding_range_async(types.FoldingRangeParams(it)),
        lambda _: client.text_document_document_symbol_async(types.DocumentSymbolParams(it)),
        lambda _: client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(it)),
        lambda _: client.text_document_inlay_hint_async(types.InlayHintParams(it, whole)),
        lambda _: client.text_document_code_lens_async(types.CodeLensParams(it)),
    ]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\ufeffanynet 1\n",
        "anynet 1\n" + "net A { body { " * 300,
        "anynet 1\n" + "a = " + "(" * 5000,
        "# " + "🧪" * 400_000,
        'from "random2.anynet" import a\n',
        "net A extends A {}\nnet B extends C {}\nnet C extends B {}\n",
    ],
    ids=["empty", "mark", "nested", "brackets", "huge", "itself", "circles"],
)
async def test_bad_files(client: Client, folder: Path, text: str) -> None:
    spec = Editor(client, folder / "random2.anynet")
    complaints = len(client.messages)
    await spec.open(text)
    for request in _requests(client, spec):
        with contextlib.suppress(JsonRpcInvalidParams):
            await request(types.Position(0, min(3, len(text))))
    assert client.messages[complaints:] == []
    await spec.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_files_that_are_not_there_or_have_no_file(client: Client, folder: Path) -> None:
    for uri in ((folder / "missing.anynet").as_uri(), "untitled:Untitled-1", "file:///%00"):
        spec = Editor(client, folder / "missing.anynet")
        spec.uri = uri
        for request in _requests(client, spec):
            await request(types.Position(0, 0))
    spec.uri = "untitled:Untitled-1"
    (found,) = await spec.open("anynet 1\nnet A { input = 3x8x8 }\n")
    assert found.code == "missing"
    await spec.close()


def _message(method: str, number: int | None, params: object) -> bytes:
    said: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": params}
    body = json.dumps(said | ({} if number is None else {"id": number})).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


_SERVED = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from anydsl.cli import main
status = main(["lsp"])
heavy = [m for m in ("torch", "torchvision", "networkx", "lark", "rich") if m in sys.modules]
print("heavy:", heavy, "status:", status, file=sys.stderr)
"""


def test_it_loads_no_torch_and_ends_with_its_client() -> None:
    uri = (ROOT / "specs" / "d2l" / "regnetx32.anynet").as_uri()
    text = (ROOT / "specs" / "d2l" / "regnetx32.anynet").read_text(encoding="utf-8")
    item = {"uri": uri, "languageId": "anynet", "version": 1, "text": text}
    lens = {"textDocument": {"uri": uri}}
    messages = [
        _message("initialize", 1, {"processId": None, "rootUri": None, "capabilities": {}}),
        _message("initialized", None, {}),
        _message("textDocument/didOpen", None, {"textDocument": item}),
        b'Content-Length: 9\r\n\r\n{"broken"',
        _message("textDocument/codeLens", 2, lens),
        _message("textDocument/hover", 3, lens | {"position": {"line": 3, "character": 6}}),
        _message("shutdown", 4, None),
        _message("exit", None, None),
    ]
    done = subprocess.run(
        [sys.executable, "-c", _SERVED], input=b"".join(messages), capture_output=True, timeout=60
    )
    assert done.returncode == 0
    assert b"heavy: [] status: 0" in done.stderr
    assert b"40.3 MFLOPs, 177 K parameters" in done.stdout


def test_it_ends_when_its_client_is_gone() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "anydsl", "lsp"],
        input=b"",
        capture_output=True,
        timeout=60,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_without_its_extra_it_says_what_to_install(monkeypatch, capsys) -> None:
    for name in [name for name in sys.modules if name.startswith(("anydsl.lsp", "lsprotocol"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    assert main(["lsp"]) == 2
    assert (
        "lsprotocol, which is not installed: pip install 'anydsl[lsp]'" in capsys.readouterr().err
    )
