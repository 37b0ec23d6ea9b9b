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
    """The spaces of a study should have one input, and tell the same classes apart.

    ## Why
    A study asks which space has the better designs, and compares their errors at equal flops.
    Pictures of another size are another task at another cost: flops go with the square of the
    side, so that the distributions answer no question. One recipe can't train both either:
    `anydsl sweep` stops before anything is trained.

    ## Example
    ```anynet
    space A { input = 3x32x32 }
    space B { input = 3x64x64 }
    study s { spaces = [A, B], recipe = r }
    ```

    ## Use instead
    The same `input` and the same `classes` in all spaces, or a study for each.
    """

    name, code, severity = "study_inputs", "T003", WARNING
    failing = (
        _MIXED,
        _MIXED.replace("  input = 3x64x64\n", "  head { classes = 100 }\n"),
    )
    passing = (_MIXED.replace("  input = 3x64x64\n", ""),)

    def check(self, subject: Comparison) -> Iterable[Finding]:
        """Compare each input, and each number of classes, with the first."""
        first, *others = subject.members or (None,)
        for other in others:
            assert first is not None
            if other.input != first.input:
                message = f"{other.name} takes {spoken(other.input)} and {first.name} "
                yield Finding("spaces", message + spoken(first.input))
                return
            if None not in (known := (other.classes, first.classes)) and known[0] != known[1]:
                message = f"{other.name} tells {known[0]} classes apart and {first.name} {known[1]}"
                yield Finding("spaces", message)
                return
