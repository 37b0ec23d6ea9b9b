"""The lexer that Pygments finds by its entry point."""

from __future__ import annotations

from pathlib import Path

import pytest
from pygments import lex
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, String

from anydsl.graph.catalog import OPERATIONS
from anydsl.highlight.lists import lists

SPECS = sorted(Path(__file__).parents[2].glob("specs/**/*.anynet"))
TEXT = """anynet 1

## A doc.
net Mine extends Other {
  stage s1 { d = 4, block = resnext }  # 🧪
  require shared(b) because "why"
  schedule = step(every = 3)
}
"""


def test_pygments_finds_it() -> None:
    assert get_lexer_by_name("anynet").name == "AnyNet"
    assert get_lexer_for_filename("a/b.anynet").name == "AnyNet"


@pytest.mark.parametrize(
    ("word", "token"),
    [
        ("anynet", Keyword),
        ("## A doc.", String.Doc),
        ("net", Keyword.Declaration),
        ("Mine", Name.Class),
        ("Other", Name.Class),
        ("s1", Name.Label),
        ("d", Name.Attribute),
        ("4", Number),
        ("resnext", Name.Function),
        ("# 🧪", Comment.Single),
        ("shared", Name.Function),
        ('"why"', String.Double),
        ("step", Name.Constant),
    ],
)
def test_words(word: str, token: object) -> None:
    found = [kind for kind, text in lex(TEXT, get_lexer_by_name("anynet")) if text == word]
    assert found[:1] == [token]


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_it_knows_all_of_the_shipped_specs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = list(lex(text, get_lexer_by_name("anynet", stripnl=False, ensurenl=False)))
    assert "".join(piece for _, piece in tokens) == text
    assert [piece for kind, piece in tokens if kind is Error] == []


def test_the_lists_are_those_of_the_declarations() -> None:
    found = lists()
    assert set(OPERATIONS) <= set(found["operation"])
    assert {"resnext", "simple_stem", "linear_head"} <= set(found["block"])
    assert {"cosine", "sgd", "cifar10", "torchvision", "bf16", "flip"} <= set(found["word"])
    assert {"net", "stem", "stage", "study"} <= set(found["kind"])
