"""The closed set of operations, by the word that applies them."""

from __future__ import annotations

from anydsl.graph import operations, pointwise
from anydsl.graph.operations import Operation

OPERATIONS: dict[str, type[Operation]] = {
    operation.word: operation
    for operation in (
        operations.Conv,
        operations.BatchNorm,
        pointwise.ReLU,
        pointwise.ReLU6,
        pointwise.SiLU,
        pointwise.GELU,
        pointwise.Sigmoid,
        pointwise.Hardswish,
        pointwise.Hardsigmoid,
        operations.MaxPool,
        operations.AvgPool,
        operations.GlobalAvgPool,
        operations.Flatten,
        operations.Linear,
        operations.Dropout,
    )
}
