"""The words that nets, bodies, stages and generators are set with.

A block's own parameters are settings too; those named here mean what is said here in every block,
and any other parameter means what its block makes of it.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from anydsl.language.declaration import Setting, setting
from anydsl.language.record import Record

MOST_BLOCKS = 10_000
WIDEST = 2**20

INPUT = Setting("shape", "the input: channels x height x width", low=1, high=2**16)

SETTINGS = {
    "d": Setting(
        "whole", "depth: how many blocks the stage repeats", low=1, high=MOST_BLOCKS, symbol="d_i"
    ),
    "w": Setting("whole", "width: output channels", low=1, high=WIDEST, symbol="w_i"),
    "s": Setting(
        "whole",
        "stride of the stage's first block, the others have 1",
        default=2,
        low=1,
        high=2**10,
    ),
    "b": Setting(
        "number",
        "bottleneck ratio: width over inner width; below 1 the block is wider inside",
        above=0,
        high=WIDEST,
        symbol="b_i",
    ),
    "g": Setting(
        "whole",
        "group width: channels per group of the 3x3 convolution",
        low=1,
        high=WIDEST,
        symbol="g_i",
    ),
    "groups": Setting(
        "whole", "number of groups of the 3x3 convolution, in place of `g`", low=1, high=WIDEST
    ),
    "se": Setting(
        "number",
        "squeeze-and-excitation ratio, relative to the block's input width; 0 is none",
        low=0,
        high=64,
    ),
    "classes": Setting("whole", "how many classes are told apart", low=1, high=WIDEST),
}

ANY = Setting("any", "a parameter of the block")


MEANT = {
    "depth": "d",
    "blocks": "d",
    "repeat": "d",
    "layers": "d",
    "width": "w",
    "channels": "w",
    "out_channels": "w",
    "stride": "s",
    "bottleneck": "b",
    "group_width": "g",
}
"""Words of other languages for settings of this one."""


def meant(word: str, known: Collection[str]) -> str:
    """Say how a word of another language is written here, if that is known where it stands."""
    here = MEANT.get(word.lower(), "")
    return f"`{word}` is written `{here}`" if here in known else ""


class QuantizedLinear(Record):
    """The generator of RegNet's stages (Radosavovic et al. 2020, section 3.3, eq. 2 to 4)."""

    d: int = setting("whole", "depth: how many blocks in all", low=1, high=MOST_BLOCKS)
    w0: int | Fraction = setting("number", "initial width", above=0, high=WIDEST, symbol="w_0")
    wa: int | Fraction = setting(
        "number", "slope: width added per block", low=0, high=WIDEST, symbol="w_a"
    )
    wm: int | Fraction = setting(
        "number", "factor between quantized widths", above=1, high=64, symbol="w_m"
    )
    q: int = setting("whole", "widths are multiples of it", default=8, low=1, high=2**12)
    rounding: str = setting(
        "word",
        "how widths are made to fit the groups; torchvision's differ for three published models",
        default="pycls",
        choices=("pycls", "torchvision"),
    )


GENERATORS = {"quantized_linear": QuantizedLinear}
