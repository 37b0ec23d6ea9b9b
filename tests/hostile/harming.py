"""Files as a stranger, a full disk or a bad disk leaves them, and what commands say of them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from anydsl.cli import main

_SENTINEL = "was-run"
_VALUES = (None, "x", -1, 1e400, 10**400, float("nan"), [], {}, [1], {"a": 1}, [{"a": 1}], True)


class Bomb:
    """What leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {_SENTINEL}",)


BOMB = pickle.dumps(Bomb())
DEEP = b"[" * 100_000 + b"]" * 100_000
DEEP_OBJECTS = b'{"a":' * 900 + b"1" + b"}" * 900


class Said(NamedTuple):
    status: int
    text: str


def said(*arguments: str | Path) -> Said:
    """What a command says, on both streams; whatever it raises is the test's failure."""
    streams = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        status = main([str(argument) for argument in arguments])
    text = "".join(stream.getvalue() for stream in streams)
    assert "Traceback" not in text
    assert not Path(_SENTINEL).exists(), "what a file holds was run"
    return Said(status, text)


def cuts(data: bytes) -> Iterator[bytes]:
    """The file cut short."""
    for length in (0, 1, len(data) // 4, len(data) // 2, len(data) - 2):
        yield data[:length]


def others(data: bytes) -> Iterator[bytes]:
    """Something else in the file's place."""
    yield BOMB
    yield b"\x89PNG\r\n\x1a\n" + bytes(200)
    yield b"PK\x03\x04" + bytes(100)
    yield b"\xff" * 8 + b"{" + data[9:]


def flips(data: bytes, count: int = 4) -> Iterator[bytes]:
    """The file with a bit changed."""
    chance = random.Random(len(data))
    for _ in range(count):
        place = chance.randrange(len(data))
        yield data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def no_notes() -> Iterator[bytes]:
    """JSON, but nobody's notes."""
    yield from (b"[]", b"null", b"7", b'"x"', b"NaN", b"9" * 5000, DEEP, b'{"a":' + DEEP + b"}")
    yield DEEP_OBJECTS


def odd_notes(data: bytes) -> Iterator[bytes]:
    """Notes in which one value is missing, or of another kind: three for each, in turn."""
    whole: dict[str, Any] = json.loads(data)
    values = cycle(_VALUES)
    for key in whole:
        yield json.dumps({name: value for name, value in whole.items() if name != key}).encode()
        for value in islice(values, 3):
            yield json.dumps(whole | {key: value}).encode()


def state(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
