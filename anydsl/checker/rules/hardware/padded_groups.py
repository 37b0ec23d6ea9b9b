"""Group widths that tensor cores pad."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.blocks.measurement import setting
from anydsl.checker.rule import Finding, NetworkRule, Subject
from anydsl.graph.operations import Conv
from anydsl.language.diagnostics import NOTE

_TILE = 8
_PADDED = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = resnext
    g = 12
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 1, w = 48 }
  }
  head { classes = 10 }
}
"""


class PaddedGroups(NetworkRule):
    """Group widths should be multiples of 8.

    ## Why
    Each group is a small matrix product of its own, and tensor cores multiply tiles of 8: groups
    of 12 channels are computed as groups of 16, and a quarter of the work goes to zeros. The
    groups of the published RegNets are multiples of 8 for that reason.

    ## Example
    ```anynet
    body { block = resnext, g = 12, stage s1 { d = 1, w = 24 } }
    ```

    ## Use instead
    `g = 8` or `g = 16`, with widths that they divide. Groups narrower than 8 are `thin_groups`.
    """

    name, code, severity, on = "padded_groups", "H002", NOTE, False
    failing = (_PADDED,)
    passing = (_PADDED.replace("g = 12", "g = 8"), _PADDED.replace("g = 12", "g = 4"))

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
                if groups > 1 and width > _TILE and width % _TILE:
                    full = -(-width // _TILE) * _TILE
                    message = (
                        f"groups of {width} channels are computed as groups of {full}: "
                        f"{100 * (full - width) / full:.0f} % of the work of `{done.path}` in "
                        f"{part.name} goes to zeros"
                    )
                    known = stage is not None and setting(stage, "g") is not None
                    yield Finding(f"{part.name}.g" if known else part.name, message)
                    break
