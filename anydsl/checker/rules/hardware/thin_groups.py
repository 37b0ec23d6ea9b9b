"""Depthwise convolutions, and groups that are hardly wider."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.blocks.measurement import setting
from anydsl.checker.rule import Finding, NetworkRule, Subject
from anydsl.graph.operations import Conv
from anydsl.language.diagnostics import NOTE

_THINNEST = 8
_THIN = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = resnext
    g = 1
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 1, w = 48 }
  }
  head { classes = 10 }
}
"""


class ThinGroups(NetworkRule):
    """Groups should be at least 8 channels wide.

    ## Why
    A convolution in groups of g channels does g k^2 multiply-adds for each value that it reads. In
    a depthwise one that is 9 for a 3x3 window, where an accelerator needs hundreds to keep its
    units busy while memory delivers: such a layer takes the time of its memory traffic, whatever
    its flops. The best RegNets have groups of 8 channels and more, and no depthwise convolutions
    (Radosavovic et al. 2020, section 4 and table 2).

    ## Example
    ```anynet
    body { block = resnext, g = 1, stage s1 { d = 1, w = 24 } }
    ```

    ## Use instead
    `g = 8` or more; at equal flops a narrower network with wider groups is the faster one.
    """

    name, code, severity, on = "thin_groups", "H003", NOTE, False
    failing = (_THIN, _THIN.replace("g = 1", "g = 4"))
    passing = (_THIN.replace("g = 1", "g = 8"),)

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Look at the grouped convolutions of each stage; one finding a stage."""
        names = {stage.name: stage for stage in subject.network.stages}
        for part in subject.measured.parts:
            stage = names.get(part.name)
            for done in (o for block in part.blocks for o in block.operations):
                match done.operation:
                    case Conv() as conv:
                        channels = done.inputs[0][0]
                        groups = conv.group_count(channels)
                    case _:
                        continue
                width = channels // groups
                if groups > 1 and width < _THINNEST:
                    word = "a depthwise convolution" if width == 1 else f"groups of {width}"
                    verb = "does" if width == 1 else "do"
                    share = 100 * done.cost.flops * len(part.blocks) / (part.cost.flops or 1)
                    message = (
                        f"{word} in {part.name} {verb} {width * conv.k**2} multiply-adds for each "
                        f"value read, a full convolution of {channels} channels "
                        f"{channels * conv.k**2}: about {min(share, 100):.0f} % of the stage's "
                        "flops, and more of its time"
                    )
                    known = stage is not None and setting(stage, "g") is not None
                    yield Finding(f"{part.name}.g" if known else part.name, message)
                    break
