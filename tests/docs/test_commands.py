"""Every command that README.md and docs/ show is one that can be typed.

What the examples run is held to its output by `test_docs.py`. What can't be run here has one of the
reasons below, and is held to the argument parser, as are the commands that sentences name.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path

import pytest

import anydsl
from anydsl.cli import command, commands
from tests.docs.pages import PAGES, ROOT, Block, blocks, spoken_of, typed

REASONS = {
    "installs": "it changes the machine, or sets up all that the tests have set up already",
    "downloads": "it fetches something",
    "several processes": "a launcher starts it; tests/training starts them in its own way",
    "needs a GPU": "CI has none",
    "needs a cluster": "CI is one machine; tests/study starts a cluster of its own",
    "takes minutes": "too long for every run of the tests",
}
SHELLS = ("bash", "sh", "console")
page_by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def accepts(arguments: list[str]) -> bool:
    """Whether the parser of a command takes these arguments."""
    name, *rest = arguments
    if name in ("--help", "--version"):
        return not rest
    if name not in commands():
        return False
    parser = ArgumentParser(prog=f"anydsl {name}", allow_abbrev=False)
    command(name).add_arguments(parser)
    try:
        parser.parse_args(rest)
    except SystemExit as stop:
        return stop.code == 0  # --help
    return True


@page_by_page
def test_what_is_typed_is_accepted(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        if isinstance(block, Block):
            for arguments in typed(block):
                assert accepts(arguments), arguments


@page_by_page
def test_what_sentences_name_is_accepted(page: Path) -> None:
    for arguments in spoken_of(page.read_text(encoding="utf-8")):
        # A sentence need not say of which spec or specs it speaks.
        assert any(accepts([*arguments, *more]) for more in ([], ["A"], ["A", "B"])), arguments


@page_by_page
def test_what_is_not_run_has_a_reason(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = [block for block in blocks(text) if isinstance(block, Block)]
    reasons = [block.reason for block in found if block.reason is not None]
    assert set(reasons) <= set(REASONS)
    assert len(reasons) == len(re.findall("^<!-- not run", text, re.M)), "a reason without a block"
    for block in found:
        if block.reason is None:
            assert block.language not in ("bash", "sh"), f"not run, and no reason:\n{block.body}"
            assert block.language == "console" or not re.search(r"^\$ ", block.body, re.M)
        else:
            assert block.language in SHELLS, f"run, or nothing to run:\n{block.body}"


def test_every_reason_is_used() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [reason for reason in REASONS if f"<!-- not run: {reason} -->" not in pages] == []


def test_the_reference_has_all_of_the_interface() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^::: anydsl\.(\w+)$", text, re.M)) == set(anydsl.__all__)


def test_every_argument_is_explained() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert re.findall("^## (.*)$", text, re.M) == commands()
    assert re.findall(r"^- `[^`]*`\s*$", text, re.M) == []
