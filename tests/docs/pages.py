"""The pages of README.md and docs/, and what stands in them between fences."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r"(?:^<!-- not run: ([^\n]*) -->\n+)?^(```+)(\w*)([^\n]*)\n(.*?)^\2$"
    r"|^<!-- (\S+): ([^\n]*) => ?([^\n]*?) -->$",
    re.M | re.S,
)
_COMMAND = re.compile(r"^(?:\$ |.* -- |.* -m )?anydsl +(.*)$", re.M)
_SPAN = re.compile(r"`anydsl ([^`]+)`")
_PRINTED = re.compile(r"^(?!\$ ).*\n", re.M)


class Block(NamedTuple):
    """What stands between fences.

    `start` and `end` are the places of its body in the page; `reason` is why it is not run.
    """

    reason: str | None
    language: str
    words: list[str]
    body: str
    start: int
    end: int


class Edit(NamedTuple):
    """What the text around a comment `<!-- FILE: OLD => NEW -->` asks the reader to change."""

    file: str
    old: str
    new: str


def blocks(text: str) -> Iterator[Block | Edit]:
    """All of a page, in its order."""
    for match in _BLOCK.finditer(text):
        reason, _, language, words, body, file, old, new = match.groups()
        if file:
            yield Edit(file, old, new)
        else:
            yield Block(reason, language, words.split(), body, match.start(5), match.end(5))


def prose(text: str) -> str:
    """A page without what stands between fences."""
    return _BLOCK.sub("", text)


def typed(block: Block) -> list[list[str]]:
    """The arguments of each `anydsl` that a block shows being typed."""
    body = block.body.replace("\\\n", "")
    if body.startswith("$ "):
        body = _PRINTED.sub("", body)
    elif block.language not in ("bash", "sh"):
        return []
    return [_words(line) for line in _COMMAND.findall(body)]


def spoken_of(text: str) -> list[list[str]]:
    """The arguments of each `anydsl …` that a page names in its sentences."""
    return [_words(span) for span in _SPAN.findall(prose(text))]


def _words(line: str) -> list[str]:
    return [word for word in shlex.split(line, comments=True) if word != "…"]
