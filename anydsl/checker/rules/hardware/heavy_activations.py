"""Networks that put out more values than their flops are worth."""

from __future__ import annotations

import math
from collections.abc import Iterable

from anydsl.checker.rule import Finding, NetworkRule, Subject
from anydsl.language.diagnostics import NOTE

_PER_ROOT = 6.5
_SIDE = 224
_TIMES = 1.5
_HEAVY = """anynet 1

net A {
  input = 3x32x32
  stem { w = 32 }
  body {
    block = resnext
    b = 1/4
    g = 1
    stage s1 { d = 4, w = 32, s = 1 }
    stage s2 { d = 4, w = 64 }
  }
  head { classes = 10 }
}
"""


class HeavyActivations(NetworkRule):
    """Activations should be in proportion to flops.

    ## Why
    On accelerators that wait for memory, run time follows the number of values that convolutions
    put out more closely than flops (Radosavovic et al. 2020, section 4, figure 12): "acts". In the
    paper's best models they grow with the square root of the flops, as 6.5 M x sqrt(flops / 1 G)
    for pictures of 224x224. This rule speaks where a network has more than one and a half times
    that, scaled to its own pictures, as MobileNetV2 and EfficientNet have.

    ## Example
    ```anynet
    body { block = resnext, b = 1/4, g = 1, stage s1 { d = 4, w = 32, s = 1 } }
    ```

    ## Use instead
    Bottleneck ratios of 1 in place of blocks that are wider inside, wider groups, and fewer blocks
    at high resolution.
    """

    name, code, severity, on = "heavy_activations", "H004", NOTE, False
    failing = (_HEAVY,)
    passing = (
        _HEAVY.replace("b = 1/4", "b = 1")
        .replace("g = 1\n", "g = 16\n")
        .replace(", s = 1 }", " }"),
    )

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Compare with what the paper's best networks have, at equal flops a pixel."""
        cost = subject.measured.cost
        _, height, width = subject.network.input
        scale = _SIDE * _SIDE / (height * width)
        usual = _PER_ROOT * 1e6 * math.sqrt(cost.flops * scale / 1e9) / scale
        times = cost.acts / usual if usual else 0
        if times > _TIMES:
            message = (
                f"{cost.acts:,} activations are {times:.1f} times those of the paper's best "
                f"networks at {cost.flops:,} flops: expect it to be slower than its flops say"
            )
            yield Finding("", message)
