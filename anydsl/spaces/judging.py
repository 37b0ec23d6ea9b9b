"""Predicates over many designs at once, equal to `design.predicates.holds` of each one."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from anydsl.design.predicates import (
    Aggregate,
    And,
    Arithmetic,
    Comparison,
    Not,
    Or,
    Ordered,
    Predicate,
    Quantity,
    Shared,
    Total,
    Within,
    holds,
)
from anydsl.design.values import Range, Value, is_number
from anydsl.spaces.batch import Batch, Facts, Irregular, is_column

Mask = NDArray[np.bool_]

_NEAR = 1e-9
"""Numbers that differ less, in proportion, are compared exactly."""

_LARGEST = 2**62


def judge(predicate: Predicate, batch: Batch, *, adjusted: bool) -> Mask:
    """Of which designs a predicate holds.

    Args:
        predicate: one that looks at no cost, or at costs that the batch has.
        batch: the designs.
        adjusted: whether widths are those that fit the groups, else those that were drawn.
    """
    return _Judge(batch, adjusted=adjusted).mask(predicate)


class _Judge:
    def __init__(self, batch: Batch, *, adjusted: bool) -> None:
        self.batch = batch
        self.adjusted = adjusted

    def mask(self, predicate: Predicate) -> Mask:
        try:
            return self._mask(predicate)
        except Irregular:
            return self._exactly(predicate, np.arange(self.batch.size))

    def _mask(self, predicate: Predicate) -> Mask:
        match predicate:
            case Shared():
                return self._shared(predicate)
            case Ordered():
                return self._ordered(predicate)
            case Comparison():
                return self._comparison(predicate)
            case Within():
                return self._within(predicate)
            case And():
                return self.mask(predicate.left) & self.mask(predicate.right)
            case Or():
                return self.mask(predicate.left) | self.mask(predicate.right)
            case Not():
                return ~self.mask(predicate.predicate)
            case _:
                assert_never(predicate)

    def _exactly(self, predicate: Predicate, rows: NDArray[np.int64]) -> Mask:
        """One design after the other, in whole numbers and fractions."""
        return np.array(
            [holds(predicate, Facts(self.batch, int(row), adjusted=self.adjusted)) for row in rows],
            np.bool_,
        )

    def _columns(self, key: str) -> list[Any]:
        found = (
            self.batch.numbers(stage, key, adjusted=self.adjusted)
            for stage in range(self.batch.stages)
        )
        return [column for column in found if column is not None]

    def _numbers(self, key: str) -> list[Any]:
        """The columns of a key that are numbers."""
        numbers: list[Any] = []
        for stage in range(self.batch.stages):
            column = self.batch.numbers(stage, key, adjusted=self.adjusted)
            slot = self.batch.slot(stage, key)
            if column is None:
                continue
            if is_column(column):
                drawn = slot is not None and slot.variable is not None
                table = self.batch.table(slot) if drawn and slot is not None else None
                if table is not None and not table.numeric:
                    if any(map(is_number, table.values)):
                        raise Irregular
                    continue
                numbers.append(column)
            elif is_number(column):
                numbers.append(_plain(column))
        return numbers

    def _shared(self, predicate: Shared) -> Mask:
        columns = self._columns(predicate.key)
        same = np.ones(self.batch.size, np.bool_)
        codes = self.batch.proposer.codes
        plain: list[Any] = []
        for column in columns:
            if is_column(column):
                plain.append(column)
            elif is_number(column):
                plain.append(_plain(column))
            else:
                plain.append(codes.setdefault(column, len(codes)))
        if len({self._sort(predicate.key, stage) for stage in range(self.batch.stages)}) > 1:
            raise Irregular  # a code may look like a number
        for column in plain[1:]:
            same &= column == plain[0]
        return same

    def _sort(self, key: str, stage: int) -> bool:
        """Whether a stage's column is one of codes."""
        column = self.batch.numbers(stage, key, adjusted=self.adjusted)
        if column is None:
            return False
        if not is_column(column):
            return not is_number(column)
        slot = self.batch.slot(stage, key)
        table = self.batch.table(slot) if slot is not None and slot.variable is not None else None
        return table is not None and not table.numeric

    def _ordered(self, predicate: Ordered) -> Mask:
        columns = self._numbers(predicate.key)
        kept = np.ones(self.batch.size, np.bool_)
        for before, after in pairwise(columns[:-1] if predicate.except_last else columns):
            kept &= after > before if predicate.strict else after >= before
        return kept

    def _comparison(self, predicate: Comparison) -> Mask:
        left, right = self._quantity(predicate.left), self._quantity(predicate.right)
        if left is None or right is None:
            return np.zeros(self.batch.size, np.bool_)
        mask = np.empty(self.batch.size, np.bool_)
        mask[:] = _COMPARE[predicate.operator](left, right)
        if _exact(predicate.left, left) and _exact(predicate.right, right):
            return mask
        size = np.maximum(np.abs(left), np.abs(right))
        near = np.empty(self.batch.size, np.bool_)
        near[:] = ~(np.abs(left - right) > _NEAR * size)  # what is no number is near too
        return self._decided(predicate, mask, near)

    def _within(self, predicate: Within) -> Mask:
        value = self._quantity(predicate.quantity)
        mask = np.zeros(self.batch.size, np.bool_)
        if value is None:
            return mask
        values = predicate.values
        if not isinstance(values, Range):
            for one in values:
                if is_number(one):
                    mask |= self._comparison(Comparison("==", predicate.quantity, one))
            return mask
        mask |= self._comparison(Comparison(">=", predicate.quantity, values.low))
        mask &= self._comparison(Comparison("<=", predicate.quantity, values.high))
        if values.step is None:
            return mask
        whole = all(isinstance(x, int) for x in (values.low, values.step)) and _integral(value)
        if whole:
            return mask & ((value - values.low) % values.step == 0)
        return self._decided(predicate, mask, mask.copy())

    def _decided(self, predicate: Predicate, mask: Mask, doubtful: Mask) -> Mask:
        rows = np.flatnonzero(doubtful)
        mask[rows] = self._exactly(predicate, rows)
        return mask

    def _quantity(self, of: Quantity) -> Any:
        """A column or a number; None where no stage has the key."""
        match of:
            case Total(name="stages"):
                return self.batch.stages
            case Total(name="depth"):
                return sum(self._numbers("d"))
            case Total():
                return self.batch.costs[of.name]
            case Aggregate():
                columns = self._numbers(of.key)
                if not columns:
                    return None
                match of.function:
                    case "first":
                        return columns[0]
                    case "last":
                        return columns[-1]
                    case "sum":
                        return sum(columns)
                    case _:
                        pick = np.minimum if of.function == "min" else np.maximum
                        out = columns[0]
                        for column in columns[1:]:
                            out = pick(out, column)
                        return out
            case Arithmetic():
                return self._arithmetic(of)
            case _:
                return _plain(of)

    def _arithmetic(self, of: Arithmetic) -> Any:
        left, right = self._quantity(of.left), self._quantity(of.right)
        if left is None or right is None:
            return None
        if of.operator in ("/", "//", "%"):
            if np.any(right == 0) or (of.operator != "/" and not _integrals(left, right)):
                raise Irregular
            if of.operator == "/":
                return left / right
            return left // right if of.operator == "//" else left % right
        if of.operator == "*":
            if _integrals(left, right) and _most(left) * _most(right) > _LARGEST:
                left = np.asarray(left, object)
            return left * right
        if _integrals(left, right) and _most(left) + _most(right) > _LARGEST:
            left = np.asarray(left, object)
        return left + right if of.operator == "+" else left - right


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


def _plain(value: Value) -> int | float:
    if isinstance(value, int):
        return value
    assert is_number(value)
    return float(value)


def _integral(value: Any) -> bool:
    return isinstance(value, int) or (is_column(value) and value.dtype.kind in "iO")


def _integrals(*values: Any) -> bool:
    return all(map(_integral, values))


def _exact(of: Quantity, value: Any) -> bool:
    """Whether a column is what it stands for: whole numbers, or numbers that were only picked."""
    if _integral(value):
        return True
    return isinstance(of, (int, Fraction)) or (isinstance(of, Aggregate) and of.function != "sum")


def _most(value: Any) -> int:
    return int(np.max(np.abs(value), initial=0)) if is_column(value) else abs(value)
