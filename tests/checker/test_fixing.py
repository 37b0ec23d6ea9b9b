"""Fixes keep their promises on any text: it can be read, is formatted, and is the same network."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from anydsl.blocks.measurement import examine
from anydsl.checker.engine import check_module
from anydsl.checker.fixing import applicable, apply, fix
from anydsl.checker.selection import select
from anydsl.design.modules import Library, Module
from anydsl.design.resolving import resolve
from anydsl.language.diagnostics import Diagnostic, Edit
from anydsl.language.parser import parse
from anydsl.language.printer import format_text
from anydsl.language.source import Source, Span
from tests.strategies import mangled, networks

SPECS = Path(__file__).parents[2] / "specs"
NAMES = ("digits", "d2l/regnetx32", "classic/nin", "classic/mobilenet_v2", "std/blocks")
SHIPPED = [(SPECS / f"{name}.anynet").read_text("utf-8") for name in NAMES]
EVERY = select(["ALL"])


def check(module: Module) -> list[Diagnostic]:
    return check_module(module, EVERY)


def costs(text: str) -> list[object]:
    """What each net is made of."""
    module = Library().text(text, "spec.anynet")
    found: list[object] = []
    for block in module.declared("net"):
        resolved, _ = resolve(module, block)
        measured = examine(resolved)[0] if resolved is not None else None
        found.append(measured and (measured.parts, measured.network.input))
    return found


@given(networks())
def test_safe_fixes_leave_random_networks_as_they_are(text: str) -> None:
    fixed = fix(text, check, path="spec.anynet")
    assert fixed.left == ()
    assert costs(fixed.text) == costs(text)
    if fixed.done:
        assert format_text(fixed.text) == fixed.text
    again = check(Library().text(fixed.text, "spec.anynet"))
    source = again[0].at.source if again else Source("", "")
    assert all(applicable(d, source, unsafe=False) is None for d in again)


@given(networks())
def test_unsafe_fixes_make_no_errors(text: str) -> None:
    def errors(text: str) -> int:
        found = check(Library().text(text, "spec.anynet"))
        return sum(d.level == "error" for d in found)

    fixed = fix(text, check, path="spec.anynet", unsafe=True)
    assert errors(fixed.text) <= errors(text)
    assert not parse(Source("spec.anynet", fixed.text)).diagnostics


@st.composite
def damaged(draw: DrawFn, text: str) -> str:
    """A text with a few stretches moved, doubled, lost or replaced."""
    words = ("}", "{", "g = 8", "b = 1", ",", "and", "require params > 1 and acts > 1", "w", "\r\n")
    for _ in range(draw(st.integers(1, 4))):
        a = draw(st.integers(0, len(text)))
        b = min(len(text), a + draw(st.integers(0, 12)))
        new = draw(st.sampled_from((*words, text[a:b] * 2, "")))
        text = text[:a] + f" {new} " + text[b:]
    return text


@settings(max_examples=30)
@given(st.data(), st.booleans())
def test_any_text_is_fixed_or_left(data: st.DataObject, damage: bool) -> None:
    text = data.draw(mangled(data.draw(st.sampled_from(SHIPPED))))
    text = data.draw(damaged(text)) if damage else text
    for unsafe in (False, True):
        fixed = fix(text, check, path="spec.anynet", unsafe=unsafe)
        if fixed.text != text:
            assert not parse(Source("spec.anynet", fixed.text)).diagnostics
            assert format_text(fixed.text) == fixed.text


@given(st.text(max_size=30), st.data())
def test_edits_that_don_t_overlap(text: str, data: st.DataObject) -> None:
    """Edits from the end to the start are the plain way of making them."""
    places = st.lists(st.integers(0, len(text)), unique=True, max_size=6)
    cuts = sorted(data.draw(places))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    source = Source("spec.anynet", text)
    edits = [Edit(Span(source, a, b), data.draw(st.text(max_size=3))) for a, b in pairs]
    plain = text
    for edit in reversed(edits):
        plain = plain[: edit.at.start] + edit.text + plain[edit.at.end :]
    assert apply(text, data.draw(st.permutations(edits))) == plain


def test_an_import_of_the_file_itself_is_found(tmp_path: Path) -> None:
    """Fixing works on texts; imports are looked up from the file that a text stands for."""
    (tmp_path / "base.anynet").write_text("anynet 1\nwidth = 16\nother = 3\n")
    text = 'anynet 1\n\nfrom "base.anynet" import width, other\n\nhalf = width / 2\n'
    fixed = fix(text, check, path="main.anynet", file=str(tmp_path / "main.anynet"))
    assert fixed.text == text.replace(", other", "")
