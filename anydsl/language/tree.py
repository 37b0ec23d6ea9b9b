"""The syntax tree: what is said, word for word. Every node knows where it was written.

The sets of statements and expressions are closed: a `match` over them ends in `assert_never`.
"""

from __future__ import annotations

import re
from fractions import Fraction

from anydsl.language.record import Record
from anydsl.language.source import Source, Span

_CLOSING = re.compile(r"(?:[^)#]|#[^\r\n]*)*\)")  # up to the end of the parameters


class Name(Record):
    """A word where it stands."""

    span: Span
    text: str


# ------------------------------------------------------------------------------- expressions


class Number(Record):
    """`16`, `0.25`, `5e-5`, `400M`: always exact."""

    span: Span
    value: int | Fraction


class Size(Record):
    """`96x96` or `3x224x224`."""

    span: Span
    dims: tuple[int, ...]


class String(Record):
    """Text in double quotes."""

    span: Span
    value: str


class Variable(Record):
    """A bare name."""

    span: Span
    name: str


class Attribute(Record):
    """`value.name`."""

    span: Span
    value: Expr
    name: str


class Argument(Record):
    """One argument of a call; `name` is None for a positional one."""

    span: Span
    name: Name | None
    value: Expr


class Call(Record):
    """`callee(arguments)`."""

    span: Span
    callee: Expr
    arguments: tuple[Argument, ...]


class List(Record):
    """`[a, b]`."""

    span: Span
    items: tuple[Expr, ...]


class Range(Record):
    """`low..high step step`, both ends included."""

    span: Span
    low: Expr
    high: Expr
    step: Expr | None


class Negate(Record):
    """`-value`."""

    span: Span
    value: Expr


class Binary(Record):
    """Arithmetic: `+ - * / // %`."""

    span: Span
    operator: str
    left: Expr
    right: Expr


class Compare(Record):
    """`left operator right` with one of `< <= == != >= > in`."""

    span: Span
    operator: str
    left: Expr
    right: Expr


class Logic(Record):
    """`left and right`, `left or right`."""

    span: Span
    operator: str
    left: Expr
    right: Expr


class Not(Record):
    """`not value`."""

    span: Span
    value: Expr


class Pipe(Record):
    """`value -> operation`."""

    span: Span
    value: Expr
    operation: Expr


class Conditional(Record):
    """`then if condition else otherwise`."""

    span: Span
    then: Expr
    condition: Expr
    otherwise: Expr


Expr = (
    Number
    | Size
    | String
    | Variable
    | Attribute
    | Call
    | List
    | Range
    | Negate
    | Binary
    | Compare
    | Logic
    | Not
    | Pipe
    | Conditional
)

# -------------------------------------------------------------------------------- statements


class Import(Record):
    """`from "path" import a, b`."""

    span: Span
    path: String
    names: tuple[Name, ...]


class Assign(Record):
    """`name = value`."""

    span: Span
    name: Name
    value: Expr


class Draw(Record):
    """`name ~ distribution`."""

    span: Span
    name: Name
    value: Expr


class Requirement(Record):
    """`require …`, `prefer …` or `waive …`, each with `because "…"` or without."""

    span: Span
    kind: str
    predicate: Expr
    because: String | None


class Param(Record):
    """A parameter of a block; `default` is None where it has to be given."""

    span: Span
    name: Name
    default: Expr | None


class Label(Record):
    """`s1`, or `s[1..4]` with the places that it stands for: a range, if the spec is right."""

    span: Span
    name: Name
    places: Expr | None


class Block(Record):
    """`kind label(params) extends base { body }`."""

    span: Span
    kind: Name
    label: Label | None
    params: tuple[Param, ...] | None
    base: Name | None
    body: tuple[Statement, ...]
    doc: str

    @property
    def head(self) -> Span:
        """All of it before the body."""
        last = self.base or (self.params[-1] if self.params else self.label or self.kind)
        end = last.span.end
        if self.params is not None and self.base is None:
            closing = _CLOSING.match(self.span.source.text, end)
            end = closing.end() if closing else end
        return Span(self.span.source, self.span.start, end)


class Broken(Record):
    """What could not be read, and the body that followed it, if one did.

    `word` is the name that it begins with, so that nobody calls missing what is only broken.
    """

    span: Span
    body: tuple[Statement, ...]
    word: str = ""


Statement = Import | Assign | Draw | Requirement | Block | Broken


class File(Record):
    """A whole file; `edition` is None where the first line does not name one."""

    span: Span
    source: Source
    edition: Number | None
    statements: tuple[Statement, ...]
