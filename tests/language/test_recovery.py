"""Any text gives a tree; one mistake hides nothing of the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from anydsl.checker.engine import check_module
from anydsl.checker.report import concise
from anydsl.design.modules import Library
from anydsl.language import tree
from anydsl.language.lexer import tokens
from anydsl.language.parser import MOST_MISTAKES, Parsed, parse
from anydsl.language.source import Source
from tests.language.test_parser import nodes
from tests.strategies import networks

CASES = Path(__file__).parents[1] / "cases" / "errors"
FRAGMENTS = [
    *("anynet 1\n", "net N {\n", "stage s1 { d = 1, w = 8 }\n", "block b(w, s = 1) {", "f(", "x"),
    *("a = 1\n", "b ~ f(1..2)\n", "require ", "prefer", "waive", ' because "x"', "because", "step"),
    *("from", "import", ' "text" ', '"', "extends", "if", "else", "and", "or", "not", "in", "1x2"),
    *("= ", "== ", "< ", "~", "-> ", "..", ".", "+", "-", "*", "//", "/", "%", ",", ";", ":", "!"),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        " ",
        "# comment",
        "## doc\n",
        "0.5",
    ),
    *("400M", "1e99", "\x00", "\ufeff", "é", "😀", "\u2028", "\x0b", "'", "a1", "_", "9" * 30),
]


def read(text: str) -> Parsed:
    """Parse any text, and hold the result to what is true of all texts."""
    parsed = parse(Source("x", text))
    assert isinstance(parsed.file, tree.File)
    starts = [d.at.start for d in parsed.diagnostics]
    assert starts == sorted(starts)
    assert len(starts) <= MOST_MISTAKES + 1
    for d in parsed.diagnostics:
        assert 0 <= d.at.start <= d.at.end <= len(text) + 1
        assert d.message
        assert "_NL" not in d.message + d.help
        assert "$" not in d.message.replace("`$", "") or "$" in text
        assert d.message.isprintable()
    broken = 0
    for node in nodes(parsed.file):
        assert 0 <= node.span.start <= node.span.end <= len(text)
        broken += isinstance(node, tree.Broken)
    assert bool(parsed.diagnostics) or not broken
    return parsed


@given(st.text())
def test_any_text_gives_a_tree(text: str) -> None:
    read(text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40))
def test_any_fragments_give_a_tree(fragments: list[str]) -> None:
    read("".join(fragments))


@st.composite
def mutated(draw: DrawFn) -> str:
    """A valid text with a few tokens deleted, inserted, doubled or swapped, or cut short."""
    text = draw(networks())
    for _ in range(draw(st.integers(1, 4))):
        places = [(a, b) for _, a, b in tokens(text)]
        if not places:
            break
        (a, b), (c, d) = sorted([draw(st.sampled_from(places)), draw(st.sampled_from(places))])
        match draw(st.integers(0, 5)):
            case 0:
                text = text[:a] + text[b:]
            case 1:
                text = text[:a] + draw(st.sampled_from(FRAGMENTS)) + text[a:]
            case 2:
                text = text[:b] + text[a:b] + text[b:]
            case 3 if b <= c:
                text = text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]
            case 4:
                text = text[:a] + draw(st.text(max_size=3)) + text[b:]
            case _:
                text = text[:c] if draw(st.booleans()) else text[:a] + text[d:]
    return text


@given(mutated())
def test_mutations_of_valid_texts_give_a_tree(text: str) -> None:
    read(text)


@given(mutated())
def test_mutations_of_valid_texts_can_be_checked(text: str) -> None:
    check_module(Library().text(text))


# ------------------------------------------------------------------- what a mistake does not hide

NOTHING = [  # lines of which nothing is left
    *("b = ", "= 1", "a b c", "1 2", "?", "x = = 1", "x = 1 +", "x = (1", "x = [1, f(2", "f(a"),
    *("x = )", "require", "waive a because", "prefer a b", 'x = "abc', "x = a.", "else 1", "a ~"),
    *("net", "x = (1]", "x = f(a b)", "x = f(, 1)", "x y(a", "x = 1 if 2", "é = 1", "x = ((()"),
    *("from x import y", "x = { a, b }", "x = f(1..2, [3, 4)", "x[1..2", "// x", "prefer a, = 2"),
]
SOMETHING = ["x = 1 < 2 <", "& { x = 1 }", "x {", "x }", "stage 2", "x = 1 2", "x = 1;", "x = 1]"]


@given(st.data(), networks(remarks=False), st.lists(st.sampled_from(NOTHING[:-1]), min_size=1))
def test_a_line_that_can_not_be_read_hides_no_other(
    data: st.DataObject, text: str, broken: list[str]
) -> None:
    lines = text.split("\n")[:-1]
    expected = parse(Source("x", text)).file.statements
    inserted: set[int] = set()
    for line in broken:
        places = [n for n, x in enumerate(lines) if n > 0 and not _continued(lines, n)]
        at = data.draw(st.sampled_from(places))
        indent = len(lines[at]) - len(lines[at].lstrip()) if lines[at].strip() != "}" else 2
        inserted = {n + (n >= at) for n in inserted} | {at}
        lines.insert(at, " " * indent + line)
    parsed = parse(Source("x", "\n".join(lines) + "\n"))
    assert without_broken(parsed.file.statements) == without_docs(expected)
    found = [d.position[1] - 1 for d in parsed.diagnostics]
    assert set(found) == inserted
    assert len(found) == len(inserted)


def _continued(lines: list[str], place: int) -> bool:
    """Whether a line goes on with an expression, or a statement with it."""
    return lines[place].lstrip().startswith(("->", "# the picture", "-")) or not lines[place]


def without_broken(statements: tuple[tree.Statement, ...]) -> tuple[tree.Statement, ...]:
    kept = tuple(s for s in statements if not isinstance(s, tree.Broken))
    return tuple(
        s.replace(body=without_broken(s.body), doc="") if isinstance(s, tree.Block) else s
        for s in kept
    )


without_docs = without_broken


@pytest.mark.parametrize("line", NOTHING + SOMETHING)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_one_mistake_gives_one_message(line: str, end: str) -> None:
    text = f"anynet 1\na = 1\nn {{\n  b = 2\n  {line}\n  c = 3\n  m {{ d = 4 }}\n}}\ne = 5\n"
    parsed = read(text.replace("\n", end))
    assert [d.position[1] for d in parsed.diagnostics] == [5], [
        d.concise() for d in parsed.diagnostics
    ]
    names = [n.name.text for n in nodes(parsed.file) if isinstance(n, tree.Assign)]
    assert [n for n in names if n != "x"] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "  # why\n"])
def test_lines_that_go_on_with_an_arrow_belong_to_what_is_broken(end: str) -> None:
    parsed = read("a = conv(w 3)\n  -> bn\n  -> relu\nb = 2\n".replace("\n", end))
    assert [d.at.text for d in parsed.diagnostics] == ["3"]
    broken, kept = parsed.file.statements
    assert isinstance(broken, tree.Broken)
    assert isinstance(kept, tree.Assign)


def test_what_is_broken_keeps_its_first_word_and_its_body() -> None:
    text = "n {\n  g = \n  stage 2 { d = 1 }\n  = 3\n}\n"
    (block,) = parse(Source("x", text)).file.statements
    assert isinstance(block, tree.Block)
    words = [(s.word, len(s.body)) for s in block.body if isinstance(s, tree.Broken)]
    assert words == [("g", 0), ("stage", 1), ("", 0)]


def test_a_statement_that_is_whole_before_the_mistake_is_kept() -> None:
    (block,) = parse(Source("x", "n { a = 1 2, b = 3 c = 4; d = 5 }")).file.statements
    assert isinstance(block, tree.Block)
    kept = {s.name.text: s.value for s in block.body if isinstance(s, tree.Assign)}
    assert {k: v.value for k, v in kept.items()} == {"a": 1, "b": 3, "c": 4, "d": 5}


# ------------------------------------------------------------------------------- whole files


@pytest.mark.parametrize("path", sorted(CASES.glob("*.anynet")), ids=lambda path: path.stem)
def test_messages_of_a_file(path: Path, golden: Callable[[Path, str], None]) -> None:
    text = path.read_bytes().decode("utf-8")
    found = check_module(Library().text(text, path.name))
    golden(path.with_suffix(".expected"), concise(found))


def test_there_are_cases_and_no_golden_is_left_over() -> None:
    cases = {path.stem for path in CASES.glob("*.anynet")}
    assert len(cases) >= 5
    assert {path.stem for path in CASES.glob("*.expected")} <= cases


@pytest.mark.parametrize("name", ["nine_in_a_net", "nine_of_all_sorts"])
def test_nine_mistakes_get_nine_messages(name: str) -> None:
    path = CASES / f"{name}.anynet"
    found = check_module(Library().text(path.read_text(encoding="utf-8"), path.name))
    assert len(found) == 9
    assert len({d.position[1] for d in found}) == 9


@pytest.mark.parametrize("rule", ["require", "prefer", "waive"])
def test_a_rule_right_behind_a_body(rule: str) -> None:
    """The body stands; once, the parser fell back into it and never came to the end of the file."""
    found = read(f"net A {{}}{rule}").diagnostics
    assert [d.message for d in found] == [
        f"expected the end of the line after `}}`, found `{rule}`"
    ]


# --------------------------------------------------------------------------- long broken texts


@pytest.mark.parametrize(
    "piece",
    ["(", "f(\n", ",", "{", "}\n", "a = \n", "a = [1,\n", "}{", '"\n', "a=1;", "n { b, ", "- "],
)
def test_long_broken_texts_are_read(piece: str) -> None:
    """The time is linear in the length; a quadratic parser would take minutes here."""
    parsed = read(piece * (100_000 // len(piece)))
    assert 1 <= len(parsed.diagnostics) <= MOST_MISTAKES + 1


def test_no_more_mistakes_are_listed_than_anyone_reads() -> None:
    found: list[Any] = read("a = \n" * (MOST_MISTAKES + 5)).diagnostics
    assert len(found) == MOST_MISTAKES + 1
    assert "are not listed" in found[-1].message
    assert len(read("a = 1e99\n" * (MOST_MISTAKES + 5)).diagnostics) == MOST_MISTAKES
