"""Every net that ships, in the forms that other programs run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from anydsl.blocks.measurement import measure
from anydsl.exporters.python import source
from anydsl.exporters.registry import export, find
from anydsl.lowering.compilation import Compilation
from tests.exporters.test_python import classes, formatted
from tests.specs.test_shipped import NETS

QUICK = {"python": 12_000_000, "onnx": 3_000_000}
"""Up to how many parameters a net is looked at in each test run."""

ONNX_OPERATIONS = 160
"""And up to how many operations: torch's exporter takes a hundredth of a second for each."""


def sized(form: str) -> list[Any]:
    found: list[Any] = []
    for spec, network in NETS.items():
        net = Compilation(network)
        quick = measure(network).cost.params < QUICK[form]
        if form == "onnx":
            quick = quick and len(net.graph) < ONNX_OPERATIONS
        found.append(pytest.param(spec, id=spec, marks=() if quick else pytest.mark.giant))
    return found


@pytest.mark.parametrize("spec", sized("python"))
def test_python(spec: str) -> None:
    net = Compilation(NETS[spec])
    *_, cls = classes(source(net)).values()
    with torch.device("meta"):
        model = cls()
    model.load_state_dict(net.module.state_dict(), assign=True)
    assert list(model.state_dict()) == list(net.module.state_dict())
    x = torch.randn(1, *net.graph.input, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, found = net.module(x), model.eval()(x)
    assert expected.std() > 0
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("for_inference", [False, True])
def test_python_is_formatted(tmp_path: Path, for_inference: bool) -> None:
    for number, network in enumerate(NETS.values()):
        text = source(Compilation(network, for_inference=for_inference))
        (tmp_path / f"net{number}.py").write_text(text)
    formatted(tmp_path)


@pytest.mark.parametrize("spec", sized("onnx"))
def test_onnx(spec: str, tmp_path: Path) -> None:
    import onnxruntime

    net = Compilation(NETS[spec])
    path = tmp_path / "net.onnx"
    export(find("onnx", None), net, str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    x = torch.randn(1, *net.graph.input, generator=torch.Generator().manual_seed(7))
    (found,) = session.run(["y"], {"x": x.numpy()})
    with torch.no_grad():
        expected = net.module(x)
    torch.testing.assert_close(
        torch.from_numpy(found), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max())
    )
