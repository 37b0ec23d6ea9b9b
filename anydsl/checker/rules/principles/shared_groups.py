"""AnyNetX_C: all stages share one group width, or one number of groups."""

from __future__ import annotations

from anydsl.checker.rule import Principle
from anydsl.design.predicates import Shared
from anydsl.language.diagnostics import WARNING

_BROKEN = """anynet 1

net A {
  input = 3x32x32
  body {
    block = resnext
    stage s1 { d = 1, w = 32, g = 8 }
    stage s2 { d = 1, w = 32, g = 16 }
  }
}
"""
_MIXED = """anynet 1

net A {
  input = 3x32x32
  body {
    block = resnext
    stage s1 { d = 1, w = 32, g = 8 }
    stage s2 { d = 1, w = 64, groups = 8 }
  }
}
"""


class SharedGroups(Principle):
    """All stages should share one group width g, or one number of groups.

    ## Why
    AnyNetX_C, with a shared g, is no worse than AnyNetX_B and smaller by a factor of 6^3
    (Radosavovic et al. 2020, section 3.2). ResNeXt shares the number of groups instead: `groups`
    on the body keeps the rule as well.

    ## Example
    ```anynet
    stage s1 { d = 2, w = 32, g = 8 }
    stage s2 { d = 2, w = 64, g = 16 }
    ```

    ## Use instead
    Set `g` or `groups` once on the body:
    ```anynet
    body { block = resnext, g = 16 }
    ```
    Where stages differ on purpose, say so: `waive shared(g) because "…"`.

    ## Fix
    Unsafe: the stage gets the value of the first one, where both are a `g` or both a
    `groups`; that is another network.
    """

    name, code, severity = "shared_groups", "P002", WARNING
    predicate = Shared("g")
    failing = (
        _BROKEN,
        _MIXED,
    )
    fixed = (
        _BROKEN.replace("resnext\n", "resnext\n    g = 8\n")
        .replace(", g = 8", "")
        .replace(", g = 16", ""),
        _MIXED,
    )
    passing = (
        """anynet 1

net A {
  input = 3x32x32
  body {
    block = resnext
    groups = 4
    stage s1 { d = 1, w = 32 }
    stage s2 { d = 1, w = 64 }
  }
}
""",
    )
