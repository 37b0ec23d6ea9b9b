"""Heads that average over a large picture."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.rule import Finding, NetworkRule, Subject
from anydsl.graph.operations import spoken
from anydsl.language.diagnostics import WARNING

_LARGEST = 16
_USUAL = 32
_LATE = """anynet 1

net A {
  input = 3x64x64
  stem { w = 16, s = 1 }
  body {
    block = plain
    stage s1 { d = 1, w = 16, s = 1 }
    stage s2 { d = 1, w = 32 }
  }
  head { classes = 10 }
}
"""


class KeptResolution(NetworkRule):
    """A classifier should have halved its pictures before the head.

    ## Why
    What is not halved is paid for in every block: flops and acts go with the square of the side.
    And what a head averages over has seen little of the picture. Published classifiers give their
    heads 4x4 to 14x14 pixels, most of them 7x7: the input divided by 32. This rule speaks where
    a network that puts out classes has more than 16 pixels on a side left and has divided the
    picture by less than 32.

    ## Example
    ```anynet
    input = 3x64x64
    stem { w = 16, s = 1 }
    body {
      block = plain
      stage s1 { d = 1, w = 16, s = 1 }
      stage s2 { d = 1, w = 32 }
    }
    ```

    ## Use instead
    More stages, each of which halves the picture if its `s` does not say otherwise, or a stem with
    stride 2.
    """

    name, code, severity = "kept_resolution", "C003", WARNING
    failing = (_LATE,)
    passing = (_LATE.replace("w = 16, s = 1", "w = 16"), _LATE.replace("64x64", "28x28"))

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Compare what the head gets with the input."""
        network, measured = subject.network, subject.measured
        if network.head is None or len(measured.output) != 1 or not measured.stages:
            return
        last = measured.stages[-1].output
        if len(last) != 3:
            return
        left, right = max(last[1:]), max(network.input[1:])
        if left > _LARGEST and right < _USUAL * left:
            message = (
                f"the head gets pictures of {spoken(last[1:])}: "
                f"{spoken(network.input[1:])} pixels are divided by {right // left} only"
            )
            hint = "more stages, or a stride of 2 where it is 1"
            yield Finding("head", message, "input", "the pictures are this large", help=hint)
