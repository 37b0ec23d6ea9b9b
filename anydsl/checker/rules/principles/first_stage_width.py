"""The first stage is as wide as the stem or wider."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.rule import UNSAFE, Finding, NetworkRule, SetValue, Subject
from anydsl.language.diagnostics import WARNING

_NARROW = """anynet 1

net A {
  input = 3x64x64
  stem { w = 32 }
  body {
    block = plain
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 1, w = 48 }
  }
  head { classes = 10 }
}
"""


class FirstStageWidth(NetworkRule):
    """The first stage should not be narrower than the stem.

    ## Why
    Widths that never fall make better networks (Radosavovic et al. 2020, section 3.2, figure 7),
    and the stem is what stands before the first stage: it works at twice the resolution of that
    stage, so that a wide one is dear, and what it finds is thrown away at once.

    ## Example
    ```anynet
    stem { w = 32 }
    body { block = plain, stage s1 { d = 1, w = 24 } }
    ```

    ## Use instead
    A stem that is as wide as the first stage or narrower. Where a stem is wide on purpose, as the
    32 channels of all of the paper's models are, say so: `waive first_stage_width because "…"`.

    ## Fix
    Unsafe: the stem gets the width of the first stage.
    """

    name, code, severity, fix = "first_stage_width", "P006", WARNING, UNSAFE
    failing = (_NARROW,)
    fixed = (_NARROW.replace("stem { w = 32 }", "stem { w = 24 }"),)
    passing = (
        _NARROW.replace("w = 32", "w = 16"),
        _NARROW.replace("stem { w = 32 }", "stem { block = patch_stem, w = 24 }"),
    )

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Compare the two widths."""
        network, measured = subject.network, subject.measured
        if network.stem is None or not measured.stages:
            return
        stem, first = measured.parts[0], measured.stages[0]
        if first.output[0] >= stem.output[0]:
            return
        message = f"{first.name} is {first.output[0]} wide and the stem {stem.output[0]}"
        remedy = None
        if network.stem.get("w") == stem.output[0]:
            remedy = SetValue("stem.w", first.output[0])
        yield Finding(
            f"{first.name}.w",
            message,
            "stem.w",
            "the stem is wider",
            help='where it is on purpose: waive first_stage_width because "…"',
            remedy=remedy,
        )
