"""Strides that don't make the picture smaller."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.blocks.measurement import setting
from anydsl.checker.rule import Finding, NetworkRule, Subject
from anydsl.graph.operations import spoken
from anydsl.language.diagnostics import WARNING

_IDLE = """anynet 1

block still(w, s = 1) {
  out = x -> conv(w, k = 3) -> bn -> relu
}

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    stage s1 { d = 1, w = 16, block = plain }
    stage s2 { d = 1, w = 32, block = still }
  }
  head { classes = 10 }
}
"""


class IdleStride(NetworkRule):
    """A stage with a stride should put out smaller pictures than it gets.

    ## Why
    A stage has stride 2 if its `s` does not say otherwise. Where its block makes nothing of that,
    the table of the network says one thing and the network does another: all that follows works on
    four times as many pixels as is meant.

    ## Example
    ```anynet
    block still(w, s = 1) {
      out = x -> conv(w, k = 3) -> bn -> relu
    }
    ```

    ## Use instead
    Give the stride to a convolution or a pool of the block, `conv(w, k = 3, s = s)`, or `s = 1` to
    the stage.
    """

    name, code, severity = "idle_stride", "C004", WARNING
    failing = (_IDLE,)
    passing = (
        _IDLE.replace("k = 3)", "k = 3, s = s)"),
        _IDLE.replace("w = 32, block", "w = 32, s = 1, block"),
    )

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Compare the sides of what goes into a stage and what comes out."""
        stages = {stage.name: stage for stage in subject.network.stages}
        shape = subject.network.input
        for part in subject.measured.parts:
            before, shape = shape, part.output
            stage = stages.get(part.name)
            if stage is None or before[1:] != shape[1:] or tuple(before[1:]) == (1, 1):
                continue
            stride = setting(stage, "s")
            first = stride[0] if isinstance(stride, tuple) else stride
            if isinstance(first, int) and first > 1:
                message = (
                    f"{part.name} has stride {first} and leaves its pictures as they are, "
                    f"{spoken(shape[1:])}"
                )
                hint = f"use `s` in block `{stage.block.name}`, or set `s = 1`"
                yield Finding(f"{part.name}.s", message, help=hint)
