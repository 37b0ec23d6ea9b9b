"""An editor that types at random into a text, and asks the language server whatever can be asked.

The server runs in this process and gets its messages as a client writes them. What is typed and
asked comes from the text alone, so that a finding is a text, like any other.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import zlib
from functools import cache
from typing import Any

from anydsl.language.parser import parse
from anydsl.language.printer import format_text
from anydsl.language.source import Source
from anydsl.lsp.server import FILES, build
from fuzz.texts import PIECES

_EDITS, _ASKED = 4, 4
_REFUSED = -32602
"""Invalid parameters: how the server refuses to rename."""
_URI = "untitled:fuzz.anynet"
_CONTEXT = {"includeDeclaration": True, "diagnostics": [], "triggerKind": 1, "isRetrigger": False}


def lsp(text: str) -> None:
    """Open a text, edit it, ask about places in it; whatever goes wrong in the server is raised."""
    _session().edit(text)


def asked() -> list[str]:
    """What a server is asked: everything that it answers about a text."""
    methods = (feature.method for file in FILES for feature in file.FEATURES)
    return [m for m in methods if m.startswith("textDocument/") and "/did" not in m]


class _Hasty(asyncio.SelectorEventLoop):
    """The server waits for a pause in the typing: here there is none."""

    def call_later(self, delay: float, *arguments: Any, **options: Any) -> asyncio.TimerHandle:
        """Call soon."""
        return super().call_later(min(delay, 0.0), *arguments, **options)


@cache
def _session() -> _Session:
    return _Session()


class _Session:
    """A client and its server, which live as long as the process."""

    def __init__(self) -> None:
        logging.getLogger("pygls").setLevel(logging.CRITICAL)  # what goes wrong is raised
        self.runner = asyncio.Runner(loop_factory=_Hasty)
        self.runner.get_loop().set_exception_handler(self._failed)
        self.server = build()
        self.server.protocol.set_writer(self, include_headers=False)
        self.wrong: list[str] = []
        self.answers: dict[int, Any] = {}
        self.number = self.version = 0
        self.methods = asked()
        everything = {"general": {"positionEncodings": ["utf-16"]}}
        self._run(
            [("initialize", {"processId": None, "rootUri": None, "capabilities": everything})]
        )

    def edit(self, text: str) -> None:
        """One text, from opening it to closing it."""
        chance = random.Random(zlib.crc32(text.encode("utf-8", "surrogatepass")))
        self.version += 1
        item = {"uri": _URI, "languageId": "anynet", "version": self.version, "text": text}
        self._run([("didOpen", {"textDocument": item})])
        try:
            for _ in range(_EDITS):
                text = self._type(text, chance)
                asked = chance.sample(self.methods, _ASKED)
                self._run([(method, _about(text, chance)) for method in asked])
            self._run([(method, _about(text, chance)) for method in self.methods])
            self._format(text)
        finally:
            self._run([("didClose", {"textDocument": {"uri": _URI}})])

    def _type(self, text: str, chance: random.Random) -> str:
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice((0, 0, 1, 3, 40)))
        while text[start - 1 : start] == "\r" and text[start : start + 1] == "\n":
            start -= 1  # an editor never stands between the two letters of a line's end
        while text[end - 1 : end] == "\r" and text[end : end + 1] == "\n":
            end += 1
        new = chance.choice(PIECES)
        self.version += 1
        place = {"start": _place(text, start), "end": _place(text, end)}
        it = {"uri": _URI, "version": self.version}
        changes = [{"range": place, "text": new}]
        text = text[:start] + new + text[end:]
        self._run([("didChange", {"textDocument": it, "contentChanges": changes})])
        assert self.server.documents.open[_URI].text == text, "the server has another text"
        return text

    def _format(self, text: str) -> None:
        """What the edits make of a text is what the formatter makes of it."""
        edits = self._ask("textDocument/formatting", _about(text))
        legible = not parse(Source("fuzz", text)).diagnostics
        assert (edits is None) != legible
        for edit in edits or ():
            places = (edit["range"]["start"], edit["range"]["end"])
            start, end = (_offset(text, place) for place in places)
            text = text[:start] + edit["newText"] + text[end:]
        if legible:
            assert text == format_text(text), "the edits don't format the text"

    # ------------------------------------------------------------------------------- the wire

    def _ask(self, method: str, params: object) -> Any:
        self._run([(method, params)])
        return self.answers[self.number]

    def _run(self, messages: list[tuple[str, Any]]) -> None:
        self.answers.clear()
        self.runner.run(self._send(messages))
        if self.wrong:
            wrong, self.wrong = self.wrong, []
            raise AssertionError("\n".join(wrong))

    async def _send(self, messages: list[tuple[str, Any]]) -> None:
        for method, params in messages:
            message = {"jsonrpc": "2.0", "method": method, "params": params}
            if method.startswith("did"):
                message["method"] = f"textDocument/{method}"
            else:
                self.number += 1
                message["id"] = self.number
            self.server.protocol.handle_message(
                self.server.protocol.structure_message(json.loads(json.dumps(message)))
            )
        while self.server.timers:
            await asyncio.sleep(0)
        missing = [m for m in messages if not m[0].startswith("did")][len(self.answers) :]
        assert not missing, f"no answer: {missing}"

    def write(self, data: bytes) -> None:
        """What the server says."""
        said = json.loads(data)
        error = said.get("error")
        if error and error["code"] != _REFUSED:
            self.wrong.append(f"{error['message']}\n{error.get('data')}")
        if said.get("method") == "window/showMessage":
            self.wrong.append(said["params"]["message"])
        if "id" in said and "method" not in said:
            self.answers[said["id"]] = said.get("result")

    def close(self) -> None:
        """Nothing is left open."""

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.wrong.append(repr(context.get("exception") or context["message"]))


def _about(text: str, chance: random.Random | None = None) -> dict[str, Any]:
    """All that any of the requests takes; what one does not know it passes over."""
    chance = chance or random.Random(0)
    a, b = sorted(chance.randint(0, len(text)) for _ in range(2))
    whole = chance.random() < 0.5
    start, end = (0, len(text)) if whole else (a, b)
    return {
        "textDocument": {"uri": _URI},
        "position": _place(text, chance.randint(0, len(text))),
        "range": {"start": _place(text, start), "end": _place(text, end)},
        "context": _CONTEXT,
        "newName": chance.choice(("renamed", "net", "s1", "9", "", "é")),
        "options": {"tabSize": 2, "insertSpaces": True},
    }


def _place(text: str, offset: int) -> dict[str, int]:
    """An offset as the protocol counts it: lines end at LF, CRLF and CR, letters are UTF-16."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    units = before[-1].encode("utf-16-le", "surrogatepass")
    return {"line": len(before) - 1, "character": len(units) // 2}


def _offset(text: str, place: dict[str, int]) -> int:
    """The other way round, for a place that the server names; never within a line's end."""
    return max(at for at in range(len(text) + 1) if _place(text, at) == place)
