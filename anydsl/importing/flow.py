"""What a module computes, as a graph of a few kinds of steps that two libraries can share."""

from __future__ import annotations

import operator
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import fx, nn

from anydsl.errors import DesignError
from anydsl.language.record import Record

_Attributes = tuple[tuple[str, Any], ...]


class Step(Record):
    """One step of the computation.

    Attributes:
        kind: `input`, `conv`, `bn`, `relu`, `silu`, `sigmoid`, `maxpool`, `gap`, `flatten`,
            `linear`, `add` or `mul`.
        inputs: the numbers of the steps whose results it takes.
        given: what it is set to, by name.
    """

    kind: str
    inputs: tuple[int, ...] = ()
    given: _Attributes = ()

    def __getitem__(self, name: str) -> Any:
        return dict(self.given)[name]


class Flow(Record):
    """The steps in an order in which they can be computed; the last one is the result."""

    steps: tuple[Step, ...]

    def users(self) -> list[list[int]]:
        """For each step, the steps that take its result."""
        found: list[list[int]] = [[] for _ in self.steps]
        for number, step in enumerate(self.steps):
            for source in dict.fromkeys(step.inputs):
                found[source].append(number)
        return found

    def key(self) -> tuple[int, int]:
        """What two modules that compute the same function of their parameters agree on.

        A step stands for what it does to its inputs, and sums and products have no order, so that
        it does not matter in which order a library computes two branches.
        """
        seen: list[int] = []
        for step in self.steps:
            inputs = [seen[number] for number in step.inputs]
            if step.kind in ("add", "mul"):
                inputs.sort()
            seen.append(hash((step.kind, *inputs, step.given)))
        return seen[-1], sum(step.kind in ("conv", "bn", "linear") for step in self.steps)


def flow_of(module: nn.Module) -> Flow:
    """Trace a module; its parameters may be on `meta`.

    Raises:
        DesignError: it computes something that none of the kinds of steps stand for.
    """
    return _Follower(module).follow()


class _Tracer(fx.Tracer):
    """Takes norms whole, also those of timm, which have an activation within."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        norm = isinstance(m, (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm))
        return norm or super().is_leaf_module(m, module_qualified_name)


class _Follower:
    def __init__(self, module: nn.Module) -> None:
        if isinstance(module, fx.GraphModule):
            self.graph = module.graph
        else:
            try:
                self.graph = _Tracer().trace(module)
            except Exception as error:  # whatever a stranger's forward raises on a proxy
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise DesignError(f"its computation can't be followed ({reason})") from None
        self.modules: dict[str, nn.Module] = dict(cast("Any", module.named_modules()))
        self.steps: list[Step] = []
        self.numbers: dict[fx.Node, int] = {}
        self.used: set[str] = set()

    def follow(self) -> Flow:
        for node in self.graph.nodes:
            match node.op:
                case "placeholder":
                    if self.steps:
                        continue  # a switch with a default
                    self._add(node, Step("input"))
                case "call_module":
                    self._module(node, str(node.target))
                case "call_function" | "call_method":
                    self._function(node)
                case "output":
                    source = node.args[0]
                    if self.numbers.get(source) != len(self.steps) - 1:
                        raise DesignError("it puts out more than one result")
                case _:
                    raise DesignError(f"it uses the tensor `{node.target}` outside of a layer")
        return Flow(tuple(self.steps))

    def _add(self, node: fx.Node, *steps: Step) -> None:
        """Append steps, each of which takes the one before."""
        for place, step in enumerate(steps):
            if place:
                step = step.replace(inputs=(len(self.steps) - 1,))
            self.steps.append(step)
        self.numbers[node] = len(self.steps) - 1

    def _inputs(self, node: fx.Node, count: int) -> tuple[int, ...]:
        sources = [a for a in node.args if isinstance(a, fx.Node)]
        if len(sources) != count or any(s not in self.numbers for s in sources):
            raise DesignError(f"it computes `{_name(node)}` in a way of its own")
        return tuple(self.numbers[source] for source in sources)

    def _module(self, node: fx.Node, path: str) -> None:
        module = self.modules[path]
        inputs = self._inputs(node, 1)
        steps = _layer(module)
        if not steps:
            self.numbers[node] = inputs[0]
            return
        if next(module.parameters(), None) is not None and path in self.used:
            raise DesignError(f"it uses `{path}` twice")
        self.used.add(path)
        self._add(node, steps[0].replace(inputs=inputs), *steps[1:])

    def _function(self, node: fx.Node) -> None:
        target = node.target
        if target in ("size", "dim", getattr) or (target is torch._assert):  # pyright: ignore[reportPrivateUsage]
            return
        if target in _SUMS:
            self._add(node, Step("add", self._inputs(node, 2)))
        elif target in _PRODUCTS:
            self._add(node, Step("mul", self._inputs(node, 2)))
        elif target in (F.relu, torch.relu, "relu", "relu_"):
            self._add(node, Step("relu", self._inputs(node, 1)))
        elif target in (torch.sigmoid, F.sigmoid, "sigmoid", "sigmoid_"):
            self._add(node, Step("sigmoid", self._inputs(node, 1)))
        elif target is F.silu:
            self._add(node, Step("silu", self._inputs(node, 1)))
        elif target in (torch.flatten, "flatten") and _flat(node):
            self._add(node, Step("flatten", self._inputs(node, 1)))
        elif target in (torch.mean, "mean") and _over_the_picture(node):
            kept = node.kwargs.get("keepdim", False)
            more = () if kept else (Step("flatten"),)
            self._add(node, Step("gap", self._inputs(node, 1)), *more)
        else:
            raise DesignError(f"it computes `{_name(node)}`")


def _name(node: fx.Node) -> str:
    return str(getattr(node.target, "__name__", node.target))


def _flat(node: fx.Node) -> bool:
    given = [*node.args[1:], *node.kwargs.values()]
    return given in ([1], [1, -1])


def _over_the_picture(node: fx.Node) -> bool:
    dims = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    return isinstance(dims, (tuple, list)) and tuple(dims) in ((2, 3), (-2, -1))


def _layer(module: nn.Module) -> tuple[Step, ...]:
    """The steps that a layer stands for; none if it lets its input through.

    Raises:
        DesignError: it is none of those that are known.
    """
    match module:
        case nn.Identity():
            return ()
        case nn.Dropout() if module.p == 0:
            return ()
        case nn.Conv2d() if type(module) is nn.Conv2d:
            return (_given("conv", module, *_CONV, bias=module.bias is not None),)
        case nn.BatchNorm2d():
            return (_given("bn", module, *_NORM), *_within(module))
        case nn.Linear() if type(module) is nn.Linear:
            return (_given("linear", module, "in_features", "out_features"),)
        case nn.MaxPool2d():
            pairs = {name: _pair(getattr(module, name)) for name in _POOL}
            return (Step("maxpool", (), (*pairs.items(), ("ceil_mode", module.ceil_mode))),)
        case nn.AdaptiveAvgPool2d() if _pair(module.output_size) == (1, 1):
            return (Step("gap"),)
        case nn.Flatten() if module.start_dim == 1 and module.end_dim == -1:
            return (Step("flatten"),)
        case nn.ReLU():
            return (Step("relu"),)
        case nn.SiLU():
            return (Step("silu"),)
        case nn.Sigmoid():
            return (Step("sigmoid"),)
        case _:
            raise DesignError(f"it uses {type(module).__name__}")


_SUMS: tuple[Any, ...] = (operator.add, cast("Any", operator).iadd, torch.add, "add", "add_")
_PRODUCTS: tuple[Any, ...] = (operator.mul, cast("Any", operator).imul, torch.mul, "mul", "mul_")
_CONV = (
    "in_channels",
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "groups",
    "padding_mode",
)
_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")
_POOL = ("kernel_size", "stride", "padding", "dilation")


def _given(kind: str, module: nn.Module, *names: str, **more: Any) -> Step:
    values = [(name, getattr(module, name)) for name in names]
    return Step(kind, (), (*values, *more.items()))


def _within(norm: nn.BatchNorm2d) -> tuple[Step, ...]:
    """What a batch norm of timm does to its result."""
    return tuple(step for child in norm.children() for step in _layer(child))


def _pair(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int) else tuple(value)
