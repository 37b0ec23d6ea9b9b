"""Weights from files: all of them, or an error that says what does not fit."""

from __future__ import annotations

import argparse
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from anydsl.errors import UsageError, WeightsError
from anydsl.weights.files import read_tensors
from anydsl.weights.loading import load_weights
from anydsl.weights.naming import renamed
from tests.design.texts import net, network
from tests.weights.nets import Net, compiled, same

TEXT = net(
    "block = basic\nstage s1 { d = 1, w = 8 }", "stem { w = 8 }", head="head { classes = 3 }"
)
State = dict[str, torch.Tensor]


def made(seed: int = 0) -> Net:
    return compiled(network(TEXT), seed=seed)


def load(of: Net, path: object) -> tuple[str, ...]:
    return load_weights(of.module, of.graph, str(path))


def saved(folder: Path, **changes: torch.Tensor | None) -> str:
    """Weights under our names, with changes; `__` stands for a dot."""
    state: dict[str, torch.Tensor | None] = dict(made(seed=1).module.state_dict())
    state |= {name.replace("__", "."): tensor for name, tensor in changes.items()}
    path = folder / "weights.safetensors"
    save_file({n: t.contiguous() for n, t in state.items() if t is not None}, path)
    return str(path)


def test_round_trip(tmp_path: Path) -> None:
    of, other = made(), made(seed=1)
    x = torch.randn(1, 3, 32, 32)
    assert not torch.equal(of.module(x), other.module(x))
    assert load(of, saved(tmp_path)) == ()
    assert torch.equal(of.module(x), other.module(x))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"head__linear1__bias": None}, ["net: missing head.linear1.bias"]),
        ({"more": torch.zeros(1)}, ["net: left over more"]),
        ({"head__linear1__bias": torch.zeros(4)}, ["head.linear1.bias is 4 and should be 3"]),
        ({"head__linear1__weight": torch.zeros(8, 3)}, ["is 8x3 and should be 3x8"]),
        ({"head__linear1__weight": torch.zeros(1, 3, 8)}, ["is 1x3x8 and should be 3x8"]),
        ({"a": torch.zeros(1), "head__linear1__bias": None}, ["missing head", "; left over a"]),
        ({f"n{i}": torch.zeros(1) for i in range(9)}, ["left over n0, n1, n2 and 6 more"]),
    ],
)
def test_what_does_not_fit(
    tmp_path: Path, changes: dict[str, torch.Tensor | None], says: list[str]
) -> None:
    of = made()
    before = {name: tensor.clone() for name, tensor in of.module.state_dict().items()}
    with pytest.raises(WeightsError) as raised:
        load(of, saved(tmp_path, **changes))
    for words in says:
        assert words in str(raised.value)
    assert same(before, of.module.state_dict()), "nothing is loaded"


def test_what_does_not_fit_in_the_names_of_a_library(tmp_path: Path) -> None:
    """Their name, and ours behind it."""
    of = made()
    state = renamed(of.graph, of.module.state_dict(), "timm")
    state["layer1.0.bn2.bias"] = torch.zeros(9)
    state["fc.bais"] = state.pop("fc.bias")
    torch.save(state, tmp_path / "timm.pth")
    with pytest.raises(WeightsError) as raised:
        load(of, tmp_path / "timm.pth")
    assert str(raised.value).removeprefix(str(tmp_path)).split(": ", 1) == [
        "/timm.pth, in torchvision's names, doesn't fit the net",
        "missing fc.bias (head.linear1.bias); left over fc.bais; "
        "layer1.0.bn2.bias (s1.b1.main.bn2.bias) is 9 and should be 8",
    ]


def test_names_that_nobody_knows(tmp_path: Path) -> None:
    of = made()
    torch.save({f"a{i}": torch.zeros(2) for i in range(4)}, tmp_path / "a.pth")
    count = sum(not name.endswith("num_batches_tracked") for name in of.module.state_dict())
    with pytest.raises(
        WeightsError, match=f"missing stem.*, .* and {count - 3} more; left over a0"
    ):
        load(of, tmp_path / "a.pth")


def wrapped(state: State, prefix: str = "") -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


CONTENTS: dict[str, Callable[[State], Any]] = {
    "plain": dict,
    "torch": lambda state: {"epoch": 3, "state_dict": state, "optimizer": {"lr": [0.1]}},
    "pycls": lambda state: {"epoch": 3, "model_state": state, "ema_state": state},
    "model": lambda state: {"model": state},
    "parallel": lambda state: {"state_dict": wrapped(state, "module.")},
    "compiled": lambda state: wrapped(state, "_orig_mod."),
    "parameters": lambda state: {n: torch.nn.Parameter(t.float()) for n, t in state.items()},
}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "older"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("library", ["", "pycls"])
def test_files_of_torch(
    tmp_path: Path, library: str, content: Callable[[State], Any], zipped: bool
) -> None:
    of, other = made(), made(seed=1)
    state = dict(other.module.state_dict())
    if library:
        state = renamed(other.graph, state, library)
    path = tmp_path / "weights.pth"
    torch.save(content(state), path, _use_new_zipfile_serialization=zipped)
    assert load(of, path) == ()
    assert same(of.module.state_dict(), dict(other.module.state_dict()))


def test_counters_may_be_missing(tmp_path: Path) -> None:
    """They then start from 0, as if the net had not been trained."""
    of, other = made(), made(seed=1)
    for counter in (t for n, t in of.module.state_dict().items() if n.endswith("tracked")):
        counter.fill_(7)
    state = {n: t for n, t in other.module.state_dict().items() if not n.endswith("tracked")}
    torch.save(state, tmp_path / "a.pth")
    load(of, tmp_path / "a.pth")
    assert same(of.module.state_dict(), dict(other.module.state_dict()))


class Runs:
    """What runs a command when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("ran"),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "older"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"a": Runs()}, "not weights alone, and reading that could run any code"),
        (torch.nn.Linear(1, 1), "holds torch.nn.modules.linear.Linear, not weights alone"),
        ({"model": {}, "args": argparse.Namespace(a=1)}, "holds argparse.Namespace, not"),
        ([1, 2], "holds no weights"),
        ({"a": 1, "b": torch.zeros(1)}, "holds no weights"),
        ({1: torch.zeros(1)}, "holds no weights"),
        ({"state_dict": {"a": [1]}}, "holds no weights"),
        ({"a": torch.zeros(2, dtype=torch.complex64)}, "a holds no plain real numbers"),
        ({"a": torch.zeros(2, device="meta")}, "a holds no plain real numbers"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object, says: str, zipped: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, "weights.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"weights\.pth") as raised:
        read_tensors("weights.pth")
    assert says in str(raised.value)
    assert not Path("ran").exists()


@pytest.mark.parametrize("protocol", range(6))
def test_a_bare_pickle_runs_nothing_and_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("weights.pth").write_bytes(pickle.dumps(Runs(), protocol))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(WeightsError, match=r"weights\.pth"):
            read_tensors("weights.pth")
    assert [str(one.message) for one in warned] == []
    assert not Path("ran").exists()


def test_broken_files(tmp_path: Path) -> None:
    good = [Path(saved(tmp_path)), tmp_path / "zip.pth", tmp_path / "old.pth"]
    state = made().module.state_dict()
    torch.save(state, good[1])
    torch.save(state, good[2], _use_new_zipfile_serialization=False)
    for path in good:
        whole = path.read_bytes()
        assert read_tensors(str(path)).keys() == state.keys()
        cuts = (
            whole[: len(whole) // 2],
            whole[: len(whole) // 9],
            whole[:30],
            whole[:5],
            whole[:-1],
        )
        for data in (b"", b"nothing", b"\xff" * 100, b"PK\x03\x04", b"\x80\x04", *cuts):
            path.write_bytes(data)
            with pytest.raises(WeightsError, match=path.name):
                read_tensors(str(path))


def test_missing_files(tmp_path: Path) -> None:
    for path in (tmp_path / "none.safetensors", tmp_path / "none.pth", tmp_path):
        with pytest.raises(UsageError, match="can't read"):
            load(made(), path)


def test_other_precisions_are_converted(tmp_path: Path) -> None:
    of = made()
    bias = torch.tensor([0.5, -1.0, 2.0])
    load(of, saved(tmp_path, head__linear1__bias=bias.half()))
    found = of.module.get_parameter("head.linear1.bias")
    assert found.dtype == torch.float32
    assert torch.equal(found.detach(), bias)


def test_ones_at_the_end_of_a_shape_do_not_count(tmp_path: Path) -> None:
    of = made()
    weight = made(seed=2).module.get_parameter("head.linear1.weight").detach()
    load(of, saved(tmp_path, head__linear1__weight=weight[..., None, None]))
    assert torch.equal(of.module.get_parameter("head.linear1.weight"), weight)
