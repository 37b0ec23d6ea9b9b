"""Declarations that extend another one and change nothing."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.rule import Declaration, DeclarationRule, Remark
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Label

_IDLE = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = plain
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 1, w = 32 }
  }
  head { classes = 10 }
}

net B extends A {}
"""


class IdleExtends(DeclarationRule):
    """What extends another declaration should change something.

    ## Why
    A net that only has another name is the same net: what is trained and measured twice can't
    differ but by chance. `compile SPEC::NAME` reaches the other one as well, and an import names
    it. Settings that are written and equal the parent's are `repeated_setting`.

    ## Example
    ```anynet
    net A {
      body { block = plain, stage s1 { d = 1, w = 16 } }
    }
    net B extends A {}
    ```

    ## Use instead
    The parent itself, or a setting that makes the difference.
    """

    name, code, severity = "idle_extends", "R009", WARNING
    failing = (_IDLE,)
    passing = (_IDLE.replace("{}", "{ head { classes = 100 } }"),)

    def check(self, subject: Declaration) -> Iterable[Remark]:
        """Look for declarations that have a parent and no statements."""
        block = subject.block
        parent = subject.parent()
        if block.base is None or parent is None or not all(map(_says_nothing, block.body)):
            return
        kind, label = block.kind.text, block.label
        if kind == "net" and parent[1].kind.text == "space":
            return  # it fixes nothing because nothing is free: a member, shown to be one
        name = label.name.text if label is not None else kind
        message = f"{name} is {block.base.text} under another name: it changes nothing"
        yield Remark(block.base.span, message, (Label(parent[1].head, "what it extends"),))


def _says_nothing(statement: tree.Statement) -> bool:
    """Whether a statement is a waiver of a lint rule, and nothing of the design."""
    if not isinstance(statement, tree.Requirement) or statement.kind != "waive":
        return False
    return isinstance(statement.predicate, tree.Variable)
