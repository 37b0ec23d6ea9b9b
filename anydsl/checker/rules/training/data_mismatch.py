"""Recipes whose pictures don't fit the networks beside them."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.pictures import misfit
from anydsl.checker.rule import UNSAFE, Finding, RecipeRule, SetValue, Subject, Training
from anydsl.design.recipe import DATASETS, Dataset, Own
from anydsl.design.values import Size, Symbol
from anydsl.language.diagnostics import WARNING

_SMALL = """anynet 1

net A {
  input = 3x64x64
  stem { w = 16 }
  body {
    block = plain
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 1, w = 32 }
  }
  head { classes = 10 }
}

recipe a {
  data = cifar10
  epochs = 2
}
"""


class DataMismatch(RecipeRule):
    """The data of a recipe should fit the networks of its file.

    ## Why
    Training takes pictures with as many channels as `input` has, of its size, from as many classes
    as the network tells apart. Where none of a file's networks can be trained with one of its
    recipes, `anydsl train` stops before the first step.

    ## Example
    ```anynet
    net A {
      input = 3x64x64
      body { block = plain, stage s1 { d = 1, w = 16 } }
      head { classes = 10 }
    }
    recipe a { data = cifar10 }
    ```

    ## Use instead
    `data = cifar10(resize = 64x64)`, or `input = 3x32x32`. Nothing is said of recipes that leave
    the data to `--data`, and of files without networks.

    ## Fix
    Unsafe: `resize` brings the pictures to the size of the network, where that is all that is
    amiss, the file has one network and the data is given without other words.
    """

    name, code, severity, fix = "data_mismatch", "T002", WARNING, UNSAFE
    failing = (
        _SMALL,
        _SMALL.replace("data = cifar10", "data = cifar100(resize = 64x64)"),
        _SMALL.replace("data = cifar10", "data = digits(resize = 64x64)"),
    )
    fixed = (
        _SMALL.replace("data = cifar10", "data = cifar10(resize = 64x64)"),
        _SMALL.replace("data = cifar10", "data = cifar100(resize = 64x64)"),
        _SMALL.replace("data = cifar10", "data = digits(resize = 64x64)"),
    )
    passing = (
        _SMALL.replace("data = cifar10", "data = cifar10(resize = 64x64)"),
        _SMALL.replace("3x64x64", "3x32x32"),
        _SMALL.replace("data = cifar10", 'data = image_folder("photos", resize = 64x64)'),
    )

    def check(self, subject: Training) -> Iterable[Finding]:
        """Hold the data against each network; one that fits is enough."""
        data = subject.recipe.data
        if "data" not in subject.given:
            return  # it is left to `--data`
        misfits = [_misfit(data, network) for network in subject.networks]
        reasons = [misfit for misfit in misfits if misfit is not None]
        if reasons and len(reasons) == len(misfits):
            first = subject.networks[0].network.name
            whose = first if len(reasons) == 1 else f"{first}, and none of the others fits"
            message, hint = reasons[0]
            remedy = _resized(subject, data) if len(reasons) == 1 else None
            yield Finding("data", f"{message} of {whose}", help=hint, remedy=remedy)


def _misfit(data: Dataset, subject: Subject) -> tuple[str, str] | None:
    outputs = subject.measured.output
    classes = outputs[0] if subject.network.head is not None and len(outputs) == 1 else None
    return misfit(data, subject.network.input, classes)


def _resized(subject: Training, data: Dataset) -> SetValue | None:
    """The same data in the size of the one network, where that is all that is amiss."""
    _, height, width = subject.networks[0].network.input
    fitting = data.replace(resize=(height, width))
    plain = {path for path in subject.given if path.startswith("data.")} <= {"data.resize"}
    if not plain or isinstance(data, Own) or _misfit(fitting, subject.networks[0]):
        return None
    name = next(n for n, kind in DATASETS.items() if type(data) is kind)
    return SetValue("data", Symbol(name, named=(("resize", Size((height, width))),)))
