"""Random specs through all that can run or count them, against eager torch.fx.

A small share is part of every run of the tests; `make check-all` draws thousands, other ones each
time. A spec that fails is shrunk and printed as text, so that it can be kept as a case.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from anydsl.blocks.measurement import measure
from anydsl.exporters.python import source
from anydsl.exporters.registry import export, find
from anydsl.lowering.compilation import Compilation
from tests.exporters.test_python import classes, without_inplace
from tests.lowering.test_properties import network
from tests.strategies import networks

TOLERANCE = 1e-4
"""How far outputs may be apart, relative to the largest of them."""

COUNTED = (nn.Conv2d, nn.Linear, nn.MaxPool2d, nn.AvgPool2d)
EAGER, EXPORTED, COMPILED = 2000, 200, 30
SHARE, SMALL_SHARE = 40, 2


def sizes(small: int, large: int) -> Any:
    return pytest.mark.parametrize("specs", [small, pytest.param(large, marks=pytest.mark.giant)])


def for_each(specs: int, check: Callable[[str], None]) -> None:
    """Run a check on so many specs: at scale on other ones each time."""

    @settings(max_examples=specs, derandomize=specs <= SHARE)
    @given(networks(remarks=False))
    def checked(text: str) -> None:
        check(text)

    checked()


def shaken(module: nn.Module) -> None:
    """Give each parameter and statistic a value of its own, so that none can stand for another."""
    generator = torch.Generator().manual_seed(1)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.5, 0.5, generator=generator)
            part.running_var.uniform_(0.5, 2, generator=generator)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim == 1:
                signs = torch.randint(0, 2, parameter.shape, generator=generator) * 2 - 1
                parameter.uniform_(0.3, 1.2, generator=generator).mul_(signs)


def picture(shape: tuple[int, ...]) -> torch.Tensor:
    return torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))


def agree(found: torch.Tensor, expected: torch.Tensor, tolerance: float = TOLERANCE) -> None:
    assert expected.isfinite().all()
    assert found.shape == expected.shape
    largest = float(expected.abs().max())
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance * max(largest, 1e-6))


def counted(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Parameters, multiply-adds and acts of one picture, as torch itself counts them."""
    biases = acts = 0

    def look(part: nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        nonlocal biases, acts
        acts += output.numel()
        if getattr(part, "bias", None) is not None:
            biases += output.numel()

    for part in module.modules():
        if isinstance(part, COUNTED):
            part.register_forward_hook(look)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.eval()(torch.empty(1, *shape, device="meta"))
    params = sum(p.numel() for p in module.parameters())
    return params, counter.get_total_flops() // 2 + biases, acts


@sizes(SHARE, EAGER)
def test_the_standalone_file_and_torchs_counters(specs: int) -> None:
    """The file has the same parameters under the same names, and computes the same in both modes;
    over numbers, over the graph, and as torch counts what it runs, the cost is one."""

    def check(text: str) -> None:
        net = Compilation(network(text))
        cost = measure(net.network).cost
        assert net.built.cost() == cost
        *_, cls = classes(source(net)).values()
        ours, file = without_inplace(net.module), cls()
        shaken(ours)
        assert list(file.state_dict()) == list(ours.state_dict())
        file.load_state_dict(ours.state_dict())
        x = picture(net.network.input)
        with torch.no_grad():
            agree(file.eval()(x), ours.eval()(x), 1e-6)
            torch.manual_seed(0)
            expected = ours.train()(x)
            torch.manual_seed(0)
            agree(file.train()(x), expected, 1e-6)
        after = file.state_dict()
        for name, tensor in ours.state_dict().items():
            torch.testing.assert_close(after[name], tensor, msg=name)
        found = counted(ours.to("meta"), net.network.input)
        assert found == (cost.params, cost.flops, cost.acts)

    for_each(specs, check)


@sizes(SMALL_SHARE, EXPORTED)
def test_export_and_onnx_runtime(specs: int) -> None:
    """What reads the forms computes what the module does; of each other net in that for inference.

    Which form a net is exported in follows from its text, so that one that fails does so again.
    """

    def check(text: str) -> None:
        plain = Compilation(network(text))
        shaken(plain.module)
        folded = Compilation(plain.network, for_inference=True)
        folded.initialized.load_state_dict(plain.module.state_dict())
        x = picture(plain.network.input)
        net = folded if len(text) % 2 else plain
        with torch.no_grad(), TemporaryDirectory() as folder:
            expected = plain.module(x)
            agree(folded.module(x), expected)
            for form, run in (("torch_export", exported), ("onnx", in_onnx_runtime)):
                path = str(Path(folder, form))
                export(find(form, None), net, path)
                agree(run(path, x), expected)

    for_each(specs, check)


def exported(path: str, x: torch.Tensor) -> torch.Tensor:
    return torch.export.load(path).module()(x)


def in_onnx_runtime(path: str, x: torch.Tensor) -> torch.Tensor:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": x.numpy()})
    return torch.from_numpy(found)


@pytest.mark.parametrize(
    ("specs", "backend"),
    [(SMALL_SHARE, "aot_eager"), pytest.param(COMPILED, "inductor", marks=pytest.mark.giant)],
)
def test_torch_compile(specs: int, backend: str) -> None:
    """The whole net is one graph; the code that is made of it, by `inductor`, computes the same."""

    def check(text: str) -> None:
        net = Compilation(network(text))
        shaken(net.module)
        x = picture(net.network.input)
        torch._dynamo.reset()
        fast: Any = torch.compile(copy.deepcopy(net.module), backend=backend, fullgraph=True)
        with torch.no_grad():
            agree(fast(x), net.module(x))

    for_each(specs, check)
