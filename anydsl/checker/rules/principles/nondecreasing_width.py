"""AnyNetX_D: widths never fall from stage to stage."""

from __future__ import annotations

from anydsl.checker.rule import Principle
from anydsl.design.predicates import Ordered
from anydsl.language.diagnostics import WARNING

_BROKEN = """anynet 1

net A {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 1, w = 32 }
    stage s2 { d = 1, w = 24 }
  }
}
"""


class NondecreasingWidth(Principle):
    """The width should not fall from one stage to the next.

    ## Why
    Good networks get wider as pictures get smaller: requiring w_(i+1) >= w_i improves the error
    distribution of AnyNetX_C markedly (Radosavovic et al. 2020, section 3.2, figure 7).

    ## Example
    ```anynet
    stage s1 { d = 2, w = 64 }
    stage s2 { d = 2, w = 48 }
    ```

    ## Use instead
    A width at least that of the stage before, or widths that are generated:
    ```anynet
    stages quantized_linear { d = 13, w0 = 24, wa = 36.44, wm = 2.49 }
    ```
    Where widths fall on purpose, say so: `waive nondecreasing(w) because "…"`.

    ## Fix
    Unsafe: the stage gets the width of the one before, which is another network.
    """

    name, code, severity = "nondecreasing_width", "P003", WARNING
    predicate = Ordered("w")
    failing = (_BROKEN,)
    fixed = (_BROKEN.replace("w = 24", "w = 32"),)
    passing = (
        """anynet 1

net A {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 1, w = 32 }
    stage s2 { d = 1, w = 32 }
  }
}
""",
    )
