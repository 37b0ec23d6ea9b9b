"""What a valid text is read as: where each node stands, what it holds, and how far limits go."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anydsl.language import tree
from anydsl.language.builder import LARGEST
from anydsl.language.complaints import TOO_LARGE
from anydsl.language.parser import DEEPEST, DEEPEST_BODY, Parsed, parse
from anydsl.language.record import Record
from anydsl.language.source import Source
from tests.strategies import mangled, networks

SPECS = sorted((Path(__file__).parents[2] / "specs").rglob("*.anynet"))


def read(text: str) -> tuple[tree.Statement, ...]:
    parsed = parse(Source("x", text))
    assert parsed.diagnostics == []
    return parsed.file.statements


def value(text: str) -> Any:
    (assign,) = read(f"a = {text}")
    assert isinstance(assign, tree.Assign)
    return assign.value


def nodes(node: Any) -> Iterator[Any]:
    """A node and all beneath it."""
    if isinstance(node, tuple):
        for item in node:
            yield from nodes(item)
    elif isinstance(node, Record) and "span" in type(node).__fields__:
        yield node
        for child in children(node):
            yield from nodes(child)


def children(node: Any) -> list[Any]:
    fields = [getattr(node, f) for f in type(node).__fields__ if f != "span"]
    return [x for f in fields for x in (f if isinstance(f, tuple) else (f,)) if hasattr(x, "span")]


# ---------------------------------------------------------------------------------- positions


def check_positions(parsed: Parsed) -> None:
    assert parsed.diagnostics == []
    for node in nodes(parsed.file):
        inner = [child.span for child in children(node)]
        assert all(node.span.start <= s.start <= s.end <= node.span.end for s in inner), node
        if not isinstance(node, tree.File):
            assert node.span.text == node.span.text.strip(" \t\f\r\n\ufeff"), node
            assert again(node) == node


def again(node: Any) -> Any:
    """What the text of a node's span is read as by itself."""
    text = node.span.text
    match node:
        case tree.Name():
            return tree.Name(node.span, text)
        case tree.Argument():
            return value(f"f({text})").arguments[0]
        case tree.Param():
            return read(f"block b({text}) {{}}")[0].params[0]
        case tree.Label():
            return read(f"stage {text} {{}}")[0].label
        case tree.Block():
            assert node.span.text.startswith(node.head.text)
            assert node.span.text[len(node.head.text) :].lstrip(" \t\f\r\n").startswith("{")
            return read(text)[0].replace(doc=node.doc)
        case tree.Assign() | tree.Draw() | tree.Requirement() | tree.Import():
            return read(text)[0]
        case _:
            return value(f"({text})")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_node_of_the_specs_knows_its_place(path: Path) -> None:
    check_positions(parse(Source(str(path), path.read_text(encoding="utf-8"))))


@given(data=st.data(), text=networks())
def test_every_node_knows_its_place(data: st.DataObject, text: str) -> None:
    check_positions(parse(Source("x", data.draw(mangled(text)))))


def test_spans_of_a_block() -> None:
    text = "## Doc.\nblock b(w, s = (1) , # )\n) {\n  out = (x) -> f(a.b , k = [1]) [0]\n}\n"
    text = text.replace(" [0]", "")
    (block,) = read(text)
    assert isinstance(block, tree.Block)
    assert block.head.text == "block b(w, s = (1) , # )\n)"
    assert block.span.text == text[8:-1]
    assert [p.span.text for p in block.params or ()] == ["w", "s = (1)"]
    (out,) = block.body
    assert isinstance(out, tree.Assign)
    spans = [node.span.text for node in nodes(out.value)]
    whole = "(x) -> f(a.b , k = [1])"
    call = ["f(a.b , k = [1])", "f", "a.b", "a.b", "a", "k = [1]", "k", "[1]", "1"]
    assert spans == [whole, "x", *call]


def test_heads() -> None:
    heads = {
        "net N {}": "net N",
        "body {}": "body",
        "stage s[1 .. 4 ] { }": "stage s[1 .. 4 ]",
        "net N extends Base{}": "net N extends Base",
        "block b( ) {}": "block b( )",
        "block b(w) extends c {}": "block b(w) extends c",
    }
    for text, head in heads.items():
        (block,) = read(text)
        assert isinstance(block, tree.Block)
        assert block.head.text == head


# ------------------------------------------------------------------------------ lines and files

THREE = [
    "anynet 1",
    "",
    "a = 1  # one",
    "net N {",
    "  b = [1,",
    "    2]",
    "  c = x",
    "    -> y",
    "}",
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_say_nothing(end: str, last: bool, mark: str) -> None:
    text = mark + end.join(THREE) + (end if last else "")
    expected = read("\n".join(THREE))
    assert read(text) == expected
    block = read(text)[1]
    assert block.span.source.position(block.span.start) == (4, 1)
    assert block.span.source.position(block.span.end) == (9, 2)


@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n", "# only a comment", "\ufeff", " \t\f"])
def test_a_file_may_say_nothing(text: str) -> None:
    assert read(text) == ()


def test_the_edition() -> None:
    file = parse(Source("x", "# first\n\nanynet 2\n")).file
    assert file.edition == tree.Number(file.span, 2)
    assert file.edition is not None
    assert file.edition.span.text == "2"
    assert parse(Source("x", "a = 1")).file.edition is None


def test_comments_stand_anywhere() -> None:
    text = """# a
anynet 1 # b
net N # c { (
{ # d
  a = [ # e ]
    # f
    1, # g
    2 # h
  ] # i
  b = x # j
  # k

    # l
    -> y # m
  c = "# no comment" # n "
# o
} # p
# q"""
    assert read(text.replace("N # c { (\n", "N ")) == read(
        'anynet 1\nnet N { a = [1, 2], b = x -> y, c = "# no comment" }'
    )


def test_where_a_statement_ends() -> None:
    expected = read("n {\n a = 1\n b = 2\n}")
    for text in ("n { a = 1, b = 2 }", "n { a = 1, b = 2, }", "n {\n\na = 1,\n\n\nb = 2\n}"):
        assert read(text) == expected
    assert read("a = (\n1\n)\n") == read("a = (1)")
    assert parse(Source("x", "a = 1, b = 2")).diagnostics


# ------------------------------------------------------------------------------- doc comments


@pytest.mark.parametrize(
    ("text", "doc"),
    [
        ("## A.\nnet N {}", "A."),
        ("##A.\n\t##  B.  \n  net N {}", "A.\nB."),
        ("x = 1\n## A.\r\n##\r\n### B.\r\nnet N {}", "A.\n\nB."),
        ("\ufeff## A.\rnet N {}", "A."),
        ("# no\n## A. # b ## c\nnet N {}", "A. # b ## c"),
        ("## A.\n\nnet N {}", ""),
        ("## A.\n# no\nnet N {}", ""),
        ("# no\nnet N {}", ""),
        ("x = 1  ## no\nnet N {}", ""),
        ('x = "\\n## no"\nnet N {}', ""),
    ],
)
def test_docs(text: str, doc: str) -> None:
    block = read(text)[-1]
    assert isinstance(block, tree.Block)
    assert block.doc == doc


def test_a_doc_belongs_to_one_statement() -> None:
    (net,) = read("## Net.\nnet N { body { stage s {}, ## no\n ## B.\n stage t {} } }")
    assert isinstance(net, tree.Block)
    assert [b.doc for b in nodes(net) if isinstance(b, tree.Block)] == ["Net.", "", "", "B."]


# -------------------------------------------------------------------------------- exact values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16", 16),
        ("0", 0),
        ("007", 7),
        ("0.25", Fraction(1, 4)),
        ("2.50", Fraction(5, 2)),
        ("0.1", Fraction(1, 10)),
        ("1.0", 1),
        ("5e-5", Fraction(1, 20000)),
        ("1E+2", 100),
        ("400M", 400_000_000),
        ("1.5K", 1500),
        ("0.0001K", Fraction(1, 10)),
        ("1e-3G", 1_000_000),
        ("2T", 2 * 10**12),
        ("9223372036854775807", LARGEST),
        ("123456789012345678", 123456789012345678),
    ],
)
def test_numbers_are_exact(text: str, expected: int | Fraction) -> None:
    number = value(text)
    assert number == tree.Number(number.span, expected)
    assert type(number.value) is type(expected)


@given(st.fractions(min_value=0, max_value=10**9, max_denominator=1))
def test_whole_numbers(number: Fraction) -> None:
    assert value(str(number)).value == number


@given(st.decimals(min_value=0, max_value=10**9, places=8))
def test_decimals(number: Any) -> None:
    assert value(f"{number:f}").value == Fraction(number)


def test_sizes_and_texts() -> None:
    assert value("3x224x224").dims == (3, 224, 224)
    assert value("96x96").dims == (96, 96)
    assert value('"a # b, \\ é"').value == "a # b, \\ é"
    assert value('""').value == ""


# ---------------------------------------------------------------------------------- precedence


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a if b else c if d else e", "a if b else (c if d else e)"),
        ("a -> b if c -> d else e -> f", "(a -> b) if (c -> d) else (e -> f)"),
        ("a or b -> c or d", "(a or b) -> (c or d)"),
        ("a -> b -> c", "(a -> b) -> c"),
        ("a or b and c or d", "(a or (b and c)) or d"),
        ("not a and not not b", "(not a) and (not (not b))"),
        ("not a == b", "not (a == b)"),
        ("a < b and c in d", "(a < b) and (c in d)"),
        ("a in b..c step d", "a in (b..c step d)"),
        ("a .. b + c step d - e", "a..(b + c) step (d - e)"),
        ("a + b - c", "(a + b) - c"),
        ("a - b * c", "a - (b * c)"),
        ("a / b * c // d % e", "(((a / b) * c) // d) % e"),
        ("-a * -b", "(-a) * (-b)"),
        ("- - a.b(c)", "-(-((a.b)(c)))"),
        ("a.b.c(d)(e).f", "((((a.b).c)(d))(e)).f"),
        ("a + b < c * d", "(a + b) < (c * d)"),
    ],
)
def test_precedence(text: str, grouped: str) -> None:
    assert value(text) == value(grouped)


# --------------------------------------------------------------------------------------- limits


def faults(text: str) -> list[tuple[str, int]]:
    found = parse(Source("x", text)).diagnostics
    assert all(d.kind is TOO_LARGE for d in found)
    return [(d.message, d.at.start) for d in found]


@pytest.mark.parametrize(
    "number",
    [
        "9223372036854775808",
        "9223372036855e6",
        "9.3e18",
        "1e41",
        "1e-41",
        "1e99999",
        "9999999999T",
        "1" * 5000,
        "0." + "1" * 5000,
        "1x9223372036854775808",
        "1x" + "9" * 5000,
    ],
)
def test_numbers_have_a_limit(number: str) -> None:
    limit = f"this number is beyond the limit of {LARGEST:,}"
    assert faults(f"a = 1\nb = [{number}]\n") == [(limit, 11)]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("[", "]"), ("f(", ")"), ("-", ""), ("not ", ""), ("1 + ", ""), ("x -> ", "")],
)
def test_nesting_has_a_limit(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return f"a = {opening * depth}1{closing * depth}\nb = 2\n"

    assert faults(nested(DEEPEST)) == []
    parsed = parse(Source("x", nested(DEEPEST + 1)))
    assert [d.kind for d in parsed.diagnostics] == [TOO_LARGE]
    assert f"{DEEPEST} operators and brackets" in parsed.diagnostics[0].message
    assert isinstance(parsed.file.statements[-1], tree.Assign)


def test_lists_and_statements_may_be_long() -> None:
    assert len(value(f"[{'1 + 2, ' * 5000}]").items) == 5000
    assert len(read("a = 1 + 2\n" * 5000)) == 5000
    assert len(read("n { a = 1 }\n" * 5000)) == 5000


def test_bodies_have_a_limit() -> None:
    def nested(depth: int) -> str:
        return "a { " * depth + "b = 1" + " }" * depth + "\nc = 2\n"

    assert faults(nested(DEEPEST_BODY)) == []
    parsed = parse(Source("x", nested(DEEPEST_BODY + 1)))
    assert [d.kind for d in parsed.diagnostics] == [TOO_LARGE]
    assert isinstance(parsed.file.statements[-1], tree.Assign)
