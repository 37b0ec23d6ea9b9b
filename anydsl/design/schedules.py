"""The schedules of recipes: the learning rate over time, changed at every step.

The names are those of torch.optim.lr_scheduler. Warm-up is that of Goyal et al. 2017
(arXiv:1706.02677, section 2.2), gradual and linear.
"""

from __future__ import annotations

from fractions import Fraction

from anydsl.design.variant import Number, Variant
from anydsl.language.declaration import setting

_WARMUP: Number = setting(
    "number",
    "epochs over which the learning rate rises linearly to its peak; may be a fraction",
    default=0,
    low=0,
)
_LR_MIN: Number = setting("number", "the learning rate at the end", default=0, low=0)
_GAMMA: Number = setting("number", "the factor", default=Fraction(1, 10), above=0, high=1)


class Constant(Variant):
    """The peak learning rate throughout."""

    warmup: Number = _WARMUP


class Cosine(Variant):
    """Half a cosine from the peak to `lr_min` (Loshchilov and Hutter 2017, one cycle)."""

    warmup: Number = _WARMUP
    lr_min: Number = _LR_MIN


class Linear(Variant):
    """A straight line from the peak to `lr_min`."""

    warmup: Number = _WARMUP
    lr_min: Number = _LR_MIN


class Step(Variant):
    """The learning rate is multiplied by `gamma` after every `every` epochs."""

    every: Number = setting("number", "epochs between two steps", default=30, above=0)
    gamma: Number = _GAMMA
    warmup: Number = _WARMUP


class MultiStep(Variant):
    """The learning rate is multiplied by `gamma` at each of the milestones, as MultiStepLR."""

    milestones: tuple[Number, ...] = setting(
        "numbers", "epochs after which the learning rate falls, rising", above=0
    )
    gamma: Number = _GAMMA
    warmup: Number = _WARMUP

    def conflict(self) -> tuple[str, str] | None:
        """Milestones are read in their order."""
        if any(a >= b for a, b in zip(self.milestones, self.milestones[1:], strict=False)):
            return "milestones", "each of `milestones` is above the one before it"
        return None


class OneCycle(Variant):
    """Up from a fraction of the peak and down to next to nothing (Smith and Topin 2018).

    As OneCycleLR with `cycle_momentum = False` (arXiv:1708.07120); the rise is its warm-up.
    """

    pct_start: Number = setting(
        "number", "share of the steps in which it rises", default=Fraction(3, 10), low=0, high=1
    )
    div_factor: Number = setting(
        "number", "the peak over the first learning rate", default=25, low=1
    )
    final_div_factor: Number = setting(
        "number", "the first learning rate over the last", default=10_000, low=1
    )
    anneal_strategy: str = setting(
        "word", "along half a cosine, or a straight line", default="cos", choices=("cos", "linear")
    )


Schedule = Constant | Cosine | Linear | Step | MultiStep | OneCycle
