"""Squeeze-and-excitation whose width does not come out whole."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from anydsl.blocks.measurement import setting
from anydsl.checker.rule import Finding, NetworkRule, Subject
from anydsl.design.values import is_number, spoken
from anydsl.language.diagnostics import NOTE

_ROUNDED = """anynet 1

net A {
  input = 3x32x32
  stem { w = 18 }
  body {
    block = resnext
    g = 8
    se = 1/4
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 1, w = 48 }
  }
  head { classes = 10 }
}
"""


class SeRounding(NetworkRule):
    """The width of squeeze-and-excitation should come out whole.

    ## Why
    `se` is relative to the width of what comes into a block, and blocks that round do so in
    silence: a quarter of 18 channels is 4.5 and becomes 4, which is another ratio than the one
    that is written, and another one in every stage.

    ## Example
    ```anynet
    stem { w = 18 }
    body { block = resnext, g = 8, se = 1/4, stage s1 { d = 1, w = 24 } }
    ```

    ## Use instead
    Widths that the ratio divides: multiples of 4 for `se = 1/4`.
    """

    name, code, severity = "se_rounding", "C001", NOTE
    failing = (_ROUNDED,)
    passing = (_ROUNDED.replace("18", "16"), _ROUNDED.replace("    se = 1/4\n", ""))

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Multiply what comes into each block by the stage's ratio; one finding a stage."""
        measured = subject.measured
        names = {stage.name: stage for stage in subject.network.stages}
        width = subject.network.input[0]
        for part in measured.parts:
            stage = names.get(part.name)
            value = setting(stage, "se") if stage is not None else None
            for place, block in enumerate(part.blocks):
                ratio = value[place] if isinstance(value, tuple) else value
                if isinstance(ratio, (int, Fraction)) and is_number(ratio) and "se" in block.read:
                    squeezed = ratio * width
                    if Fraction(squeezed).denominator != 1:
                        message = (
                            f"in {part.name}, {spoken(ratio)} of the {width} channels that come in "
                            f"is {spoken(squeezed)}, no whole width for squeeze-and-excitation"
                        )
                        yield Finding(f"{part.name}.se", message)
                        break
                width = block.output[0]
            width = part.output[0]
