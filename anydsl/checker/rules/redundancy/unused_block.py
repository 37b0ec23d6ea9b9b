"""Blocks that no stage is made of."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.editing import take_out, with_doc
from anydsl.checker.rule import UNSAFE, FileRule, Remark
from anydsl.checker.uses import designs, used
from anydsl.design.modules import Module
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Fix

_UNUSED = """anynet 1

## A convolution without a norm.
block bare(w, s = 1) {
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


class UnusedBlock(FileRule):
    """A block should be used.

    ## Why
    A block that no net, no space and no other block of its file uses is checked for its names, but
    never for its shapes: it may not even fit together. Files without nets, spaces and studies are
    libraries of blocks for others, and are left alone.

    ## Example
    ```anynet
    block bare(w, s = 1) {
      out = x -> conv(w, k = 3, s = s) -> relu
    }
    net A {
      body { block = plain, stage s1 { d = 1, w = 16 } }
    }
    ```

    ## Use instead
    `block = bare` in a stage, or a file of its own for blocks that wait for their use.

    ## Fix
    Unsafe: the block is taken out, with its doc comment; the networks of the file stay the same,
    but another file may import it.
    """

    name, code, severity, fix = "unused_block", "R006", WARNING, UNSAFE
    failing = (_UNUSED,)
    fixed = ("anynet 1\n\n" + _UNUSED[_UNUSED.index("net A") :],)
    passing = (
        _UNUSED.replace("block = plain", "block = bare"),
        _UNUSED[: _UNUSED.index("\nnet A")],
    )

    def check(self, subject: Module) -> Iterable[Remark]:
        """Look for each block among the names that are used."""
        if not designs(subject):
            return
        names = used(subject)
        for block in subject.file.statements:
            if not isinstance(block, tree.Block) or block.kind.text != "block":
                continue
            if block.label is not None and block.label.name.text not in names:
                edit, _ = take_out(with_doc(block))
                fix = Fix("take the block out", (edit,), safe=False)
                message = f"the block `{block.label.name.text}` is not used"
                yield Remark(block.label.name.span, message, fixes=(fix,))
