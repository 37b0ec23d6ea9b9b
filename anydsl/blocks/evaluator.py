"""Evaluates a block's lines, once and for every interpretation.

An interpreter is a function that is told of each operation and answers with the value it makes:
cost alone, or a node of a graph. All names, arithmetic, conditions and shapes are settled here and
in `scope`.
"""

from __future__ import annotations

from collections.abc import Mapping

from anydsl.blocks.faults import BLOCK, SHAPE, WIDTH
from anydsl.blocks.results import Feature, Interpreter, fault
from anydsl.blocks.scope import Scope
from anydsl.design.faults import MISSING, TOO_LARGE
from anydsl.design.values import BlockDef, Value
from anydsl.graph.operations import Excess, Misfit, Operation
from anydsl.language.record import Record
from anydsl.language.source import Span

MOST_OPERATIONS = 50_000
"""How many operations a network may have; a block that is entered counts as one."""

DEEPEST_BLOCK = 32
"""How many blocks may stand inside each other."""


class Note(Record):
    """Something that was cut to fit, and where in the block."""

    message: str
    at: Span


class Evaluator:
    """Evaluates blocks for one network.

    Attributes:
        notes: what was cut to fit.
        entered: the path of each use of a block, and the block's name.
        operations: how many operations there were.
        placed: whether a block has asked where it stands (`i`, `j` or `depth`).
        read: the names that the lines of the last outermost block have used.
    """

    def __init__(self, interpreter: Interpreter, *, noting: bool = True) -> None:
        self.interpreter = interpreter
        self.noting = noting
        self.notes: list[Note] = []
        self.entered: list[tuple[str, str]] = []
        self.operations = 0
        self.placed = False
        self.read: set[str] = set()
        self.active: list[BlockDef] = []

    def run(
        self,
        block: BlockDef,
        given: Mapping[str, Value],
        x: Feature,
        path: str,
        positions: Mapping[str, int],
        at: Span | None = None,
    ) -> Feature:
        """Apply a block to a value.

        Args:
            block: its definition.
            given: its arguments by name.
            x: the input.
            path: what the paths of its operations start with.
            positions: the values of `i`, `j` and `depth`.
            at: where another block uses it.

        Raises:
            Fault: it can't be applied; the place is in the block's text.
        """
        if block in self.active:
            names = " -> ".join(b.name for b in (*self.active[self.active.index(block) :], block))
            raise fault(BLOCK, f"a block can't reach itself: {names}", block.span)
        missing = [p for p in block.params if p.default is None and p.name.text not in given]
        if missing:
            name = missing[0].name.text
            message = f"`{name}` is missing: the block is {block.signature}"
            raise fault(MISSING, message, at or block.span)
        if len(self.active) >= DEEPEST_BLOCK:
            message = f"blocks within blocks go beyond the limit of {DEEPEST_BLOCK}"
            raise fault(TOO_LARGE, message, block.span)
        self.count(1, block.span)
        self.active.append(block)
        self.entered.append((path, block.name))
        scope = Scope(self, block, x, path, positions)
        scope.bind(given)
        for line in block.lines:
            scope.line(line)
        self.active.pop()
        if not self.active:
            self.read = scope.read
        out = scope.names.get("out")
        if not isinstance(out, Feature):
            raise fault(
                MISSING,
                f"block `{block.name}` needs a line `out = …` that makes a value",
                block.span,
            )
        return out

    def apply(
        self, operation: Operation, inputs: tuple[Feature, ...], path: str, at: Span
    ) -> Feature:
        """Apply an operation.

        Raises:
            Fault: its inputs don't fit, or there are too many operations.
        """
        self.count(1, at)
        shapes = tuple(feature.shape for feature in inputs)
        try:
            shape = operation.shape(*shapes)
        except Excess as excess:
            raise fault(TOO_LARGE, str(excess), at) from None
        except Misfit as misfit:
            kind = WIDTH if "divide" in str(misfit) else SHAPE
            raise fault(kind, str(misfit), at) from None
        if self.noting and (adjusted := operation.adjusted(*shapes)):
            self.notes.append(Note(adjusted, at))
        return self.interpreter(path, operation, inputs, shape)

    def count(self, operations: int, at: Span) -> None:
        """Count operations before they are made.

        Raises:
            Fault: there are too many.
        """
        self.operations += operations
        if self.operations > MOST_OPERATIONS:
            message = f"this is beyond the limit of {MOST_OPERATIONS:,} operations"
            raise fault(TOO_LARGE, message, at)
