"""`anydsl lint --watch`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Queue

import pytest

from tests.cli.conftest import FALLING, NET, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def watching(tmp_path: Path):
    """Start watching a folder; a queue of the lines that come."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], Queue[str]]:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "anydsl", "lint", "--watch", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(process)
        lines: Queue[str] = Queue()
        assert process.stdout is not None
        stream = process.stdout
        threading.Thread(target=lambda: [lines.put(line) for line in stream], daemon=True).start()
        return process, lines

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def until(lines: Queue[str], text: str) -> str:
    """Everything up to the line in which a text is."""
    read: list[str] = []
    while not read or text not in read[-1]:
        read.append(lines.get(timeout=30))
    return "".join(read)


def test_it_goes_on_until_it_is_stopped(watching, tmp_path: Path) -> None:
    file = write(tmp_path / "a.anynet", NET)
    process, lines = watching(".")
    assert "no findings in 1 file" in until(lines, "Ctrl-C")
    file.write_text(FALLING)
    assert "nondecreasing_width" in until(lines, "Ctrl-C")
    write(tmp_path / "b.anynet", NET)
    assert "1 warning in 2 files" in until(lines, "Ctrl-C")
    file.unlink()
    assert "no findings in 1 file" in until(lines, "Ctrl-C")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0


def test_imports_are_watched_and_errors_survived(watching, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    base = write(tmp_path / "lib" / "base.anynet", NET)
    text = 'anynet 1\nfrom "lib/base.anynet" import Small\n'
    text += "net N extends Small { head { classes = 2 } }\n"
    main = write(tmp_path / "a.anynet", text)
    _, lines = watching("a.anynet")
    assert "no findings" in until(lines, "Ctrl-C")
    base.write_text(FALLING)
    assert "nondecreasing_width" in until(lines, "Ctrl-C")
    main.unlink()
    assert "error: can't read a.anynet" in until(lines, "Ctrl-C")
    main.write_text(text)
    assert "nondecreasing_width" in until(lines, "Ctrl-C")


def test_standard_input_can_t_be_watched(run) -> None:
    ran = run("lint", "--watch", "-")
    assert ran.status == 2
    assert "--watch needs files" in ran.err
