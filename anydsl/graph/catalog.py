"""The closed set of operations, by the word that applies them."""

from __future__ import annotations

from anydsl.graph import normalizing, operations, pointwise, pooling, rearranging, regularizing
from anydsl.graph.operations import Operation

OPERATIONS: dict[str, type[Operation]] = {
    operation.word: operation
    for operation in (
        operations.Conv,
        normalizing.BatchNorm,
        normalizing.LayerNorm,
        normalizing.LayerScale,
        pointwise.ReLU,
        pointwise.ReLU6,
        pointwise.SiLU,
        pointwise.GELU,
        pointwise.Sigmoid,
        pointwise.Hardswish,
        pointwise.Hardsigmoid,
        pooling.MaxPool,
        pooling.AvgPool,
        pooling.AvgPoolTo,
        pooling.GlobalAvgPool,
        rearranging.Flatten,
        rearranging.Split,
        rearranging.Shuffle,
        operations.Linear,
        regularizing.Dropout,
        regularizing.DropPath,
    )
}
