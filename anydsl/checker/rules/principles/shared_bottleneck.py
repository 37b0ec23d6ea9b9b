"""AnyNetX_B: all stages share one bottleneck ratio."""

from __future__ import annotations

from anydsl.checker.rule import Principle
from anydsl.design.predicates import Shared
from anydsl.language.diagnostics import WARNING

_BROKEN = """anynet 1

net A {
  input = 3x32x32
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 32, b = 1 }
    stage s2 { d = 1, w = 32, b = 2 }
  }
}
"""


class SharedBottleneck(Principle):
    """All stages should share one bottleneck ratio b.

    ## Why
    Sharing b costs nothing: the error distributions of AnyNetX_A and AnyNetX_B are the same, and
    the space is smaller by a factor of 3^3 (Radosavovic et al. 2020, section 3.2). With it, b = 1
    turns out best.

    ## Example
    ```anynet
    stage s1 { d = 2, w = 32, b = 1 }
    stage s2 { d = 2, w = 64, b = 2 }
    ```

    ## Use instead
    Set `b` once on the body, where all stages take it from:
    ```anynet
    body { block = resnext, b = 1 }
    ```
    Where stages differ on purpose, say so: `waive shared(b) because "…"`.

    ## Fix
    Unsafe: the stage gets the value of the first one, which is another network.
    """

    name, code, severity = "shared_bottleneck", "P001", WARNING
    predicate = Shared("b")
    failing = (_BROKEN,)
    fixed = (
        _BROKEN.replace("g = 8\n", "g = 8\n    b = 1\n")
        .replace(", b = 1", "")
        .replace(", b = 2", ""),
    )
    passing = (
        """anynet 1

net A {
  input = 3x32x32
  body {
    block = resnext
    g = 8
    b = 2
    stage s1 { d = 1, w = 32 }
    stage s2 { d = 1, w = 64 }
  }
}
""",
        """anynet 1

net A {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 1, w = 32 }
    stage s2 { d = 1, w = 64 }
  }
}
""",
    )
