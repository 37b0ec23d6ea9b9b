"""Weights from files: all of them, or an error that says what does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import fx

from anydsl.errors import UsageError, WeightsError
from anydsl.lowering.compiler import compile_network
from anydsl.weights.files import load_weights
from tests.design.texts import net, network

TEXT = net("block = basic\nstage s1 { d = 1, w = 8 }", head="head { classes = 3 }")


def compiled(seed: int = 0) -> fx.GraphModule:
    return compile_network(network(TEXT), seed=seed).eval()


def saved(folder: Path, **changes: torch.Tensor | None) -> str:
    state: dict[str, torch.Tensor | None] = dict(compiled(seed=1).state_dict())
    state |= {name.replace("__", "."): tensor for name, tensor in changes.items()}
    path = folder / "weights.safetensors"
    save_file({n: t.contiguous() for n, t in state.items() if t is not None}, path)
    return str(path)


def test_round_trip(tmp_path: Path) -> None:
    module, other = compiled(), compiled(seed=1)
    x = torch.randn(1, 3, 32, 32)
    assert not torch.equal(module(x), other(x))
    load_weights(module, saved(tmp_path))
    assert torch.equal(module(x), other(x))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"head__linear1__bias": None}, ["missing head.linear1.bias"]),
        ({"more": torch.zeros(1)}, ["left over more"]),
        ({"head__linear1__bias": torch.zeros(4)}, ["head.linear1.bias is 4 and should be 3"]),
        ({"head__linear1__weight": torch.zeros(8, 3)}, ["is 8x3 and should be 3x8"]),
        ({"a": torch.zeros(1), "head__linear1__bias": None}, ["missing head", "left over a"]),
        ({f"n{i}": torch.zeros(1) for i in range(9)}, ["left over n0", "and 4 more"]),
    ],
)
def test_what_does_not_fit(
    tmp_path: Path, changes: dict[str, torch.Tensor | None], says: list[str]
) -> None:
    module = compiled()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(WeightsError) as raised:
        load_weights(module, saved(tmp_path, **changes))
    for words in says:
        assert words in str(raised.value)
    after = module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before), "nothing is loaded"


def test_broken_files(tmp_path: Path) -> None:
    path = Path(saved(tmp_path))
    whole = path.read_bytes()
    for data in (b"", b"nothing", whole[: len(whole) // 2], b"\xff" * 100, whole[:-1]):
        path.write_bytes(data)
        with pytest.raises(WeightsError):
            load_weights(compiled(), str(path))


def test_missing_files(tmp_path: Path) -> None:
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(UsageError, match="can't read"):
            load_weights(compiled(), str(path))


def test_other_precisions_are_converted(tmp_path: Path) -> None:
    module = compiled()
    bias = torch.tensor([0.5, -1.0, 2.0])
    load_weights(module, saved(tmp_path, head__linear1__bias=bias.half()))
    found = module.get_parameter("head.linear1.bias")
    assert found.dtype == torch.float32 and torch.equal(found.detach(), bias)
