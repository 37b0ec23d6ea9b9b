"""Two networks compared in meaning: what one computes, keeps and costs that the other does not."""

from __future__ import annotations

from typing import Any

from anydsl.blocks.graphing import build_graph
from anydsl.blocks.measurement import Measurement, PartCost
from anydsl.checker.block_meaning import BlockChange, changed_blocks, same_meaning
from anydsl.checker.matching import match
from anydsl.design.network import Network, Part, Rule, Stage, Waiver
from anydsl.design.predicates import write
from anydsl.design.reading import evaluate
from anydsl.design.values import BlockDef, Groups, Value, spoken
from anydsl.graph.dataflow import INPUT, Graph
from anydsl.graph.operations import Conv, Cost, Operation, Shape
from anydsl.language import tree
from anydsl.language.diagnostics import Fault
from anydsl.language.record import Record

BODY = "body"
COUNTS = ("params", "flops", "acts")


class Change(Record):
    """A setting that differs.

    Attributes:
        part: `input`, `stem`, a stage or `head`; `body` where all stages that both have change
            alike. A stage that was renamed has the name that it has in the second network.
        setting: `d`, `w`, `block` …; `name` for one that was renamed; `stage`, `stem` or `head`
            for one that only one network has, with all of its settings as the value.
        a, b: the values as they are written, empty where there is none.
    """

    part: str
    setting: str
    a: str
    b: str


class PartChange(Record):
    """What a part costs in either network; a part that one of them lacks costs nothing there."""

    part: str
    a: Cost
    b: Cost


class Comparison(Record):
    """How a second network differs from a first one.

    Attributes:
        alike: whether both compute the same, under the same parameter names; rules apart.
        changes: the settings that differ, in the order of the network.
        blocks: the blocks of one name that are defined differently.
        dropped, added: rules and waivers that only the first, or only the second network has.
        parts: what the parts cost whose costs differ.
        a, b: what the networks cost.
    """

    alike: bool
    changes: tuple[Change, ...]
    blocks: tuple[BlockChange, ...]
    dropped: tuple[str, ...]
    added: tuple[str, ...]
    parts: tuple[PartChange, ...]
    a: Cost
    b: Cost

    @property
    def same(self) -> bool:
        """Whether the two mean the same."""
        return self.alike and not self.dropped and not self.added


def compare(left: Measurement, right: Measurement) -> Comparison:
    """Compare two networks that have been measured."""
    return _Comparing(left, right).run()


class _Comparing:
    def __init__(self, left: Measurement, right: Measurement) -> None:
        self.left, self.right = left, right
        self.a, self.b = left.network, right.network
        self.digests = _digests(self.a), _digests(self.b)
        self.changes: list[Change] = []
        self.parts: list[PartChange] = []

    def run(self) -> Comparison:
        if self.a.input != self.b.input:
            shapes = ("x".join(map(str, net.input)) for net in (self.a, self.b))
            self.changes.append(Change("input", "input", *shapes))
        self._piece("stem", self.a.stem, self.b.stem)
        self._stages()
        self._piece("head", self.a.head, self.b.head)
        dropped, added = _only(self.a, self.b), _only(self.b, self.a)
        blocks = changed_blocks(self.a, self.b)
        alike = not self.changes and self.digests[0] == self.digests[1]
        return Comparison(
            alike,
            tuple(self.changes),
            () if alike else blocks,
            dropped,
            added,
            tuple(part for part in self.parts if part.a != part.b),
            self.left.cost,
            self.right.cost,
        )

    def _piece(self, kind: str, a: Part | None, b: Part | None) -> None:
        costs = (_cost(self.left, kind), _cost(self.right, kind))
        self.parts.append(PartChange(kind, *(c.cost if c else Cost() for c in costs)))
        if a is None or b is None:
            if a is not b:
                texts = (_inline(p, None) if p else "" for p in (a, b))
                self.changes.append(Change(kind, kind, *texts))
        elif not self._equal(kind, kind):
            self.changes += _differing(kind, (a, None), (b, None))

    def _stages(self) -> None:
        lefts = list(zip(self.a.stages, self.left.stages, strict=True))
        rights = list(zip(self.b.stages, self.right.stages, strict=True))
        found: list[list[Change]] = []
        both: list[list[Change]] = []
        for i, j in match(lefts, rights):
            a, a_cost = lefts[i] if i is not None else (None, None)
            b, b_cost = rights[j] if j is not None else (None, None)
            name = (b or a or self.a.stages[0]).name
            costs = (a_cost.cost if a_cost else Cost(), b_cost.cost if b_cost else Cost())
            self.parts.append(PartChange(name, *costs))
            texts = (_inline(s, c) if s else "" for s, c in ((a, a_cost), (b, b_cost)))
            if a is None or b is None:
                found.append([Change(name, "stage", *texts)])
                continue
            changes = [Change(name, "name", a.name, b.name)] if a.name != b.name else []
            if not self._equal(a.name, b.name):
                changes += _differing(name, (a, a_cost), (b, b_cost))
            found.append(changes)
            both.append(changes)
        shared = _shared(both)
        self.changes += shared
        common = {(c.setting, c.a, c.b) for c in shared}
        for changes in found:
            self.changes += [c for c in changes if (c.setting, c.a, c.b) not in common]

    def _equal(self, a: str, b: str) -> bool:
        """Whether two parts compute the same of what comes in, however they are written."""
        return self.digests[0].get(a) == self.digests[1].get(b)


def _cost(measured: Measurement, name: str) -> PartCost | None:
    return next((p for p in measured.parts if p.name == name), None)


# ------------------------------------------------------------------------------- computation


def _digests(network: Network) -> dict[str, int]:
    """For each part, a number for what it computes and what its parameters are called.

    The paths within a part count, its own name does not, and neither do the other parts.
    """
    graph: Graph = build_graph(network)
    seen: dict[str, int] = {}
    steps: dict[str, list[int]] = {}
    results: dict[str, int] = {}
    for node in graph:
        part, _, within = node.path.partition(".")
        inputs: list[int] = []
        for path in node.inputs:
            home = path.partition(".")[0]
            if home == part and path != INPUT:
                inputs.append(seen[path])
            else:  # what the part gets is not its own
                inputs.append(hash(("entry", graph.shape(path))))
                results[home] = seen.get(path, 0)
        operation = _plain(node.operation, graph.shape(node.inputs[0]))
        seen[node.path] = hash((within, operation, tuple(inputs)))
        steps.setdefault(part, []).append(seen[node.path])
    results[graph.output.partition(".")[0]] = seen.get(graph.output, 0)
    return {part: hash((tuple(own), results.get(part))) for part, own in steps.items()}


def _plain(operation: Operation, shape: Shape) -> Operation:
    """An operation in one of the ways in which it can be written."""
    if isinstance(operation, Conv):
        pad, groups = operation.padding(), operation.group_count(shape[0])
        return operation.replace(g=None, groups=groups, pad=pad)
    return operation


# ---------------------------------------------------------------------------------- settings


class _Said(Record):
    """The value of a setting as it is written, and whether it is only the block's default."""

    text: str
    default: bool = False


def _settings(part: Part | Stage, cost: PartCost | None) -> dict[str, _Said]:
    """The block and all that it is given, defaults included, in the order to read them in."""
    values = {"block": _Said(part.block.name)}
    if isinstance(part, Stage):
        values["d"] = _Said(str(part.d))
    found: dict[str, _Said] = {}
    for param in part.block.params:
        name = param.name.text
        value = part.get(name)
        if value is not None:
            found[_key(name, value)] = _Said(spoken(value))
        elif name == "s" and isinstance(part, Stage):
            found[name] = _Said("2", default=True)
        elif param.default is not None:
            found[name] = _Said(_default(param.default, part.block), default=True)
    if cost is not None and not found.get("w", _Said("")).text.startswith("["):
        found["w"] = _Said(str(cost.output[0]))
    for key in ("w", "s", "b", "g", "groups", "se"):
        if key in found:
            values[key] = found.pop(key)
    return values | found


def _default(default: tree.Expr, block: BlockDef) -> str:
    try:
        return spoken(evaluate(default, block.scope))
    except Fault:  # it depends on what the block is given
        return default.span.text


def _key(name: str, value: Value) -> str:
    first = value[0] if isinstance(value, tuple) and value else value
    return "groups" if isinstance(first, Groups) else name


def _inline(part: Part | Stage, cost: PartCost | None) -> str:
    said = _settings(part, cost).items()
    return ", ".join(f"{key} = {value.text}" for key, value in said if not value.default)


def _differing(
    name: str,
    left: tuple[Part | Stage, PartCost | None],
    right: tuple[Part | Stage, PartCost | None],
) -> list[Change]:
    a, b = _settings(*left), _settings(*right)
    found: list[Change] = []
    for key in dict.fromkeys([*a, *b]):
        one, other = a.get(key), b.get(key)
        if one is None or other is None:
            said = one or other
            if said is not None and said.default:
                continue  # the default of what the other block does not know
        elif one.text == other.text:
            continue
        if key == "block" and same_meaning(left[0].block, right[0].block):
            continue
        found.append(Change(name, key, one.text if one else "", other.text if other else ""))
    return found


def _shared(stages: list[list[Change]]) -> list[Change]:
    """The changes that all of several stages have in common, said of the body."""
    if len(stages) < 2:
        return []
    common = {(c.setting, c.a, c.b) for c in stages[0]}
    for changes in stages[1:]:
        common &= {(c.setting, c.a, c.b) for c in changes}
    return [c.replace(part=BODY) for c in stages[0] if (c.setting, c.a, c.b) in common]


# ------------------------------------------------------------------------------------- rules


def _only(network: Network, other: Network) -> tuple[str, ...]:
    """Rules and waivers that only one network has, as they are written, without their reasons.

    A rule that the other one waives is not said to be missing there: the waiver says so.
    """
    known = {(type(said), *_meant(said)) for said in (*other.rules, *other.waivers)}
    waived = {w.predicate for w in other.waivers if w.predicate is not None}
    found: list[str] = []
    for said in (*network.rules, *network.waivers):
        if (type(said), *_meant(said)) in known:
            continue
        if isinstance(said, Waiver):
            rule = write(said.predicate) if said.predicate is not None else said.rule
            found.append(f"waive {rule}")
        elif said.predicate not in waived:
            found.append(f"{said.kind} {write(said.predicate)}")
    return tuple(dict.fromkeys(found))


def _meant(said: Rule | Waiver) -> tuple[Any, ...]:
    return said.predicate, (said.kind if isinstance(said, Rule) else said.rule)


def as_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as plain data: what `diff --format json` prints."""
    return {
        "same": comparison.same,
        "alike": comparison.alike,
        "changes": [
            {"part": c.part, "setting": c.setting, "a": c.a or None, "b": c.b or None}
            for c in comparison.changes
        ],
        "blocks": [
            {"name": block.name, "a": list(block.a), "b": list(block.b)}
            for block in comparison.blocks
        ],
        "rules": {"dropped": list(comparison.dropped), "added": list(comparison.added)},
        "parts": [{"part": part.part, **_counts(part.a, part.b)} for part in comparison.parts],
        **_counts(comparison.a, comparison.b),
    }


def _counts(a: Cost, b: Cost) -> dict[str, Any]:
    return {
        count: {"a": getattr(a, count), "b": getattr(b, count), "change": change(a, b, count)}
        for count in COUNTS
    }


def change(a: Cost, b: Cost, count: str) -> float | None:
    """By how many per cent a count changes; None where there was nothing before."""
    before, after = getattr(a, count), getattr(b, count)
    return 100 * (after - before) / before if before else None
