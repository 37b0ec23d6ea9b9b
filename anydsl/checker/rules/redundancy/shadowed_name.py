"""Names that hide others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from anydsl.checker.rule import FileRule, Remark
from anydsl.design.modules import Module
from anydsl.design.values import FUNCTIONS
from anydsl.graph.catalog import OPERATIONS
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Label

_SHADOWED = """anynet 1

width = 16

block wide(width, s = 1) {
  out = x -> conv(width, k = 3, s = s) -> bn -> relu
}

net A {
  input = 3x32x32
  stem { w = width }
  body {
    block = wide
    stage s1 { d = 1, width = 16 }
    stage s2 { d = 1, width = 32 }
  }
  head { classes = 10 }
}
"""
_LIBRARY = """anynet 1

block plain(w, s = 1) {
  out = x -> conv(w, k = 3, s = s) -> relu
}

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


class ShadowedName(FileRule):
    """A name should not hide another one.

    ## Why
    A file's own names go before those of the library and of the operations, and a block's
    parameters and lines before those of its file. All of that is allowed; but who reads
    `block = plain` thinks of the library's plain block, and who reads `width` in a block of the
    `width` at the top of the file.

    ## Example
    ```anynet
    width = 16
    block wide(width, s = 1) {
      out = x -> conv(width, k = 3, s = s) -> bn -> relu
    }
    ```

    ## Use instead
    Another name: `block wide(w, s = 1)`.
    """

    name, code, severity = "shadowed_name", "R008", WARNING
    failing = (_SHADOWED, _LIBRARY, _LIBRARY.replace("plain", "relu6"))
    passing = (
        _SHADOWED.replace("(width,", "(w,").replace("1, width", "1, w"),
        _LIBRARY.replace("plain", "bare"),
    )

    def check(self, subject: Module) -> Iterable[Remark]:
        """Compare what is declared with what is known around it."""
        library = set(subject.library.standard_names())
        for statement in subject.file.statements:
            name = _name(statement)
            if name is None:
                continue
            if name.text in OPERATIONS:
                yield Remark(name.span, f"`{name.text}` hides the operation of that name")
            elif name.text in FUNCTIONS:
                yield Remark(name.span, f"`{name.text}` hides the function of that name")
            elif name.text in library and subject.library.standard(name.text, subject):
                yield Remark(name.span, f"`{name.text}` hides what the library calls so")
            if isinstance(statement, tree.Block) and statement.kind.text == "block":
                yield from _within(statement, subject)


def _within(block: tree.Block, module: Module) -> Iterator[Remark]:
    names = [param.name for param in block.params or ()]
    names += [line.name for line in block.body if isinstance(line, tree.Assign)]
    for name in names:
        hidden = module.names.get(name.text)
        if hidden is not None:
            other = _name(hidden[1])
            labels = (Label(other.span, "it hides this"),) if other is not None else ()
            yield Remark(name.span, f"`{name.text}` hides what the file calls so", labels)
        elif name.text in OPERATIONS or name.text in FUNCTIONS:
            yield Remark(name.span, f"`{name.text}` hides the operation of that name")


def _name(statement: tree.Statement) -> tree.Name | None:
    if isinstance(statement, tree.Assign):
        return statement.name
    if isinstance(statement, tree.Block) and statement.label is not None:
        return statement.label.name
    return None
