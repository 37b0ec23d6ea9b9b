"""What each finished rule of the grammar becomes: a node of the tree.

`Builder.BUILD` maps the names that the grammar gives its rules to methods; each gets the kept
children and the span of the rule.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from anydsl.language import tree
from anydsl.language.source import Source, Span
from anydsl.language.tables import PATTERNS

LARGEST = 2**63 - 1
_SCALES = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_LONGEST_NUMBER = 40
_WORD = re.compile(PATTERNS["NAME"])


class Builder:
    """Builds the nodes of one source; collects the numbers that are too large to hold."""

    def __init__(self, source: Source, docs: dict[int, str]) -> None:
        self.source = source
        self.docs = docs
        self.too_large: list[Span] = []

    def file(self, kids: list[Any], span: Span) -> tree.File:
        """Take the edition, where there is one, from the statements."""
        edition = kids.pop(0) if kids and isinstance(kids[0], tree.Number) else None
        return tree.File(span, self.source, edition, tuple(kids))

    def header(self, kids: list[Any], _span: Span) -> tree.Number:
        return self.number(kids, kids[0])

    def import_(self, kids: list[Any], span: Span) -> tree.Import:
        return tree.Import(span, self.string(kids[:1], kids[0]), tuple(kids[1:]))

    def name(self, kids: list[Any], span: Span) -> tree.Name:
        return tree.Name(span, kids[0].text)

    def assign(self, kids: list[Any], span: Span) -> tree.Assign:
        return tree.Assign(span, *kids)

    def draw(self, kids: list[Any], span: Span) -> tree.Draw:
        return tree.Draw(span, *kids)

    def require(self, kids: list[Any], span: Span) -> tree.Requirement:
        return tree.Requirement(span, "require", kids[0], kids[1] if len(kids) > 1 else None)

    def prefer(self, kids: list[Any], span: Span) -> tree.Requirement:
        return tree.Requirement(span, "prefer", kids[0], kids[1] if len(kids) > 1 else None)

    def waive(self, kids: list[Any], span: Span) -> tree.Requirement:
        return tree.Requirement(span, "waive", kids[0], kids[1] if len(kids) > 1 else None)

    def because(self, kids: list[Any], _span: Span) -> tree.String:
        return self.string(kids, kids[0])

    def error(self, kids: list[Any], span: Span) -> tree.Broken:
        word = _WORD.match(self.source.text, span.start)
        return tree.Broken(span, kids[1] if len(kids) > 1 else (), word[0] if word else "")

    def block(self, kids: list[Any], span: Span) -> tree.Block:
        label: tree.Label | None = None
        params: tuple[tree.Param, ...] | None = None
        base: tree.Name | None = None
        for kid in kids[1:-1]:
            match kid:
                case tree.Label():
                    label = kid
                case tree.Name():
                    base = kid
                case _:
                    params = kid
        doc = self.docs.get(span.start, "")
        return tree.Block(span, kids[0], label, params, base, kids[-1], doc)

    def label(self, kids: list[Any], span: Span) -> tree.Label:
        return tree.Label(span, kids[0], kids[1] if len(kids) > 1 else None)

    def extends(self, kids: list[Any], _span: Span) -> tree.Name:
        return kids[0]

    def params(self, kids: list[Any], _span: Span) -> tuple[Any, ...]:
        return tuple(kids)

    def param(self, kids: list[Any], span: Span) -> tree.Param:
        return tree.Param(span, kids[0], kids[1] if len(kids) > 1 else None)

    def body(self, kids: list[Any], _span: Span) -> tuple[Any, ...]:
        return tuple(kids)

    def conditional(self, kids: list[Any], span: Span) -> tree.Conditional:
        return tree.Conditional(span, *kids)

    def pipe(self, kids: list[Any], span: Span) -> tree.Pipe:
        return tree.Pipe(span, *kids)

    def or_(self, kids: list[Any], span: Span) -> tree.Logic:
        return tree.Logic(span, "or", *kids)

    def and_(self, kids: list[Any], span: Span) -> tree.Logic:
        return tree.Logic(span, "and", *kids)

    def not_(self, kids: list[Any], span: Span) -> tree.Not:
        return tree.Not(span, *kids)

    def compare(self, kids: list[Any], span: Span) -> tree.Compare:
        return tree.Compare(span, kids[1].text, kids[0], kids[2])

    def in_(self, kids: list[Any], span: Span) -> tree.Compare:
        return tree.Compare(span, "in", *kids)

    def range(self, kids: list[Any], span: Span) -> tree.Range:
        return tree.Range(span, kids[0], kids[1], kids[2] if len(kids) > 2 else None)

    def add(self, kids: list[Any], span: Span) -> tree.Binary:
        return tree.Binary(span, "+", *kids)

    def subtract(self, kids: list[Any], span: Span) -> tree.Binary:
        return tree.Binary(span, "-", *kids)

    def multiply(self, kids: list[Any], span: Span) -> tree.Binary:
        return tree.Binary(span, "*", *kids)

    def divide(self, kids: list[Any], span: Span) -> tree.Binary:
        return tree.Binary(span, "/", *kids)

    def floor_divide(self, kids: list[Any], span: Span) -> tree.Binary:
        return tree.Binary(span, "//", *kids)

    def modulo(self, kids: list[Any], span: Span) -> tree.Binary:
        return tree.Binary(span, "%", *kids)

    def negate(self, kids: list[Any], span: Span) -> tree.Negate:
        return tree.Negate(span, *kids)

    def attribute(self, kids: list[Any], span: Span) -> tree.Attribute:
        return tree.Attribute(span, kids[0], kids[1].text)

    def call(self, kids: list[Any], span: Span) -> tree.Call:
        arguments = tuple(
            kid if isinstance(kid, tree.Argument) else tree.Argument(kid.span, None, kid)
            for kid in kids[1:]
        )
        return tree.Call(span, kids[0], arguments)

    def keyword(self, kids: list[Any], span: Span) -> tree.Argument:
        return tree.Argument(span, *kids)

    def parenthesized(self, kids: list[Any], _span: Span) -> tree.Expr:
        return kids[0]

    def list(self, kids: list[Any], span: Span) -> tree.List:
        return tree.List(span, tuple(kids))

    def variable(self, kids: list[Any], span: Span) -> tree.Variable:
        return tree.Variable(span, kids[0].text)

    def string(self, kids: list[Any], _span: Span) -> tree.String:
        return tree.String(kids[0], kids[0].text[1:-1])

    def size(self, kids: list[Any], span: Span) -> tree.Size:
        dims = kids[0].text.split("x")
        if any(len(dim) > _LONGEST_NUMBER or int(dim) > LARGEST for dim in dims):
            self.too_large.append(span)
            return tree.Size(span, (1,) * len(dims))
        return tree.Size(span, tuple(map(int, dims)))

    def number(self, kids: list[Any], span: Span) -> tree.Number:
        text = kids[0].text
        if text.isdigit() and len(text) < 18:
            return tree.Number(span, int(text))
        mantissa, exponent, scale = text, 0, 1
        if text[-1] in _SCALES:
            mantissa, scale = text[:-1], _SCALES[text[-1]]
        mantissa, _, power = mantissa.lower().partition("e")
        if len(mantissa) > _LONGEST_NUMBER or len(power) > 4:
            self.too_large.append(span)
            return tree.Number(span, 0)
        exponent = int(power or 0)
        if abs(exponent) > _LONGEST_NUMBER:
            self.too_large.append(span)
            return tree.Number(span, 0)
        value = Fraction(mantissa) * Fraction(10) ** exponent * scale
        if value > LARGEST:
            self.too_large.append(span)
            return tree.Number(span, 0)
        return tree.Number(span, int(value) if value.denominator == 1 else value)
