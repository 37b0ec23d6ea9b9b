"""What stands in the box of a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from anydsl.drawing.content.flow import JOINING, Step
from anydsl.drawing.content.numbers import Numbers, same, shape
from anydsl.graph.operations import Conv, Linear, Operation
from anydsl.graph.pooling import AvgPoolTo, Pool
from anydsl.graph.rearranging import Shuffle, Split
from anydsl.language.record import Record

COMPUTES, MOVES, JOINS, CHANGES, FOLDED = "computes", "moves", "joins", "changes", "folded"

_NAMES = {
    "bn": "BN",
    "layernorm": "LN",
    "layer_scale": "layer scale",
    "drop_path": "drop path",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "silu": "SiLU",
    "gelu": "GELU",
    "hardswish": "h-swish",
    "hardsigmoid": "h-sigmoid",
    "maxpool": "max pool",
    "avgpool": "avg pool",
    "gap": "global avg pool",
    "add": "+",
    "mul": "×",
}


class Label(Record):
    """The text of a box.

    Attributes:
        role: whether the step computes, moves values, joins them, changes them one by one, or is
            a block of its own.
        title: the operation and its width.
        details: lines below: stride and groups.
        after: the norm and the activation behind it.
    """

    role: str
    title: str
    details: tuple[str, ...] = ()
    after: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, line by line."""
        return (self.title, *self.details, *([self.after] if self.after else []))


def label(steps: Sequence[Step], numbers: Numbers) -> Label:
    """The label of one step of several blocks of a kind."""
    first = steps[0]
    if first.inner is not None:
        width = numbers.width([step.output[0] for step in steps])
        same_width = all(step.output[0] == step.took[0][0] for step in steps)
        return Label(FOLDED, first.inner.block if same_width else f"{first.inner.block}, {width}")
    lead = first.operations[0]
    after = " · ".join(_name(op) for op in first.operations[1:])
    operations = [step.operations[0] for step in steps]
    match lead:
        case Conv():
            title, details = _conv(cast("list[Conv]", operations), steps, numbers)
            return Label(COMPUTES, title, details, after)
        case Linear():
            width = numbers.width([step.output[0] for step in steps])
            return Label(COMPUTES, f"linear, {width}", (), after)
        case Pool():
            pools = cast("list[Pool]", operations)
            title = f"{_window(pools, numbers)} {_name(lead)}"
            stride = _stride([pool.s or pool.k for pool in pools], numbers)
            return Label(MOVES, title, tuple(filter(None, [stride])), after)
        case AvgPoolTo():
            return Label(MOVES, f"avg pool to {shape(first.output[1:])}", (), after)
        case Split():
            title = f"part {lead.i + 1} of {lead.n}"
            return Label(MOVES, title, (numbers.width([s.output[0] for s in steps]),), after)
        case Shuffle():
            return Label(MOVES, "channel shuffle", (f"{lead.groups} groups",), after)
        case _ if lead.word == "concat":
            width = numbers.width([step.output[0] for step in steps])
            return Label(MOVES, f"concat, {width}", (), after)
        case _ if lead.word in JOINING:
            return Label(JOINS, _name(lead))
        case _ if lead.word in ("gap", "flatten"):
            return Label(MOVES, _name(lead), (), after)
        case _:
            return Label(CHANGES, " · ".join(_name(op) for op in first.operations))


def _conv(
    convs: list[Conv], steps: Sequence[Step], numbers: Numbers
) -> tuple[str, tuple[str, ...]]:
    into = [step.took[0][0] for step in steps]
    groups = [conv.group_count(channels) for conv, channels in zip(convs, into, strict=True)]
    widths = [channels // n for channels, n in zip(into, groups, strict=True)]
    depthwise = same([1, *widths]) and any(n > 1 for n in groups)
    name = "depthwise" if depthwise else "conv"
    title = f"{_window(convs, numbers)} {name}, {numbers.width([c.w for c in convs])}"
    grouped = ""
    if not depthwise and any(n > 1 for n in groups):
        if same(groups):
            many = f"{groups[0]} groups"
            grouped = f"{many} of {widths[0]}" if same(widths) else many
        else:
            grouped = f"groups of {numbers.named('g', widths)}"
    stride = _stride([conv.s for conv in convs], numbers)
    dilated = [conv.dilation for conv in convs]
    dilation = "" if same([1, *dilated]) else f"dilation {numbers.named('dilation', dilated)}"
    return title, tuple(filter(None, [grouped, stride, dilation]))


def _window(operations: Sequence[Conv | Pool], numbers: Numbers) -> str:
    k = numbers.named("k", [operation.k for operation in operations])
    return f"{k}×{k}"


def _stride(strides: Sequence[int], numbers: Numbers) -> str:
    return "" if same([1, *strides]) else f"stride {numbers.named('s', strides)}"


def _name(operation: Operation) -> str:
    """An operation's name in print, with the share that it drops where it has one."""
    return _NAMES.get(operation.word, operation.word.replace("_", " "))
