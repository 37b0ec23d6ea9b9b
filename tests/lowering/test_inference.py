"""The form for inference computes what the trained net does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from torch import fx, nn

import anydsl
from anydsl.lowering.compiler import compile_network
from tests.design.texts import net, network
from tests.lowering.test_properties import network as random_network
from tests.strategies import networks

SHIPPED = [
    "std:digits",
    "std:d2l/regnetx32",
    "std:classic/densenet121",
    "std:classic/mobilenet_v3_large",
    "std:classic/shufflenet_v2",
    "std:regnet/regnety::RegNetY_200MF",
    "std:regnet/regnetz::RegNetZ_500MF",
]


def trained(module: fx.GraphModule, seed: int = 0) -> fx.GraphModule:
    """The module with batch norms as they are after training."""
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor, low, high in (
                (part.weight, -1.5, 1.5),
                (part.bias, -0.5, 0.5),
                (part.running_mean, -0.5, 0.5),
                (part.running_var, 0.5, 2),
            ):
                tensor.detach().uniform_(low, high, generator=generator)
    return module.eval()


def check(network: anydsl.Network) -> fx.GraphModule:
    module = trained(compile_network(network))
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    folded = anydsl.for_inference(network, module)
    x = torch.randn(2, *network.input, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, found = module(x), folded(x)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))
    assert not folded.training
    for name, tensor in module.state_dict().items():
        torch.testing.assert_close(tensor, state[name], rtol=0, atol=0)
    places = {tensor.data_ptr() for tensor in module.state_dict().values()}
    assert not places & {tensor.data_ptr() for tensor in folded.state_dict().values()}
    return folded


@settings(max_examples=40)
@given(networks(remarks=False))
def test_any_net(text: str) -> None:
    check(random_network(text))


@pytest.mark.parametrize("spec", SHIPPED)
def test_shipped(spec: str) -> None:
    made = anydsl.load(spec)
    assert isinstance(made, anydsl.Network)
    folded = check(made)
    left = [name for name, part in folded.named_modules() if isinstance(part, nn.BatchNorm2d)]
    assert bool(left) == ("densenet" in spec), "only DenseNet norms what no convolution puts out"


def test_biases_and_several_norms() -> None:
    text = """block f(w, s = 1) {
      y = x -> conv(w, k = 3, g = 2, bias = true) -> bn(eps = 0.1) -> dropout(0.5) -> bn -> silu
      out = y -> conv(w, k = 1) -> bn(eps = 1e-3) -> bn -> drop_path(0.5)
    }\n"""
    folded = check(
        network(text + net("block = f\nstage s1 { d = 3, w = 8 }", head="stem { w = 8 }"))
    )
    kinds = {type(part).__name__ for part in folded.modules()}
    assert not kinds & {"BatchNorm2d", "Dropout", "DropPath"}


@pytest.mark.parametrize("cast", [nn.Module.double, nn.Module.bfloat16])
def test_it_keeps_the_type_of_the_numbers(cast: Callable[[nn.Module], nn.Module]) -> None:
    made = network(net("block = basic\nstage s1 { d = 2, w = 8 }"))
    module = cast(compile_network(made))
    assert isinstance(module, fx.GraphModule)
    folded = anydsl.for_inference(made, module)
    (kind,) = {p.dtype for p in module.parameters()}
    assert {p.dtype for p in folded.parameters()} == {kind}
