"""The optimizers of recipes; names and defaults are those of the libraries that bring them.

A weight decay of their own for norms and biases is pycls's `CUSTOM_WEIGHT_DECAY` and
`--norm-weight-decay` of torchvision's training script; with 0 for both, only the weights of
convolutions and linear layers decay (He et al. 2019, arXiv:1812.01187, section 3.1).
"""

from __future__ import annotations

from fractions import Fraction

from anydsl.design.variant import Number, Variant
from anydsl.language.declaration import setting

_LR = "peak learning rate"
_EPS = "added to the denominator"
_NORMS: Number | None = setting(
    "number",
    "weight decay of the weights and biases of norms, and of layer scales; that of all without it",
    default=None,
    low=0,
)
_BIASES: Number | None = setting(
    "number",
    "weight decay of the biases of convolutions and linear layers; that of all without it",
    default=None,
    low=0,
)
_BETA1: Number = setting(
    "number", "decay of the mean of the gradient", default=Fraction(9, 10), low=0, high=1
)
_BETA2: Number = setting(
    "number", "decay of the mean of its square", default=Fraction(999, 1000), low=0, high=1
)


class SGD(Variant):
    """Stochastic gradient descent, as torch.optim.SGD (momentum: Sutskever et al. 2013)."""

    lr: Number = setting("number", _LR, default=Fraction(1, 10), above=0)
    momentum: Number = setting("number", "momentum factor", default=0, low=0, high=1)
    weight_decay: Number = setting("number", "L2 penalty", default=0, low=0)
    nesterov: bool = setting("flag", "Nesterov momentum", default=False)
    norm_weight_decay: Number | None = _NORMS
    bias_weight_decay: Number | None = _BIASES

    def conflict(self) -> tuple[str, str] | None:
        """Nesterov's step needs a momentum to look ahead by."""
        if self.nesterov and not self.momentum:
            return "nesterov", "Nesterov momentum needs a `momentum` above 0"
        return None


class Adam(Variant):
    """Adam with an L2 penalty, as torch.optim.Adam (Kingma and Ba 2015, arXiv:1412.6980)."""

    lr: Number = setting("number", _LR, default=Fraction(1, 1000), above=0)
    beta1: Number = _BETA1
    beta2: Number = _BETA2
    eps: Number = setting("number", _EPS, default=Fraction(1, 10**8), above=0)
    weight_decay: Number = setting("number", "L2 penalty", default=0, low=0)
    norm_weight_decay: Number | None = _NORMS
    bias_weight_decay: Number | None = _BIASES

    def conflict(self) -> tuple[str, str] | None:
        """Means that decay by a factor of 1 never take anything in."""
        return _betas(self.beta1, self.beta2)


class AdamW(Variant):
    """Adam with decoupled weight decay, as torch.optim.AdamW (Loshchilov and Hutter 2019)."""

    lr: Number = setting("number", _LR, default=Fraction(1, 1000), above=0)
    beta1: Number = _BETA1
    beta2: Number = _BETA2
    eps: Number = setting("number", _EPS, default=Fraction(1, 10**8), above=0)
    weight_decay: Number = setting(
        "number", "decoupled weight decay", default=Fraction(1, 100), low=0
    )
    norm_weight_decay: Number | None = _NORMS
    bias_weight_decay: Number | None = _BIASES

    def conflict(self) -> tuple[str, str] | None:
        """Means that decay by a factor of 1 never take anything in."""
        return _betas(self.beta1, self.beta2)


class RMSprop(Variant):
    """Gradients over the root of their mean square, as torch.optim.RMSprop (Hinton 2012)."""

    lr: Number = setting("number", _LR, default=Fraction(1, 100), above=0)
    alpha: Number = setting(
        "number", "decay of the mean of the square", default=Fraction(99, 100), low=0, high=1
    )
    eps: Number = setting("number", _EPS, default=Fraction(1, 10**8), above=0)
    weight_decay: Number = setting("number", "L2 penalty", default=0, low=0)
    momentum: Number = setting("number", "momentum factor", default=0, low=0, high=1)
    centered: bool = setting(
        "flag", "divide by the standard deviation in place of the root mean square", default=False
    )
    norm_weight_decay: Number | None = _NORMS
    bias_weight_decay: Number | None = _BIASES


class Lamb(Variant):
    """Adam with a trust ratio for each layer, for large batches (You et al. 2020).

    As timm.optim.Lamb, which has to be installed, without its own clipping: that is `clip_norm`.
    """

    lr: Number = setting("number", _LR, default=Fraction(1, 1000), above=0)
    beta1: Number = _BETA1
    beta2: Number = _BETA2
    eps: Number = setting("number", _EPS, default=Fraction(1, 10**6), above=0)
    weight_decay: Number = setting("number", "weight decay", default=Fraction(1, 100), low=0)
    norm_weight_decay: Number | None = _NORMS
    bias_weight_decay: Number | None = _BIASES

    def conflict(self) -> tuple[str, str] | None:
        """Means that decay by a factor of 1 never take anything in."""
        return _betas(self.beta1, self.beta2)


Optimizer = SGD | Adam | AdamW | RMSprop | Lamb


def _betas(beta1: Number, beta2: Number) -> tuple[str, str] | None:
    for name, value in (("beta1", beta1), ("beta2", beta2)):
        if value == 1:
            return name, f"`{name}` is below 1: a mean that decays by 1 takes nothing in"
    return None
