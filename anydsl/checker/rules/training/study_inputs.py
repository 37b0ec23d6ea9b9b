"""Studies that compare what can't be compared."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.rule import Comparison, Finding, StudyRule
from anydsl.graph.operations import spoken
from anydsl.language.diagnostics import WARNING

_MIXED = """anynet 1

space A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = plain
    stage s1 { d ~ uniform(1..4), w = 16 }
    stage s2 { d ~ uniform(1..4), w = 32 }
  }
  head { classes = 10 }
}

space B extends A {
  input = 3x64x64
  require depth <= 6
}

recipe r {
  data = cifar10
  epochs = 2
}

study s {
  spaces = [A, B]
  recipe = r
}
"""


class StudyInputs(StudyRule):
    """The spaces of a study should have one input.

    ## Why
    A study asks which space has the better designs, and compares their errors at equal flops.
    Pictures of another size are another task at another cost: flops go with the square of the
    side, so that the distributions answer no question. One recipe can't train both either.

    ## Example
    ```anynet
    space A { input = 3x32x32 }
    space B { input = 3x64x64 }
    study s { spaces = [A, B], recipe = r }
    ```

    ## Use instead
    The same `input` in all spaces, or a study for each.
    """

    name, code, severity = "study_inputs", "T003", WARNING
    failing = (_MIXED,)
    passing = (
        _MIXED.replace("64x64", "32x32").replace(
            "extends A {\n  input = 3x32x32\n", "extends A {\n"
        ),
    )

    def check(self, subject: Comparison) -> Iterable[Finding]:
        """Compare each input with the first."""
        for name, size in subject.inputs[1:]:
            first, expected = subject.inputs[0]
            if size != expected:
                message = f"{name} takes {spoken(size)} and {first} {spoken(expected)}"
                yield Finding("spaces", message)
                return
