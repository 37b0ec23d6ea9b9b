"""Imported names that the file does nothing with."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.editing import take_out
from anydsl.checker.rule import SAFE, FileRule, Remark
from anydsl.checker.uses import used
from anydsl.design.modules import Module
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Edit, Fix
from anydsl.language.source import Span

_UNUSED = """anynet 1

from "std:d2l/regnetx32" import RegNetX32, fashion

net Wider extends RegNetX32 {
  head { classes = 100 }
}
"""
_ALL = _UNUSED.replace("RegNetX32, fashion", "fashion").replace(
    "extends RegNetX32 {\n",
    """{
  input = 3x32x32
  stem { w = 16 }
  body {
    block = plain
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 1, w = 32 }
  }
""",
)


class UnusedImport(FileRule):
    """An imported name should be used.

    ## Why
    An import ties a file to another one, which is read and checked with it. Where nothing comes of
    it the tie only costs. A file that declares nothing itself is taken for one that passes names
    on, and left alone.

    ## Example
    ```anynet
    from "std:d2l/regnetx32" import RegNetX32, fashion
    net Wider extends RegNetX32 { head { classes = 100 } }
    ```

    ## Use instead
    ```anynet
    from "std:d2l/regnetx32" import RegNetX32
    net Wider extends RegNetX32 { head { classes = 100 } }
    ```

    ## Fix
    Safe: the name is taken out, and with the last name the import.
    """

    name, code, severity, fix = "unused_import", "R004", WARNING, SAFE
    failing = (_UNUSED, _ALL)
    fixed = (
        _UNUSED.replace(", fashion", ""),
        _ALL.replace('from "std:d2l/regnetx32" import fashion\n\n', ""),
    )
    passing = (
        _UNUSED.replace(", fashion", ""),
        'anynet 1\n\nfrom "std:d2l/regnetx32" import RegNetX32, fashion\n',
    )

    def check(self, subject: Module) -> Iterable[Remark]:
        """Look for each imported name among those that are used."""
        statements = subject.file.statements
        if all(isinstance(s, tree.Import) for s in statements):
            return
        names = used(subject)
        for statement in statements:
            if not isinstance(statement, tree.Import):
                continue
            idle = [name for name in statement.names if name.text not in names]
            whole = len(idle) == len(statement.names)
            for name in idle:
                fix = _without_all(statement) if whole else _without(statement, name)
                yield Remark(name.span, f"`{name.text}` is imported and not used", fixes=(fix,))


def _without_all(statement: tree.Import) -> Fix:
    edit, lost = take_out(statement.span)
    return Fix("take the import out", (edit,), not lost)


def _without(statement: tree.Import, name: tree.Name) -> Fix:
    """Take one of several names out, with the comma before or behind it."""
    place = statement.names.index(name)
    source = statement.span.source
    if place:
        at = Span(source, statement.names[place - 1].span.end, name.span.end)
    else:
        at = Span(source, name.span.start, statement.names[1].span.start)
    return Fix(f"take `{name.text}` out", (Edit(at, ""),), safe=True)
