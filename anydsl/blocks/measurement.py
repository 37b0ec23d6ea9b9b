"""What a network costs, part by part, without building anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anydsl.blocks.evaluator import Evaluator, Note
from anydsl.blocks.faults import BLOCK, SHAPE, WIDTH
from anydsl.blocks.results import Feature
from anydsl.design.faults import ADJUSTED, TOO_LARGE, UNKNOWN_NAME
from anydsl.design.network import Network, Part, Resolved, Stage
from anydsl.design.reading import block_named, evaluate
from anydsl.design.values import BlockDef, Symbol, Value
from anydsl.errors import SpecError
from anydsl.graph.catalog import OPERATIONS
from anydsl.graph.operations import Conv, Cost, Operation, Shape
from anydsl.graph.reserved import reserved
from anydsl.language.builder import LARGEST
from anydsl.language.diagnostics import Diagnostic, Edit, Fault, Fix, Label, nearest
from anydsl.language.record import Record
from anydsl.language.source import Source, Span

if TYPE_CHECKING:
    from anydsl.design.modules import Library

_WIDEST_SEARCH = 512
MOST_KNOWN = 4096
"""How many measured blocks a file keeps."""


class OperationCost(Record):
    """One operation: its path within its block, what it takes and puts out and what it costs."""

    path: str
    operation: Operation
    inputs: tuple[Shape, ...]
    output: Shape
    cost: Cost


class BlockCost(Record):
    """One block.

    Attributes:
        read: the names that its lines have used, conditions being decided.
    """

    output: Shape
    cost: Cost
    operations: tuple[OperationCost, ...]
    read: frozenset[str] = frozenset()

    @property
    def groups(self) -> int | None:
        """The groups of the first convolution that was given some, None where none was."""
        for done in self.operations:
            match done.operation:
                case Conv(g=None, groups=None):
                    pass
                case Conv() as conv:
                    return conv.group_count(done.inputs[0][0])
                case _:
                    pass
        return None


class PartCost(Record):
    """A stem, a stage or a head."""

    name: str
    block: str
    output: Shape
    cost: Cost
    blocks: tuple[BlockCost, ...]


class Measurement(Record):
    """Shapes and costs of a network; `Facts` for the predicates.

    Attributes:
        parts: stem, stages and head, those that there are, in order.
        stages: the stages among them.
        output: the shape that the network puts out for one picture.
        cost: of the whole network.
    """

    network: Network
    parts: tuple[PartCost, ...]
    stages: tuple[PartCost, ...]
    output: Shape
    cost: Cost

    def values(self, key: str) -> list[tuple[str, Value]]:
        """Stage name and value of a key, for the stages that have it; widths are those put out."""
        found: list[tuple[str, Value]] = []
        for stage, part in zip(self.network.stages, self.stages, strict=True):
            value = part.output[0] if key == "w" else setting(stage, key)
            if value is not None:
                found.append((stage.name, value))
        return found

    def total(self, name: str) -> int:
        """`flops`, `params`, `acts`, `depth` or `stages`."""
        if name in ("depth", "stages"):
            return self.network.depth if name == "depth" else len(self.stages)
        return getattr(self.cost, name)


def setting(stage: Stage, key: str) -> Value | None:
    """A stage's setting as it was given, else its block's default; None where there is neither."""
    given = stage.get(key)
    if given is not None:
        return given
    if key == "s" and stage.block.param("s"):
        return 2
    param = stage.block.param(key)
    if param is None or param.default is None:
        return None
    try:
        return evaluate(param.default, stage.block.scope)
    except Fault:
        return None


def measure(network: Network) -> Measurement:
    """Measure a network: shapes, parameters, flops and acts by part.

    Raises:
        SpecError: its blocks don't fit together.
    """
    nowhere = Span(Source(network.name, network.name), 0, 1)
    measurement, diagnostics = examine(Resolved(network, {"": nowhere}))
    if measurement is None:
        raise SpecError(diagnostics)
    return measurement


def examine(
    resolved: Resolved, library: Library | None = None
) -> tuple[Measurement | None, list[Diagnostic]]:
    """Measure a network and say what does not fit, where it was written.

    Args:
        resolved: the network.
        library: what counts the operations that have to be worked out.
    """
    examiner = _Examiner(resolved)
    found = examiner.run()
    if library is not None:
        library.operations += examiner.worked
    return found


class _Examiner:
    def __init__(self, resolved: Resolved) -> None:
        self.resolved = resolved
        self.network = resolved.network
        self.diagnostics: list[Diagnostic] = []
        self.parts: list[PartCost] = []
        self.operations: list[OperationCost] = []
        self.worked = 0  # operations that no block before had in the same way
        self.evaluator = Evaluator(self._record)

    def run(self) -> tuple[Measurement | None, list[Diagnostic]]:
        network = self.network
        if any(not part.block.whole for _, part in self._named()):
            return None, []  # what is wrong there has been said
        for name, part in self._named():
            self._check_symbols(name, part)
            if isinstance(part, Stage) and reserved(name):
                message = f"a stage can't be called `{name}`: torch's modules use the word"
                self.diagnostics.append(Diagnostic(BLOCK, message, self.resolved.place(name)))
        if self.diagnostics:
            return None, self.diagnostics
        shape: Shape = network.input
        place = 0
        for name, part in self._named():
            depth = part.d if isinstance(part, Stage) else 1
            try:
                shape = self._part(name, part, depth, shape, place)
            except Fault as fault:
                self._blame(name, part, fault.diagnostic, shape)
                return None, self.diagnostics
            finally:
                self._notes(name)
            place += depth if isinstance(part, Stage) else 0
        total = Cost()
        for part in self.parts:
            total += part.cost
        if max(total.params, total.flops, total.acts) > LARGEST:
            message = f"the cost of this network is beyond the limit of {LARGEST:,}"
            self.diagnostics.append(Diagnostic(TOO_LARGE, message, self.resolved.place("")))
            return None, self.diagnostics
        names = {stage.name for stage in network.stages}
        stages = tuple(part for part in self.parts if part.name in names)
        measurement = Measurement(network, tuple(self.parts), stages, shape, total)
        return measurement, self.diagnostics

    def _named(self) -> list[tuple[str, Part | Stage]]:
        network = self.network
        named: list[tuple[str, Part | Stage]] = [(s.name, s) for s in network.stages]
        if network.stem is not None:
            named.insert(0, ("stem", network.stem))
        if network.head is not None:
            named.append(("head", network.head))
        return named

    def _part(self, name: str, part: Part | Stage, depth: int, shape: Shape, place: int) -> Shape:
        blocks: list[BlockCost] = []
        cost = Cost()
        for i in range(depth):
            given = part.block_settings(i) if isinstance(part, Stage) else dict(part.settings)
            positions = {"i": i, "j": place + i, "depth": self.network.depth}
            block = self._block(part.block, given, shape, positions)
            blocks.append(block)
            cost += block.cost
            shape = block.output
        self.parts.append(PartCost(name, part.block.name, shape, cost, tuple(blocks)))
        return shape

    def _block(
        self, block: BlockDef, given: dict[str, Value], shape: Shape, positions: dict[str, int]
    ) -> BlockCost:
        """Measure a block; one that does not ask where it stands is measured once per file."""
        key = (block.name, shape, *((k, type(v), v) for k, v in given.items()))
        costs: dict[Any, tuple[BlockCost, tuple[Note, ...], int]] = block.scope.costs
        evaluator = self.evaluator
        if key in costs:
            measured, notes, operations = costs[key]
            evaluator.count(operations, block.span)
            evaluator.notes += notes
            return measured
        self.operations = []
        evaluator.placed = False
        before, counted = len(evaluator.notes), evaluator.operations
        out = evaluator.run(block, given, Feature(shape), "", positions)
        operations = evaluator.operations - counted
        self.worked += operations
        cost = Cost()
        for operation in self.operations:
            cost += operation.cost
        measured = BlockCost(out.shape, cost, tuple(self.operations), frozenset(evaluator.read))
        if not evaluator.placed:
            if len(costs) >= MOST_KNOWN:
                costs.clear()
            costs[key] = measured, tuple(evaluator.notes[before:]), operations
        return measured

    def _record(
        self, path: str, operation: Operation, inputs: tuple[Feature, ...], shape: Shape
    ) -> Feature:
        shapes = tuple(feature.shape for feature in inputs)
        cost = operation.cost(*shapes)
        self.operations.append(OperationCost(path, operation, shapes, shape, cost))
        return Feature(shape)

    # ------------------------------------------------------------------------- findings

    def _check_symbols(self, name: str, part: Part | Stage) -> None:
        """An operation that is named in a setting has to be one."""
        for key, value in part.settings:
            for symbol in value if isinstance(value, tuple) else (value,):
                if (
                    isinstance(symbol, Symbol)
                    and not symbol.block
                    and symbol.name not in OPERATIONS
                ):
                    scope = part.block.scope
                    blocks = (n for n in scope.library.standard_names() if block_named(n, scope))
                    known = [*OPERATIONS, *blocks]
                    message = f"`{symbol.name}` is no operation and no block"
                    at = self.resolved.place(f"{name}.{key}")
                    hint = nearest(symbol.name, known)
                    self.diagnostics.append(Diagnostic(UNKNOWN_NAME, message, at, help=hint))

    def _blame(self, name: str, part: Part | Stage, found: Diagnostic, shape: Shape) -> None:
        """Say where a block was used that failed, and where in the block."""
        user = name if name in ("stem", "head") else f"stage `{name}`"
        if found.kind not in (SHAPE, WIDTH, TOO_LARGE):
            label = Label(self.resolved.place(name), f"used by {user}")
            self.diagnostics.append(found.replace(labels=(*found.labels, label)))
            return
        path = f"{name}.w" if found.kind is WIDTH else name
        label = Label(found.at, f"here in block `{part.block.name}`")
        fixes = self._widths(name, part, shape) if found.kind is WIDTH else ()
        hint = " or ".join(fix.message for fix in fixes).replace(" or set `w` to ", " or ")
        at = self.resolved.place(path)
        self.diagnostics.append(
            found.replace(
                at=at,
                labels=(label,),
                message=f"in {user}, {found.message}",
                fixes=fixes,
                help=hint,
            )
        )

    def _widths(self, name: str, part: Part | Stage, shape: Shape) -> tuple[Fix, ...]:
        """The nearest widths above and below that the block can have."""
        width = part.get("w")
        at = self.resolved.places.get(f"{name}.w")
        if not isinstance(width, int) or at is None:
            return ()
        fixes: list[Fix] = []
        for step in (-1, 1):
            for candidate in range(width + step, width + step * _WIDEST_SEARCH, step):
                if candidate > 0 and _fits(part, candidate, shape):
                    edit = Edit(at, str(candidate))
                    fixes.append(Fix(f"set `w` to {candidate}", (edit,)))
                    break
        return tuple(fixes)

    def _notes(self, name: str) -> None:
        for note in dict.fromkeys(self.evaluator.notes):
            label = Label(note.at, "here")
            at = self.resolved.place(f"{name}.g")
            self.diagnostics.append(
                Diagnostic(ADJUSTED, f"in {name}, {note.message}", at, (label,))
            )
        self.evaluator.notes.clear()


def _fits(part: Part | Stage, width: int, shape: Shape) -> bool:
    """Whether a block takes a width; the second block of a stage is tried too."""
    evaluator = Evaluator(lambda _path, _operation, _inputs, shape: Feature(shape))
    positions = {"i": 0, "j": 0, "depth": 1}
    block: BlockDef = part.block
    x = Feature(shape)
    try:
        for i in range(min(part.d, 2) if isinstance(part, Stage) else 1):
            given = part.block_settings(i) if isinstance(part, Stage) else dict(part.settings)
            x = evaluator.run(block, {**given, "w": width}, x, "", positions)
    except Fault:
        return False
    return True
