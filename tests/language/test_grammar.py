"""The grammar is sound by Lark's own judgement, and our parser reads what Lark's reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark, Token
from lark.exceptions import LarkError

from anydsl.language import generate, tree
from anydsl.language.parser import parse
from anydsl.language.source import Source
from tests.strategies import mangled, networks

SPECS = sorted((Path(__file__).parents[2] / "specs").rglob("*.anynet"))
TEXT = generate.GRAMMAR.read_text(encoding="utf-8")
CONTINUED = r"""
CONTINUED.9: /(\r?\n|\r)([ \t\f]|#[^\r\n]*|\r?\n|\r)*(?=->)/
%ignore CONTINUED
"""


class Layout:
    """What the grammar leaves to the lexer: newlines in brackets, repeated ones, the last one."""

    always_accept = ("_NL", "NAME")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth, last = 0, "_NL"
        for token in stream:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.value, 0)
            if token.type == "_NL" and (depth or last == "_NL"):
                continue
            last = token.type
            yield token
        if last != "_NL":
            yield Token("_NL", "\n")


def larks(grammar: str = TEXT, **options: Any) -> Lark:
    chosen = {"parser": "lalr", "lexer": "contextual", "strict": True, "start": "file"} | options
    return Lark(grammar, maybe_placeholders=False, **chosen)


@pytest.fixture(scope="module")
def lark() -> Lark:
    return larks(TEXT + CONTINUED, postlex=Layout(), strict=False)


def of_lark(node: Any) -> Any:
    """A tree of Lark's as nested tuples; brackets that only group are not part of it."""
    if isinstance(node, Token):
        return str(node)
    if node.data == "parenthesized":
        return of_lark(node.children[0])
    return (str(node.data), *map(of_lark, node.children))


def of_ours(node: Any) -> Any:
    """The same of a tree of ours, in the words of the grammar."""
    name = type(node).__name__.lower()
    match node:
        case tree.File():
            header = [("header", node.edition.span.text)] if node.edition else []
            return ("file", *header, *map(of_ours, node.statements))
        case tree.Import():
            return ("import_", node.path.span.text, *map(of_ours, node.names))
        case tree.Requirement():
            because = [("because", node.because.span.text)] if node.because else []
            return (node.kind, of_ours(node.predicate), *because)
        case tree.Block():
            parts = [of_ours(node.kind)]
            parts += [of_ours(node.label)] if node.label else []
            parts += [("params", *map(of_ours, node.params))] if node.params is not None else []
            parts += [("extends", of_ours(node.base))] if node.base else []
            return ("block", *parts, ("body", *map(of_ours, node.body)))
        case tree.Name():
            return ("name", node.text)
        case tree.Variable():
            return ("variable", node.name)
        case tree.Number() | tree.Size() | tree.String():
            return (name, node.span.text)
        case tree.Attribute():
            return ("attribute", of_ours(node.value), node.name)
        case tree.Argument():
            value = of_ours(node.value)
            return ("keyword", of_ours(node.name), value) if node.name else value
        case tree.Binary():
            words = ("add", "subtract", "multiply", "divide", "floor_divide", "modulo")
            word = words[("+", "-", "*", "/", "//", "%").index(node.operator)]
            return (word, of_ours(node.left), of_ours(node.right))
        case tree.Logic():
            return (node.operator + "_", of_ours(node.left), of_ours(node.right))
        case tree.Compare(operator="in"):
            return ("in_", of_ours(node.left), of_ours(node.right))
        case tree.Compare():
            return ("compare", of_ours(node.left), node.operator, of_ours(node.right))
        case _:
            name = {"not": "not_"}.get(name, name)
            fields = [getattr(node, f) for f in type(node).__fields__ if f != "span"]
            parts = [x for f in fields for x in (f if isinstance(f, tuple) else (f,))]
            return (name, *(of_ours(x) for x in parts if x is not None))


def agree(lark: Lark, text: str) -> None:
    ours = parse(Source("x", text))
    assert ours.diagnostics == []
    assert of_ours(ours.file) == of_lark(lark.parse(text.removeprefix("\ufeff")))


# --------------------------------------------------------------------------------- the grammar


def test_the_grammar_has_no_conflict_and_no_colliding_terminals() -> None:
    larks()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("?sum       : product", '?sum: product\n | product "+" sum', "conflict"),
        ("?atom      : NAME", "WORD: /[a-z]+/\n?atom: WORD\n | NAME", "Collision"),
    ],
)
def test_a_conflict_or_a_collision_would_be_found(old: str, new: str, problem: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(LarkError, match=problem):
        larks(TEXT.replace(old, new))


def test_the_tables_are_current() -> None:
    assert generate.tables(generate.grammar()) == generate.TABLES.read_text(encoding="utf-8"), (
        "anydsl/language/tables.py is not current: make generate"
    )


# --------------------------------------------------------------------- the same as Lark's parser


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_read_as_lark_reads_them(lark: Lark, path: Path) -> None:
    agree(lark, path.read_text(encoding="utf-8"))


@given(data=st.data(), text=networks())
def test_networks_read_as_lark_reads_them(lark: Lark, data: st.DataObject, text: str) -> None:
    agree(lark, data.draw(mangled(text)))


EXPRESSIONS = [
    "a if b else c if d else e",
    "a -> b -> c(d = e -> f)",
    "x -> a if b or c -> d else y -> e",
    "not a == b and not (c or d) or e in 1..n - 1 step 2 * k",
    "-a * -b // c % d / e - -f + (g)",
    "f(a, b = 1, [1, 2,], [],)(c)(d).e.f",
    "3x224x224 + 1.5e-3K - 400M",
    "in_ + inner + notable + iffy + orb + android + elsewhere + stepsize + fromage",
    "f(step = step, because = because, in = not_in)",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_read_as_lark_reads_them(lark: Lark, text: str) -> None:
    agree(lark, f"a = {text}\n")
    agree(lark, f'n {{ require {text} because "y", prefer {text}\n }}')


# ----------------------------------------------------------------------------- words as names


def values(text: str) -> tuple[tree.Statement, ...]:
    parsed = parse(Source("x", text))
    assert parsed.diagnostics == []
    return parsed.file.statements


@pytest.mark.parametrize(
    "name",
    [
        "stepsize",
        "inner",
        "notable",
        "iffy",
        "orb",
        "andes",
        "elsewhere",
        "extendsx",
        "imports",
        "required",
    ],
)
def test_a_keyword_does_not_split_a_name(lark: Lark, name: str) -> None:
    for text in (f"{name} = 1\n", f"a = {name}\n", f"a = 1 + {name}\n", f"{name} {name} {{}}\n"):
        agree(lark, text)
    assert isinstance(values(f"a = {name}")[0], tree.Assign)


@pytest.mark.parametrize(
    "name", ["step", "if", "else", "and", "or", "not", "in", "because", "extends", "import"]
)
def test_a_keyword_is_a_name_where_it_can_not_be_one(name: str) -> None:
    (assign,) = values(f"{name} = 1")
    assert isinstance(assign, tree.Assign)
    assert assign.name.text == name
    if name != "not":
        (assign,) = values(f"schedule = {name}")
        assert isinstance(assign, tree.Assign)
        assert assign.value == tree.Variable(assign.value.span, name)


def test_step_is_both(lark: Lark) -> None:
    (assign,) = values("a = step..b step step")
    assert isinstance(assign, tree.Assign)
    assert isinstance(assign.value, tree.Range)
    assert isinstance(assign.value.step, tree.Variable)
    agree(lark, "a = lo..hi step 2\n")
