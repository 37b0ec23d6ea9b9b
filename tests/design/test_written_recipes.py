"""Any recipe, written out by `expand` and read again, is the same recipe."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from anydsl.checker.engine import check_declaration
from anydsl.design.expansion import expand
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.design.recipe import Recipe
from anydsl.design.variant import Variant
from anydsl.language.declaration import Setting
from anydsl.language.printer import format_text
from anydsl.language.record import RecordType
from tests.design.texts import MEANING, network

NET = network("net N {\ninput = 3x8x8\nbody { block = plain\nstage s1 { d = 1, w = 8 } }\n}")
LETTERS = st.characters(min_codepoint=32, max_codepoint=0x2FFF, blacklist_characters='"\x7f')


def number(draw: DrawFn, setting: Setting) -> Any:
    """A number in the bounds of a setting, as the language reads it: whole, or a fraction."""
    high = setting.high or 10**6
    exact = draw(
        st.sampled_from([Fraction(1, 10**n) for n in range(13)])
        | st.fractions(0, high, max_denominator=10**9)
        | st.integers(0, int(high))
    )
    exact = exact if setting.allows(exact) else setting.high or 1
    return int(exact) if exact == int(exact) else exact


def value(draw: DrawFn, setting: Setting) -> Any:
    """A value that a setting takes."""
    choices: Any = setting.choices
    if setting.default is None and draw(st.booleans()):
        return None
    match setting.kind:
        case "whole":
            return draw(st.integers(setting.low, setting.high or 2**40))
        case "number":
            return number(draw, setting)
        case "numbers":
            return tuple(sorted({number(draw, setting) for _ in range(draw(st.integers(1, 5)))}))
        case "flag":
            return draw(st.booleans())
        case "text":
            return draw(st.text(LETTERS))
        case "size":
            return draw(st.tuples(st.integers(1, 999), st.integers(1, 999)))
        case "word":
            return draw(st.sampled_from(list(choices)))
        case "words":
            return tuple(draw(st.lists(st.sampled_from(list(choices)))))
        case "variant":
            return draw(records(draw(st.sampled_from(list(choices.values())))))
        case "variants":
            named = draw(st.lists(st.sampled_from(list(choices.values())), max_size=3))
            return tuple(draw(records(cls)) for cls in named)
        case kind:
            raise AssertionError(f"no values of the kind {kind}")


@st.composite
def records(draw: DrawFn, cls: RecordType) -> Any:
    made: Any = cls(**{name: value(draw, setting) for name, setting in cls.__settings__.items()})
    assume(not isinstance(made, Variant) or made.conflict() is None)
    return made


def read(text: str) -> Recipe:
    module = Library().text(text, "spec.anynet")
    (block,) = module.declared("recipe")
    checked = check_declaration(module, block, MEANING)
    assert not module.diagnostics
    assert not [d for d in checked.diagnostics if d.level == "error"], text
    assert isinstance(checked.value, Recipe)
    return checked.value


@given(records(Recipe))
def test_written_and_read_again_it_is_the_same(recipe: Recipe) -> None:
    text = expand(NET, recipe)
    again = read(text)
    assert again == recipe
    assert expand(NET, again) == text == format_text(text)


def test_numbers_of_python_are_written_as_they_look() -> None:
    optimizer = Recipe().optimizer.replace(lr=0.1, weight_decay=5e-5)
    text = expand(NET, Recipe(optimizer=optimizer, ema=0.9999, clip_norm=5.0))
    assert "sgd(lr = 0.1, weight_decay = 0.00005)" in text
    assert "ema = 0.9999\n" in text
    assert "clip_norm = 5\n" in text
    assert isinstance(NET, Network)
