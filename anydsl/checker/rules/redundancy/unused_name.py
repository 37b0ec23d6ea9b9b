"""Constants that nothing uses."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.editing import take_out
from anydsl.checker.rule import UNSAFE, FileRule, Remark
from anydsl.checker.uses import designs, used
from anydsl.design.modules import Module
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Fix

_UNUSED = """anynet 1

width = 16

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
"""


class UnusedName(FileRule):
    """A constant should be used.

    ## Why
    A constant is there to be changed. Whoever changes one that nothing uses waits for an effect in
    vain. Files without nets, spaces and studies are libraries of names for others, and are left
    alone.

    ## Example
    ```anynet
    width = 16
    net A {
      stem { w = 16 }
    }
    ```

    ## Use instead
    ```anynet
    width = 16
    net A {
      stem { w = width }
    }
    ```

    ## Fix
    Unsafe: the constant is taken out; the networks of the file stay the same, but another file may
    import it.
    """

    name, code, severity, fix = "unused_name", "R005", WARNING, UNSAFE
    failing = (_UNUSED,)
    fixed = (_UNUSED.replace("width = 16\n\n", ""),)
    passing = (_UNUSED.replace("stem { w = 16 }", "stem { w = width }"), "anynet 1\n\nwidth = 16\n")

    def check(self, subject: Module) -> Iterable[Remark]:
        """Look for each constant among the names that are used."""
        if not designs(subject):
            return
        names = used(subject)
        for statement in subject.file.statements:
            if isinstance(statement, tree.Assign) and statement.name.text not in names:
                edit, _ = take_out(statement.span)
                fix = Fix("take the constant out", (edit,), safe=False)
                message = f"the constant `{statement.name.text}` is not used"
                yield Remark(statement.name.span, message, fixes=(fix,))
