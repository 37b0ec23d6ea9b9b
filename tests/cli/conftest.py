"""Commands as they are typed, but in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from anydsl.cli import main

NET = """anynet 1

net Small {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 2, w = 48 }
  }
  head { classes = 10 }
}
"""
FALLING = NET.replace("w = 48", "w = 16")
BROKEN = NET.replace("g = 8", "g = ")
TWO = NET + NET.replace("anynet 1\n", "").replace("Small", "Other")


class Ran(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse
            status = stop.code if isinstance(stop.code, int) else 1
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Ran(status, out, err)

    return run


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A small net that lints clean."""
    return write(tmp_path / "small.anynet", NET)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a clean file, one with a warning, one with an error and one with two nets."""
    texts = {"clean": NET, "falling": FALLING, "broken": BROKEN, "two": TWO}
    for name, text in texts.items():
        write(tmp_path / f"{name}.anynet", text)
    return tmp_path


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a text on standard input."""
    import io

    def typed(text: str) -> None:
        stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
        monkeypatch.setattr("sys.stdin", stream)

    return typed


def lines(ran: Ran) -> Sequence[str]:
    """What stands on standard output, line by line."""
    return ran.out.splitlines()
