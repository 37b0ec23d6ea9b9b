"""A design on its way into the language: what every source is read into, and what is written."""

from __future__ import annotations

from fractions import Fraction

from anydsl.design.vocabulary import QuantizedLinear
from anydsl.language.record import Record

Scalar = int | Fraction | str


class Piece(Record):
    """A stem or a head: a block of the library and its settings, as they are to be written."""

    block: str
    settings: tuple[tuple[str, Scalar], ...]


class Level(Record):
    """A stage.

    Attributes:
        d: how many blocks.
        w: what they put out.
        s: the stride of the first one.
        inner: the width of the 3x3 convolution of a bottleneck, else `w`.
        groups: in how many groups that convolution is.
    """

    d: int
    w: int
    s: int
    inner: int
    groups: int = 1


class Plan(Record):
    """A design: everything that is to be said of it.

    Attributes:
        name: of the net.
        origin: where it comes from, as a phrase: `torchvision's resnet50`.
        title: the same as a title: `The resnet50 of torchvision`.
        input: channels x height x width.
        transform: what a block computes: `basic`, `vanilla`, `bottleneck`, or `linear`, which is a
            bottleneck without an activation at its end.
        se: the squeeze-and-excitation ratio, 0 for none.
        act: the activation of blocks, stem and head.
        strided: the convolution of a bottleneck that has the stride: `3x3` or `1x1`.
        generator: what generates the stages, if something does; `q` and `rounding` included.
        g: the group width that all stages share and that is cut where a stage is narrower; None
            where it is not known.
    """

    name: str
    origin: str
    title: str
    input: tuple[int, int, int]
    stem: Piece
    levels: tuple[Level, ...]
    head: Piece
    transform: str
    se: Fraction | int = 0
    act: str = "relu"
    strided: str = "3x3"
    generator: QuantizedLinear | None = None
    g: int | None = None


BOTTLENECKS = ("bottleneck", "linear")


def net_name(words: str) -> str:
    """A net's name out of a file's or a model's: `RegNetX-200MF` gives `RegNetX_200MF`."""
    kept = "".join(c if c.isalnum() and c.isascii() else " " for c in words)
    name = "_".join(kept.split())
    if not name[:1].isalpha():
        return f"Net_{name}" if name else "Net"
    return name[0].upper() + name[1:]
