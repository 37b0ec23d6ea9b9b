"""Learning rates that don't go with the batch."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from anydsl.checker.rule import UNSAFE, Finding, RecipeRule, SetValue, Training
from anydsl.design.recipe import SGD
from anydsl.language.diagnostics import WARNING

_RATE = Fraction(1, 10)
_BATCH = 256
_TIMES = 10
_FAST = """anynet 1

recipe a {
  data = cifar10
  batch = 16
  optimizer = sgd(lr = 0.2, momentum = 0.9)
}
"""
_SLOW = """anynet 1

recipe a {
  data = cifar10
  batch = 4096
  optimizer = sgd(lr = 0.1, momentum = 0.9)
}
"""


class LearningRate(RecipeRule):
    """The learning rate of SGD should go with the size of the batch.

    ## Why
    With k times the batch an epoch has a k-th of the steps, and k times the learning rate makes up
    for that: 0.1 for a batch of 256 (Goyal et al. 2017, "Accurate, Large Minibatch SGD", section
    2.1). Small networks stand far more; this rule speaks where the rate is over ten times what the
    linear rule gives, or, with batches above 256, less than a tenth of it.

    ## Example
    ```anynet
    recipe a {
      batch = 16
      optimizer = sgd(lr = 0.2, momentum = 0.9)
    }
    ```

    ## Use instead
    `lr = 0.1 * batch / 256`, here 0.00625, or a larger batch. Where another rate has been found to
    train well, say so in the recipe: `waive learning_rate because "…"`.

    ## Fix
    Unsafe: the rate of the linear rule is set.
    """

    name, code, severity, fix = "learning_rate", "T001", WARNING, UNSAFE
    failing = (_FAST, _SLOW)
    fixed = (_FAST.replace("0.2", "0.00625"), _SLOW.replace("0.1", "1.6"))
    passing = (_FAST.replace("16", "128"), _FAST.replace("sgd(lr = 0.2, momentum = 0.9)", "adamw"))

    def check(self, subject: Training) -> Iterable[Finding]:
        """Compare the rate with that of the linear rule."""
        recipe = subject.recipe
        if not isinstance(recipe.optimizer, SGD):
            return
        rate = Fraction(recipe.optimizer.lr)
        linear = _RATE * recipe.batch / _BATCH
        high = rate > _TIMES * linear
        low = recipe.batch > _BATCH and rate * _TIMES < linear
        if not high and not low:
            return
        times = float(rate / linear if high else linear / rate)
        word = "high" if high else "low"
        message = (
            f"a learning rate of {float(rate):g} is {times:.0f} times as {word} as "
            f"the linear rule's: 0.1 per 256 is {float(linear):g} for a batch of {recipe.batch:,}"
        )
        path = next(
            (p for p in ("optimizer.lr", "optimizer", "batch") if p in subject.given), "batch"
        )
        other = "batch" if path != "batch" else ""
        remedy = SetValue("optimizer.lr", linear) if path == "optimizer.lr" else None
        yield Finding(path, message, other, "the batch", remedy=remedy)
