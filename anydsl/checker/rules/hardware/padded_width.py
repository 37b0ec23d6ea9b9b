"""Widths that tensor cores pad."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.rule import UNSAFE, Finding, NetworkRule, SetValue, Subject
from anydsl.language.diagnostics import NOTE

_TILE = 8
_PADDED = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = plain
    stage s1 { d = 1, w = 36 }
    stage s2 { d = 1, w = 64 }
  }
  head { classes = 10 }
}
"""


class PaddedWidth(NetworkRule):
    """Widths should be multiples of 8.

    ## Why
    Tensor cores multiply tiles of 8 values of 16 bits (NVIDIA, "Deep Learning Performance
    Documentation"): a width of 36 is computed as one of 40, and a tenth of the work goes to zeros.

    ## Example
    ```anynet
    stage s1 { d = 1, w = 36 }
    ```

    ## Use instead
    ```anynet
    stage s1 { d = 1, w = 40 }
    ```

    ## Fix
    Unsafe: the width goes up to the next multiple of 8, which costs nothing on such hardware and
    is another network.
    """

    name, code, severity, fix, on = "padded_width", "H001", NOTE, UNSAFE, False
    failing = (_PADDED,)
    fixed = (_PADDED.replace("36", "40"),)
    passing = (_PADDED.replace("36", "32"),)

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Look at what the stem and each stage put out."""
        head = "head" if subject.network.head is not None else ""
        for part in subject.measured.parts:
            width = part.output[0]
            if part.name != head and width % _TILE:
                full = -(-width // _TILE) * _TILE
                share = 100 * (full - width) / full
                message = (
                    f"a width of {width} is computed as one of {full}: "
                    f"{share:.0f} % of the work in {part.name} goes to zeros"
                )
                path = f"{part.name}.w"
                yield Finding(path, message, remedy=SetValue(path, full))
