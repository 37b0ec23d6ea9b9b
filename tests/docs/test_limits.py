"""docs/limits.md names every limit as the program has it, with the error that is behind it."""

from __future__ import annotations

import re

import pytest

from anydsl.blocks import evaluator, results
from anydsl.checker import engine
from anydsl.design import faults, modules, outline, reading, vocabulary
from anydsl.design.values import LARGEST
from anydsl.graph.operations import WIDEST
from anydsl.language import complaints, files, lexer, parser
from anydsl.spaces import laws, sampling
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs/limits.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(("| what", "| ---"))
]
LARGE, VALUE, IMPORT, EXTENDS = (
    kind.code for kind in (complaints.TOO_LARGE, faults.WRONG_VALUE, faults.IMPORT, faults.EXTENDS)
)
LIMITS = (
    ("bytes of a file", files.LARGEST_FILE, [LARGE]),
    ("words and marks", lexer.MOST_TOKENS, [LARGE, IMPORT]),
    ("brackets and operators", parser.DEEPEST, [LARGE]),
    ("bodies in braces", parser.DEEPEST_BODY, [LARGE]),
    ("files below each other", modules.DEEPEST_IMPORT, [IMPORT]),
    ("files that a file imports", modules.MOST_FILES, [IMPORT]),
    ("bytes of the files", modules.LARGEST_IMPORTS, [IMPORT]),
    ("numbers, numerators", LARGEST, [LARGE]),
    ("constants made of constants", reading.DEEPEST_CONSTANT, [LARGE]),
    ("values that one value", reading.MOST_ARGUMENTS, [LARGE]),
    ("nets and spaces that extend", outline.DEEPEST_CHAIN, [EXTENDS]),
    ("stages of a body", outline.MOST_STAGES, [VALUE]),
    *((f"{what} of all nets", most, [LARGE]) for what, most in engine.MOST.items()),
    ("`d` of a stage", vocabulary.MOST_BLOCKS, [VALUE, LARGE]),
    ("operations of a net", evaluator.MOST_OPERATIONS, [LARGE]),
    ("operations in one chain", results.LONGEST_CHAIN, [LARGE]),
    ("blocks that use each other", evaluator.DEEPEST_BLOCK, [LARGE]),
    ("`w`, `g`, `groups`", WIDEST, [VALUE, LARGE]),
    ("sides and channels", vocabulary.INPUT.high, [VALUE]),
    ("values of a draw", laws.MOST_VALUES, []),
    ("proposals without", sampling.PATIENCE, []),
)


@pytest.mark.parametrize(("row", "limit"), list(zip(ROWS, LIMITS, strict=True)))
def test_each_row(row: list[str], limit: tuple[str, int, list[str]]) -> None:
    what, value, codes, why = row
    start, number, errors = limit
    assert what.startswith(start) and why
    assert value == f"{number:,}"
    assert re.findall(r"E\d+", codes) == errors


def test_words_of_one_bound() -> None:
    assert {vocabulary.SETTINGS[key].high for key in ("w", "g", "groups", "classes")} == {WIDEST}
    assert vocabulary.SETTINGS["d"].high == vocabulary.MOST_BLOCKS
    assert f"{sampling.MOST_NUMBERS:,} numbers" in TEXT
    assert sampling.MOST_NUMBERS // sampling.PATIENCE == 16
