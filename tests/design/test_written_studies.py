"""Any study, formatted and read again, is the same study."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from anydsl.design.modules import Library
from anydsl.design.recipes import resolve_study
from anydsl.design.study import PRINCIPLES, Study
from anydsl.language.printer import format_text

NAMES = ("A", "B", "C")
SPACES = "\n".join(
    f"space {name} {{ input = 3x8x8, body {{ block = plain, stage s1 {{ d = 1, w = 8 }} }} }}"
    for name in NAMES
)


@st.composite
def written(draw: DrawFn) -> tuple[str, dict[str, Any]]:
    """The words of a study in any order and layout, and what they say."""
    factorial = draw(st.lists(st.sampled_from(list(PRINCIPLES)), max_size=4, unique=True))
    most = 1 if factorial else len(NAMES)
    spaces = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=most, unique=True))
    said: dict[str, Any] = {"spaces": tuple(spaces), "recipe": "r"}
    if factorial:
        said["factorial"] = tuple(factorial)
    if len(spaces) > 1 or factorial:
        said["paired"] = draw(st.booleans())
    for word, low, high in (
        ("samples", 1, 10**6),
        ("seed", 0, 2**32 - 1),
        ("replicas", 1, 1000),
        ("budget", 1, 2**63 - 1),
    ):
        if draw(st.booleans()):
            said[word] = draw(st.integers(low, high))
    lines = [
        f"{word}={draw(_spaces)}{_text(said[word])}" for word in draw(st.permutations(list(said)))
    ]
    text = draw(st.sampled_from([",", "\n", ",\n", "\n\n"])).join(lines)
    return f"anynet 1\n{SPACES}\nrecipe r {{ epochs = 1 }}\nstudy s {{{text}}}\n", said


_spaces = st.sampled_from(["", " ", "   "])


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{','.join(value)}]"
    return str(value).lower()


def study(text: str) -> Study:
    module = Library().text(text, "spec.anynet")
    assert not module.diagnostics
    found, wrong = resolve_study(module, module.declared("study")[0])
    assert found is not None
    assert not wrong
    return found


@given(written())
def test_a_study_read_again_is_the_same(pair: tuple[str, dict[str, Any]]) -> None:
    text, said = pair
    first = study(text)
    assert {word: getattr(first, word) for word in said} == said
    formatted = format_text(text)
    again = study(formatted)
    assert again.replace(scope=None) == first.replace(scope=None)
    assert format_text(formatted) == formatted
