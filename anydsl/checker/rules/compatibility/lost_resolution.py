"""Stages after the one in which nothing is left of the picture."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.rule import Finding, NetworkRule, Subject
from anydsl.graph.operations import spoken
from anydsl.language.diagnostics import WARNING

_LOST = """anynet 1

net A {
  input = 1x8x8
  stem { w = 16 }
  body {
    block = plain
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 1, w = 32 }
    stage s3 { d = 1, w = 64 }
  }
  head { classes = 10 }
}
"""


class LostResolution(NetworkRule):
    """A stage should have more than one pixel to work on.

    ## Why
    On a single pixel a 3x3 convolution sees eight zeros and one value: eight ninths of its weights
    are never used. The picture has been halved too early for its size: one of n x n pixels can be
    halved log2(n) times, the stem's stride included.

    ## Example
    ```anynet
    input = 1x8x8
    stem { w = 16 }
    body {
      block = plain
      stage s1 { d = 1, w = 16 }
      stage s2 { d = 1, w = 32 }
      stage s3 { d = 1, w = 64 }
    }
    ```

    ## Use instead
    `s = 1` in the stem or in a stage, fewer stages, or larger pictures: `input`, with `resize` in
    the recipe's `data`.
    """

    name, code, severity = "lost_resolution", "C002", WARNING
    failing = (_LOST,)
    passing = (_LOST.replace("w = 16 }", "w = 16, s = 1 }", 1), _LOST.replace("8x8", "32x32"))

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Look for the first stage that gets a single pixel."""
        sides = subject.network.input[1:]
        if sides == (1, 1):
            return  # there never was more
        names = {stage.name for stage in subject.measured.stages}
        shape = subject.network.input
        for part in subject.measured.parts:
            if part.name in names and tuple(shape[1:]) == (1, 1):
                message = (
                    f"{part.name} has one pixel to work on: "
                    f"nothing is left of the {spoken(sides)} pixels of `input`"
                )
                hint = "`s = 1` in the stem or in a stage before it, or larger pictures"
                yield Finding(part.name, message, "input", "the pictures are this large", help=hint)
                return
            shape = part.output
