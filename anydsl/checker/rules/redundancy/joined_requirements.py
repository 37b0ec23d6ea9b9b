"""Requirements that are two in one."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.editing import commented
from anydsl.checker.rule import SAFE, Declaration, DeclarationRule, Remark
from anydsl.checker.uses import waives_and
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Edit, Fix
from anydsl.language.source import Span

_JOINED = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = plain
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 1, w = 32 }
  }
  head { classes = 10 }

  require params <= 100K and flops <= 10M because "a watch is small"
}
"""
_SPLIT = _JOINED.replace(
    "require params <= 100K and flops <= 10M because",
    'require params <= 100K because "a watch is small"\n  require flops <= 10M because',
)


class JoinedRequirements(DeclarationRule):
    """A `require` with `and` should be two.

    ## Why
    Each of two requirements can be waived, changed and taken out by itself, has its own reason and
    its own line in what is reported.

    ## Example
    ```anynet
    require params <= 100K and flops <= 10M
    ```

    ## Use instead
    ```anynet
    require params <= 100K
    require flops <= 10M
    ```

    ## Fix
    Safe: the requirement is split, and both keep the reason. There is none where the file waives a
    rule with `and`: such a waiver takes back the whole.
    """

    name, code, severity, fix = "joined_requirements", "R007", WARNING, SAFE
    failing = (_JOINED,)
    fixed = (_SPLIT,)
    passing = (_SPLIT, _JOINED.replace(" and ", " or "))

    def check(self, subject: Declaration) -> Iterable[Remark]:
        """Look for `and` at the top of each requirement."""
        for statement in subject.block.body:
            if not isinstance(statement, tree.Requirement) or statement.kind != "require":
                continue
            if _joined(statement.predicate):
                parts = _parts(statement.predicate)
                message = f"this `require` is {len(parts)} in one"
                whole = waives_and(subject.module)
                fixes = () if whole else _split(statement, parts)
                yield Remark(statement.predicate.span, message, fixes=fixes)


def _joined(expr: tree.Expr) -> bool:
    return isinstance(expr, tree.Logic) and expr.operator == "and"


def _parts(expr: tree.Expr) -> list[tree.Expr]:
    """What `and` joins, in order, without going into itself: chains may be long."""
    found: list[tree.Expr] = []
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tree.Logic) and part.operator == "and":
            waiting += [part.right, part.left]
        else:
            found.append(part)
    return found


def _split(statement: tree.Requirement, parts: list[tree.Expr]) -> tuple[Fix, ...]:
    source = statement.span.source
    start, end = statement.span.start, statement.span.end
    if commented(source, start, end):
        return ()
    line = source.text.rfind("\n", 0, start) + 1
    before = source.text[line:start]
    separator = f"\n{before}" if not before.strip() else ", "
    reason = f" because {statement.because.span.text}" if statement.because else ""
    texts = [f"require {_bracketed(part)}{reason}" for part in parts]
    edit = Edit(Span(source, start, end), separator.join(texts))
    return (Fix("split it", (edit,), safe=True),)


def _bracketed(expr: tree.Expr) -> str:
    """An expression as it is written, without the brackets that kept it apart."""
    return expr.span.text
