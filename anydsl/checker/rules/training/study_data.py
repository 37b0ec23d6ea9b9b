"""Studies whose recipe has pictures that their spaces can't take."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.pictures import misfit
from anydsl.checker.rule import Comparison, Finding, StudyRule
from anydsl.language.diagnostics import WARNING

_LARGE = """anynet 1

space A {
  input = 3x64x64
  stem { w = 16 }
  body {
    block = plain
    stage s1 { d ~ uniform(1..4), w = 16 }
    stage s2 { d ~ uniform(1..4), w = 32 }
  }
  head { classes = 10 }
}

recipe r {
  data = cifar10
  epochs = 2
}

study s {
  spaces = [A]
  recipe = r
}
"""


class StudyData(StudyRule):
    """The data of a study's recipe should fit its spaces.

    ## Why
    Every design of a study is trained with one recipe. Where its pictures have not the channels or
    the size that the spaces take, or not as many classes, `anydsl sweep` stops before anything is
    trained.

    ## Example
    ```anynet
    space A { input = 3x64x64 }
    recipe r { data = cifar10 }
    study s { spaces = [A], recipe = r }
    ```

    ## Use instead
    `data = cifar10(resize = 64x64)`, or `input = 3x32x32` in the space.
    """

    name, code, severity = "study_data", "T004", WARNING
    failing = (
        _LARGE,
        _LARGE.replace("3x64x64", "1x32x32"),
        _LARGE.replace("3x64x64", "3x32x32").replace("classes = 10", "classes = 11"),
    )
    passing = (
        _LARGE.replace("3x64x64", "3x32x32"),
        _LARGE.replace("cifar10", "cifar10(resize = 64x64)"),
        _LARGE.replace("  data = cifar10\n", ""),
    )

    def check(self, subject: Comparison) -> Iterable[Finding]:
        """Hold the data against the first space; that others are like it is another rule."""
        if subject.data is not None and subject.members:
            first = subject.members[0]
            reason = misfit(subject.data, first.input, first.classes)
            if reason is not None:
                yield Finding("recipe", f"{reason[0]} of {first.name}", help=reason[1])
