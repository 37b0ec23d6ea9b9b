"""Each operation's shape and cost, against what torch makes of it on the meta device."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from anydsl.graph.catalog import OPERATIONS
from anydsl.graph.dataflow import INPUT, Graph, Node
from anydsl.graph.normalizing import BatchNorm, LayerNorm, LayerScale
from anydsl.graph.operations import Conv, Cost, Linear, Misfit, Operation, Shape, Torch
from anydsl.graph.pointwise import Activation, Add, Multiply
from anydsl.graph.pooling import AvgPool, AvgPoolTo, GlobalAvgPool, MaxPool
from anydsl.graph.rearranging import Concat, Flatten, Shuffle, Split
from anydsl.graph.regularizing import DropPath
from anydsl.language.declaration import REQUIRED
from anydsl.lowering.modules import module_class

SIDES = st.integers(1, 24)
PICTURES = st.tuples(st.integers(1, 24), SIDES, SIDES)


class Function(nn.Module):
    def __init__(self, form: Torch) -> None:
        super().__init__()
        self.form = form

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        function = getattr(torch, self.form.name.removeprefix("torch."))
        given = (list(inputs),) if self.form.listed else inputs
        return function(*given, **self.form.arguments)


def an(word: str) -> Operation:
    """An operation with its defaults, and the least of what it needs."""
    cls = OPERATIONS[word]
    needed: dict[str, Any] = {
        name: (1, 1) if setting.kind == "size" else setting.low or 0
        for name, setting in cls.__settings__.items()
        if setting.default is REQUIRED
    }
    return cls(**needed)


def in_torch(operation: Operation, shape: Shape) -> tuple[nn.Module, torch.Tensor, int]:
    """The module, its output, and the multiply-adds that torch itself counts in it."""
    form = operation.torch(shape)
    with torch.device("meta"):
        module = module_class(form.name)(**form.arguments) if form.is_module else Function(form)
        x = torch.zeros(1, *shape)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            out = module.eval()(x)
    return module, out[0], counter.get_total_flops() // 2


def same_as_torch(operation: Operation, shape: Shape) -> None:
    try:
        expected = operation.shape(shape)
    except Misfit:
        with pytest.raises((RuntimeError, ValueError)):
            in_torch(operation, shape)
        return
    module, out, products = in_torch(operation, shape)
    assert tuple(out.shape) == expected
    cost = operation.cost(shape)
    assert cost.params == sum(p.numel() for p in module.parameters())
    biased = isinstance(operation, (Conv, Linear)) and operation.bias
    assert cost.flops == products + (out.numel() if biased else 0)
    counted = isinstance(operation, (Conv, Linear, MaxPool, AvgPool))
    assert cost.acts == (out.numel() if counted else 0)


@st.composite
def convolutions(draw: st.DrawFn) -> Conv:
    pad = draw(st.sampled_from(["same", "same", 0, 1, 3]))
    grouping = draw(st.sampled_from(["", "g", "groups"]))
    return Conv(
        w=draw(st.integers(1, 24)),
        k=draw(st.integers(1, 7)),
        s=draw(st.integers(1, 4)),
        dilation=draw(st.integers(1, 3)),
        bias=draw(st.booleans()),
        pad=pad,
        **({grouping: draw(st.sampled_from([1, 2, 3, 4, 8]))} if grouping else {}),
    )


@given(convolutions(), PICTURES)
def test_convolutions(operation: Conv, shape: Shape) -> None:
    try:
        operation.group_count(shape[0])
    except Misfit as misfit:
        assert "divide" in str(misfit)
        with pytest.raises(Misfit):
            operation.shape(shape)
        return
    same_as_torch(operation, shape)


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 64))
def test_groups(channels: int, w: int, g: int) -> None:
    """g channels a group, cut where it is more than there are; or so many groups."""
    for operation, groups in (
        (Conv(w, 1, g=g), Fraction(channels, min(g, channels))),
        (Conv(w, 1, groups=g), Fraction(g)),
    ):
        if groups.denominator > 1 or channels % groups or w % groups:
            with pytest.raises(Misfit):
                operation.group_count(channels)
        else:
            assert operation.group_count(channels) == groups
    assert bool(Conv(w, 1, g=g).adjusted((channels, 1, 1))) == (g > channels)
    assert Conv(w, 1, groups=g).adjusted((channels, 1, 1)) == ""


@st.composite
def pools(draw: st.DrawFn) -> Operation:
    kind = draw(st.sampled_from([MaxPool, AvgPool]))
    k = draw(st.integers(1, 7))
    s = draw(st.none() | st.integers(1, 6))
    return kind(k, s=s, pad=draw(st.integers(0, k)), ceil=draw(st.booleans()))


@given(pools(), PICTURES)
def test_pools(operation: Operation, shape: Shape) -> None:
    same_as_torch(operation, shape)


@given(st.integers(1, 200), st.integers(1, 200), st.booleans())
def test_linear(channels: int, w: int, bias: bool) -> None:
    same_as_torch(Linear(w, bias), (channels,))


@pytest.mark.parametrize("word", OPERATIONS)
def test_the_others(word: str) -> None:
    operation, cls = an(word), OPERATIONS[word]
    same_as_torch(operation, (6,) if word == "linear" else (6, 5, 4))
    assert operation.word == word
    assert operation.__doc__ is not None and cls.inputs == 1
    if not issubclass(cls, (Conv, Linear, MaxPool, AvgPool, BatchNorm, LayerNorm, LayerScale)):
        assert operation.cost((6, 5, 4)) == Cost()


@pytest.mark.parametrize("word", OPERATIONS)
def test_what_needs_a_picture(word: str) -> None:
    operation, cls = an(word), OPERATIONS[word]
    if issubclass(cls, (Activation, Flatten, Linear)) or word in ("dropout", "drop_path"):
        assert len(operation.shape((6,))) == 1
        return
    with pytest.raises(Misfit, match="picture"):
        operation.shape((6,))


def test_linear_needs_flattened_values() -> None:
    with pytest.raises(Misfit, match=r"3x2x2.*flatten"):
        Linear(4).shape((3, 2, 2))
    assert Flatten().shape((3, 2, 2)) == (12,)
    assert GlobalAvgPool().shape((3, 2, 2)) == (3, 1, 1)


@given(st.integers(1, 6), st.integers(0, 6), st.integers(1, 4), PICTURES)
def test_rearranging(n: int, i: int, groups: int, shape: Shape) -> None:
    for operation, fits in (
        (Split(n, i), shape[0] % n == 0 and i < n),
        (Shuffle(groups), shape[0] % groups == 0),
    ):
        if not fits:
            with pytest.raises(Misfit):
                operation.shape(shape)
        else:
            same_as_torch(operation, shape)


def test_split_and_shuffle_move_values() -> None:
    x = torch.arange(6.0).reshape(1, 6, 1, 1)
    part = Function(Split(3, 1).torch((6, 1, 1)))(x)
    assert part.flatten().tolist() == [2, 3]
    form = Shuffle(2).torch((6, 1, 1))
    assert module_class(form.name)(**form.arguments)(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]


@given(st.integers(1, 9), st.integers(1, 9), PICTURES)
def test_pools_to_a_size(height: int, width: int, shape: Shape) -> None:
    same_as_torch(AvgPoolTo((height, width)), shape)


@given(st.lists(PICTURES, min_size=2, max_size=4))
def test_concat(shapes: list[Shape]) -> None:
    same = [(shape[0], *shapes[0][1:]) for shape in shapes]
    pictures = [torch.empty(1, *shape, device="meta") for shape in same]
    out = Function(Concat().torch(*same))(*pictures)
    assert Concat().shape(*same) == tuple(out.shape[1:])
    if shapes != same:
        with pytest.raises(Misfit, match="one size"):
            Concat().shape(*shapes)


def test_drop_path_drops_whole_pictures() -> None:
    form = DropPath(0.25).torch((3, 2, 2))
    module = module_class(form.name)(**form.arguments)
    x = torch.ones(4000, 3, 2, 2)
    torch.manual_seed(0)
    dropped = module.train()(x).flatten(1)
    assert all(len(row.unique()) == 1 for row in dropped[:50])
    assert 0.2 < (dropped[:, 0] == 0).float().mean() < 0.3
    torch.testing.assert_close(dropped.mean(), torch.tensor(1.0), rtol=0.05, atol=0)
    assert torch.equal(module.eval()(x), x)


def test_layer_norm_is_over_channels() -> None:
    form = LayerNorm().torch((8, 3, 4))
    module = module_class(form.name)(**form.arguments)
    x = torch.randn(2, 8, 3, 4)
    expected = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + 1e-6).sqrt()
    torch.testing.assert_close(module(x), expected, rtol=1e-4, atol=1e-5)


SHAPES = st.sampled_from([(4, 3, 3), (4, 1, 1), (3, 3, 3), (4, 3, 1), (1, 3, 3), (4,), (3,)])


@given(SHAPES, SHAPES)
def test_joining(left: Shape, right: Shape) -> None:
    if left == right:
        assert Add().shape(left, right) == left
    else:
        with pytest.raises(Misfit):
            Add().shape(left, right)
    weighs = (
        len(left) == len(right) == 3 and left[0] == right[0] and (1, 1) in (left[1:], right[1:])
    )
    if left == right or weighs:
        expected = torch.empty(left, device="meta") * torch.empty(right, device="meta")
        assert Multiply().shape(left, right) == tuple(expected.shape)
    else:
        with pytest.raises(Misfit):
            Multiply().shape(left, right)
    assert Add().cost(left, left) == Multiply().cost(left, left) == Cost()


def test_costs_add_up() -> None:
    assert Cost(1, 2, 3) + Cost(10, 20, 30) == Cost(11, 22, 33)
    assert Cost(1, 2, 3) * 4 == Cost(4, 8, 12)


def test_defaults_are_those_of_the_language() -> None:
    """LANGUAGE.md, section 3."""

    def declared(word: str) -> dict[str, Any]:
        found = OPERATIONS[word].__settings__.items()
        return {n: "needed" if s.default is REQUIRED else s.default for n, s in found}

    kernel = {"w": "needed", "k": "needed", "s": 1, "g": None, "groups": None}
    assert declared("conv") == kernel | {"dilation": 1, "bias": False, "pad": "same"}
    assert declared("bn") == {"eps": 1e-5, "momentum": 0.1}
    assert (
        declared("maxpool")
        == declared("avgpool")
        == {"k": "needed", "s": None, "pad": 0, "ceil": False}
    )
    assert declared("linear") == {"w": "needed", "bias": True}
    assert declared("dropout") == {"p": "needed"}


@given(st.integers(1, 9), st.integers(1, 4))
def test_same_padding(k: int, dilation: int) -> None:
    assert Conv(1, k, dilation=dilation).padding() == dilation * (k - 1) // 2
    if k % 2:
        assert Conv(1, k, dilation=dilation).shape((1, 40, 30)) == (1, 40, 30)


def test_graphs() -> None:
    graph = Graph("N", (3, 8, 8))
    graph.add(Node("a", Conv(4, 3), (INPUT,), (4, 8, 8)))
    graph.add(Node("b", Conv(4, 1, bias=True), ("a",), (4, 8, 8)))
    graph.add(Node("c", Add(), ("b", "b"), (4, 8, 8)))
    graph.add(Node("d", Add(), ("c", "a"), (4, 8, 8)))
    assert [node.path for node in graph] == ["a", "b", "c", "d"]
    assert (len(graph), graph.output) == (4, "d")
    assert [graph.users(path) for path in (INPUT, "a", "b", "c", "d")] == [1, 2, 2, 1, 0]
    assert graph.shape(INPUT) == (3, 8, 8) and graph.node("b").inputs == ("a",)
    assert graph.cost() == Cost(108 + 20, 64 * (108 + 20), 2 * 4 * 64)
    written = json.loads(json.dumps(graph.to_json()))
    assert written["input"] == [3, 8, 8] and written["output"] == "d"
    assert written["nodes"][1]["settings"]["bias"] is True
    assert written["nodes"][3]["inputs"] == ["c", "a"]
