"""AnyNetX_E: depths never fall from stage to stage."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.rule import Finding, Principle, Subject
from anydsl.design.predicates import Ordered, holds
from anydsl.language.diagnostics import NOTE, WARNING

_BROKEN = """anynet 1

net A {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 2, w = 32 }
    stage s2 { d = 1, w = 32 }
    stage s3 { d = 2, w = 32 }
  }
}
"""


class NondecreasingDepth(Principle):
    """The depth should not fall from one stage to the next.

    ## Why
    Requiring d_(i+1) >= d_i improves the error distribution of AnyNetX_D (Radosavovic et al. 2020,
    section 3.2, figure 7), "although not necessarily in the last stage": where only the last stage
    is shallower, as in 25 of the 30 published RegNets, this is a note and not a warning.

    ## Example
    ```anynet
    stage s1 { d = 4, w = 32 }
    stage s2 { d = 2, w = 64 }
    stage s3 { d = 6, w = 128 }
    ```

    ## Use instead
    Move blocks from early stages to later ones. Where depths fall on purpose, say so:
    `waive nondecreasing(d) because "…"`.

    ## Fix
    Unsafe: the stage gets the depth of the one before, which is another network.
    """

    name, code, severity = "nondecreasing_depth", "P004", WARNING
    predicate = Ordered("d")
    failing = (_BROKEN,)
    fixed = (_BROKEN.replace("d = 1, w = 32 }", "d = 2, w = 32 }"),)
    passing = (
        """anynet 1

net A {
  input = 3x32x32
  body {
    block = plain
    stage s1 { d = 1, w = 32 }
    stage s2 { d = 2, w = 32 }
  }
}
""",
    )

    def check(self, subject: Subject) -> Iterable[Finding]:
        """Blame each fall; one of the last stage alone is worth a note."""
        only_last = holds(Ordered("d", except_last=True), subject.measured)
        for found in super().check(subject):
            yield found.replace(severity=NOTE, remedy=None) if only_last else found
