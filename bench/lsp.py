"""`anydsl lsp` as its own process: from its start to its first answer, and from an edit to what it
says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from measuring import ROOT, Figure, anydsl, take_turns

NEEDS = ("pygls", "lsprotocol")
EDITS = 60
NET = """
## Network number {0}.
net Net{0} {{
  input = 3x224x224
  stem {{ w = 32 }}
  body {{
    block = resnext
    b = 1
    g = 8
    se = 1/4  # {0}
    stage s1 {{ d = {1}, w = 32 }}
    stage s2 {{ d = 3, w = 64 }}
    stage s3 {{ d = 5, w = 160 }}
    stage s4 {{ d = 2, w = 384 }}
  }}
  head {{ classes = 1000 }}

  require flops <= 2G because "it has to run on a watch"
}}
"""
LINES = 200


class Server:
    """The server, driven by hand as an editor drives it."""

    def __init__(self) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        self.process = subprocess.Popen(
            [sys.executable, *anydsl(), "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**env, "PYTHONPATH": str(ROOT)},
        )
        self.number = 0
        self.published: list[dict[str, Any]] = []
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.tell("initialized", {})

    def tell(self, method: str, params: object, **more: object) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def ask(self, method: str, params: object) -> Any:
        self.number += 1
        self.tell(method, params, id=self.number)
        while True:
            message = self.read()
            if message.get("id") == self.number and "method" not in message:
                return message["result"]

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published.append(message["params"])
        return message

    def said_of(self, version: int) -> list[Any]:
        """Wait for the diagnostics of a version."""
        while not self.published or self.published[-1].get("version") != version:
            self.read()
        return self.published[-1]["diagnostics"]

    def stop(self) -> None:
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.process.wait(20)


def figures() -> Iterator[Figure]:
    (start,) = take_turns(5, _start)
    said = "From the start of `anydsl lsp` to its answer to `initialize`."
    yield Figure("start to first answer", said, start, "s", target=1)
    checked, hints = _after_edits()
    said = f"A width is changed in a file of {LINES} lines; until its diagnostics are published."
    yield Figure("edit to findings", said, checked, "ms", target=50)
    said = "The same, until the request for the hints of the whole file is answered."
    yield Figure("edit to inlay hints", said, hints, "ms", target=50)


def _start() -> float:
    begin = time.perf_counter()
    server = Server()
    taken = time.perf_counter() - begin
    server.stop()
    return taken


def _after_edits() -> tuple[list[float], list[float]]:
    """Milliseconds from a change to the findings, and to the hints, of a spec of some cost."""
    nets = "".join(NET.format(i, i % 3 + 1) for i in range(LINES // NET.count("\n") + 1))
    text = "\n".join(("anynet 1\n" + nets).splitlines()[:LINES])
    text += "}\n" * (text.count("{") - text.count("}"))
    server = Server()
    uri = (ROOT / "bench.anynet").as_uri()
    item = {"uri": uri, "languageId": "anynet", "version": 0, "text": text}
    server.tell("textDocument/didOpen", {"textDocument": item})
    server.said_of(0)
    checked: list[float] = []
    hints: list[float] = []
    line = next(i for i, said in enumerate(text.splitlines()) if "w = 64" in said)
    column = text.splitlines()[line].index("64")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": LINES, "character": 0}}
    for version in range(1, EDITS + 1):
        place = {"line": line, "character": column}
        at = {"start": place, "end": {"line": line, "character": column + 2}}
        change = {"range": at, "text": str(64 + 8 * (version % 2))}
        document = {"uri": uri, "version": version}
        begin = time.perf_counter()
        server.tell(
            "textDocument/didChange", {"textDocument": document, "contentChanges": [change]}
        )
        if version % 2:
            server.said_of(version)
            checked.append(1000 * (time.perf_counter() - begin))
        else:
            found = server.ask(
                "textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole}
            )
            hints.append(1000 * (time.perf_counter() - begin))
            assert len(found) > LINES / 6
            server.said_of(version)
    server.stop()
    return checked, hints
