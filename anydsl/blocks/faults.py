"""The kinds of error that a block can meet when it is evaluated."""

from __future__ import annotations

from anydsl.language.diagnostics import ERROR, Kind

SHAPE = Kind(
    "shape_mismatch",
    "E010",
    ERROR,
    """An operation can't take what it is given.

Shapes that are added have to be equal, a linear layer needs flattened values, a window has to
fit the picture. The message stands where the block is used, its label where in
the block it happens.""",
)
WIDTH = Kind(
    "incompatible_width",
    "E011",
    ERROR,
    """A width does not divide: by the bottleneck ratio, by the groups, by a number in the block.

Widths that are written out are never changed to fit. The fixes are the nearest widths that do.""",
    "unsafe",
)
BLOCK = Kind(
    "wrong_block",
    "E012",
    ERROR,
    """A block's definition does not make sense in itself.

Every line defines one new name, `out` is the result, `->` leads from a value to an operation, a
condition is decided before anything is built, and a block may not reach itself.""",
)

KINDS = (SHAPE, WIDTH, BLOCK)
