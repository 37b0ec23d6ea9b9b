"""The examples of README.md and docs/ are true.

In a page, in its order and in one folder of its own:

- an `anynet` block that is a whole file lints clean; the name behind `anynet` is the file's, and
  later blocks of that name replace it; with `error` behind the name the file may have findings;
- a `console` block's `$ anydsl …` prints what it shows; `…` stands for any text within a line,
  on a line of its own for any lines, and behind a line it allows for other numbers in it;
  `--update-golden` writes what is printed where something else is shown;
- a `python` block runs, in one namespace, and can import what the folder holds;
- a `yaml` block with a name behind it is a file of that name;
- a comment `<!-- FILE: OLD => NEW -->` is the edit that the text around it asks for;
- a block below `<!-- not run: REASON -->` is not run; `test_commands.py` has the reasons.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from anydsl.cli import main
from tests.docs.pages import PAGES, ROOT, Block, Edit, blocks, prose

NUMBER = re.compile(r" *[0-9][0-9.,e-]*")
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.M)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch) -> Iterator[None]:
    """The nets of the examples are so small that more threads only wait for each other."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples(page: Path, tmp_path: Path, monkeypatch, request) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    current: list[str] = []
    done = 0
    for block in blocks(text):
        match block:
            case Edit(file, old, new):
                _edit(Path(file), old, new)
            case Block(reason=None, language="anynet", words=words, body=body):
                if body.startswith("anynet 1"):
                    _file(words, body)
            case Block(reason=None, language="yaml", words=[name], body=body):
                Path(name).write_text(body, encoding="utf-8")
            case Block(reason=None, language="python", body=body):
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(body, str(page), "exec"), names)
            case Block(reason=None, language="console", body=body, start=start, end=end):
                current += [text[done:start], _console(body)]
                done = end
            case _:
                pass
    current.append(text[done:])
    if request.config.getoption("--update-golden"):
        page.write_text("".join(current), encoding="utf-8")
    else:
        assert "".join(current) == text


def _file(words: list[str], body: str) -> None:
    name = words[0] if words else "unnamed.anynet"
    Path(name).write_text(body, encoding="utf-8")
    if "error" not in words:
        status, printed = _anydsl(["lint", name])
        assert status == 0, printed
        status, printed = _anydsl(["fmt", "--diff", name])
        assert status == 0, printed


def _edit(file: Path, old: str, new: str) -> None:
    before = file.read_text(encoding="utf-8")
    assert old in before
    file.write_text(before.replace(old, new), encoding="utf-8")


def _console(body: str) -> str:
    """The block with what the commands print; what matches stays as it is written."""
    lines: list[str] = []
    for command, expected in COMMAND.findall(body):
        lines.append(f"$ {command}\n")
        program, *arguments = shlex.split(command)
        assert program == "anydsl", f"{command}: what can't be run needs a reason"
        _, printed = _anydsl(arguments)
        lines.append(expected if _pattern(expected).fullmatch(printed) else printed)
    return "".join(lines)


def _pattern(expected: str) -> re.Pattern[str]:
    return re.compile("".join(map(_line, _plain(expected).splitlines())))


def _line(line: str) -> str:
    if line == "…":
        return r"(?:.*\n)*?"
    if line.endswith(" …"):
        words = NUMBER.split(line.removesuffix(" …"))
        text = NUMBER.pattern.join(map(re.escape, words))
        # In a table a longer number, such as seconds on a busy machine, has fewer spaces before.
        return re.sub(r"(?:\\ )+", " +", text) + "\n"
    return f"{re.escape(line).replace('…', '.*')}\n"


def _plain(text: str) -> str:
    """A text without what nobody sees: spaces at the ends of lines, blank lines at the end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines()).rstrip()
    return f"{lines}\n" if lines else ""


def _anydsl(arguments: list[str]) -> tuple[int, str]:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            status = main(arguments)
    except SystemExit as stop:  # argparse
        status = stop.code if isinstance(stop.code, int) else 1
    return status, _plain(printed.getvalue())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = prose(page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert os.path.exists(page.parent / target), target


def test_generated_pages_are_current() -> None:
    import importlib.util

    found = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert module.main(["--check"]) == 0
