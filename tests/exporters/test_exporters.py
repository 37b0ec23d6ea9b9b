"""Each form of a compiled network, read back by what reads it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from anydsl.blocks.graphing import build_graph
from anydsl.cli import main
from anydsl.design.network import Network
from anydsl.errors import RunError, UsageError
from anydsl.exporters.registry import export, find, names
from anydsl.lowering.compiler import compile_network
from tests.design.texts import net, network

TEXT = (
    net(
        "block = resnext, g = 4, se = 1/4\n"
        "stage s1 { d = 1, w = 16, s = 1 }\nstage s2 { d = 2, w = 24, act = silu }\n"
        "stage s3 { d = 1, w = 24, block = f }",
        head="stem { block = resnet_stem, w = 8, act = hardswish }\nhead { classes = 10 }",
        shape="3x32x32",
    )
    + """
block f(w, s = 1, b = 1, g = 1, se = 0) {
  main = x -> avgpool(3, s = s, pad = 1, ceil = true) -> conv(w, k = 3, dilation = 2, bias = true)
    -> bn(eps = 1e-3, momentum = 0.01) -> relu6
  out = main * (main -> gap -> hardsigmoid) + x -> dropout(0.5) if s == 1 else main -> gelu
}
"""
)
X = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def written(form: str, folder: Path, text: str = TEXT, *, seed: int = 0) -> tuple[Path, Network]:
    made = network(text)
    path = folder / f"small{find(form, None).SUFFIX}"
    compiled = compile_network(made, seed=seed).eval()
    export(find(form, None), compiled, build_graph(made), str(path))
    assert [p.name for p in folder.iterdir()] == [path.name], "nothing else is left behind"
    return path, made


def outputs(of: Network, x: torch.Tensor = X, **more: Any) -> torch.Tensor:
    with torch.no_grad():
        return compile_network(of, **more).eval()(x)


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_forms() -> None:
    assert set(names()) == {"graph", "onnx", "python", "safetensors", "torch_export"}
    suffixes = {find(name, None).SUFFIX for name in names()}
    assert suffixes == {".json", ".onnx", ".py", ".safetensors", ".pt2"}
    for suffix in suffixes:
        found = find(None, f"a/b.c{suffix}")
        assert suffix == found.SUFFIX


@pytest.mark.parametrize(
    ("form", "path", "says"),
    [
        ("onxx", None, "did you mean `onnx`?"),
        (None, "small.h5", ".h5"),
        (None, "small", "suffix"),
        (None, None, "suffix"),
    ],
)
def test_unknown_forms(form: str | None, path: str | None, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        find(form, path)
    assert says in str(raised.value)


def test_python(tmp_path: Path) -> None:
    path, made = written("python", tmp_path)
    assert "anydsl" not in path.read_text().partition('"""\n')[2], "it stands by itself"
    model = imported(path).N()
    ours = compile_network(made, seed=3).eval()
    assert list(model.state_dict()) == list(ours.state_dict())
    model.load_state_dict(ours.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(X), ours(X), rtol=1e-6, atol=1e-8)
        model.train()
        ours.train()
        torch.manual_seed(0)
        expected = ours(X)
        torch.manual_seed(0)
        torch.testing.assert_close(model(X), expected, rtol=1e-6, atol=1e-8)
    for name, tensor in ours.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], tensor, msg=name)


DEAD = {
    "a line that nothing uses": "y = x -> conv(w, k = 1)\nz = y -> relu\nout = y -> bn",
    "a line after the result": "out = x -> conv(w, k = 1) -> bn\nz = out -> relu",
    "values used in turns": "y = x -> conv(w, k = 1)\nz = y -> bn\nv = z -> conv(w, k = 1)\n"
    "out = y * z + v * (y -> relu) + (v -> silu)",
    "nothing at all": "out = x -> relu",
}


@pytest.mark.parametrize("way", DEAD)
def test_python_keeps_values_apart(tmp_path: Path, way: str) -> None:
    text = f"block f(w, s = 1) {{ {DEAD[way]} }}\n"
    text += net("block = f\nstage s1 { d = 2, w = 8 }")
    path, made = written("python", tmp_path, text)
    model = imported(path).N().eval()
    ours = compile_network(made, seed=3).eval()
    for part in ours.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    model.load_state_dict(ours.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(model(X), ours(X))


@pytest.mark.parametrize("name", ["step", "lambda", "torch", "nn", "_N", "__N"])
def test_python_with_any_name(tmp_path: Path, name: str) -> None:
    path, made = written("python", tmp_path, TEXT.replace("net N", f"net {name}"))
    (cls,) = (v for v in vars(imported(path)).values() if isinstance(v, type))
    model = cls()
    model.load_state_dict(compile_network(made).state_dict())


@pytest.mark.parametrize("line", ["__main", "_main", "main__"])
def test_python_with_any_line(tmp_path: Path, line: str) -> None:
    text = f"block f(w, s = 1) {{ {line} = x -> conv(w, k = 1, s = s)\nout = {line} -> relu }}\n"
    path, made = written("python", tmp_path, text + net("block = f\nstage s1 { d = 1, w = 8 }"))
    model = imported(path).N()
    model.load_state_dict(compile_network(made).state_dict())


def test_onnx(tmp_path: Path) -> None:
    import onnxruntime

    path, made = written("onnx", tmp_path, seed=2)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    for batch in (1, 3):
        x = torch.randn(batch, 3, 32, 32)
        (found,) = session.run(None, {source.name: x.numpy()})
        torch.testing.assert_close(
            torch.from_numpy(found), outputs(made, x, seed=2), rtol=1e-4, atol=1e-4
        )


def test_torch_export(tmp_path: Path) -> None:
    path, made = written("torch_export", tmp_path, seed=2)
    program = torch.export.load(str(path))
    for batch in (1, 3):
        x = torch.randn(batch, 3, 32, 32)
        with torch.no_grad():
            found = program.module()(x)
        torch.testing.assert_close(found, outputs(made, x, seed=2), rtol=1e-5, atol=1e-5)


def test_json(tmp_path: Path) -> None:
    path, made = written("graph", tmp_path)
    found = json.loads(path.read_text("utf-8"))
    graph = build_graph(made)
    assert found["name"] == "N" and found["input"] == [3, 32, 32]
    assert found["output"] == graph.output
    assert [n["path"] for n in found["nodes"]] == [n.path for n in graph]
    seen = {"input"}
    for node in found["nodes"]:
        assert set(node["inputs"]) <= seen
        seen.add(node["path"])
    (last,) = (n for n in found["nodes"] if n["path"] == "head.linear1")
    assert last["operation"] == "linear" and last["output"] == [10]
    assert last["settings"] == {"w": 10, "bias": True}


def test_safetensors(tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file

    path, made = written("safetensors", tmp_path, seed=2)
    expected = compile_network(made, seed=2).state_dict()
    found = load_file(path)
    assert set(found) == set(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    with safe_open(path, "pt") as file:
        assert file.metadata()["net"] == "N"


def test_weights_on_the_command_line(tmp_path: Path) -> None:
    """`compile --weights` brings one network's weights into any form of it."""
    spec = tmp_path / "small.anynet"
    spec.write_text(f"anynet 1\n{TEXT}", "utf-8")
    weights, path = str(tmp_path / "small.safetensors"), str(tmp_path / "small.pt2")
    assert main(["compile", str(spec), "-o", weights, "--seed", "9"]) == 0
    assert main(["compile", str(spec), "-o", path, "--weights", weights]) == 0
    with torch.no_grad():
        found = torch.export.load(path).module()(X)
    torch.testing.assert_close(found, outputs(network(TEXT), seed=9), rtol=1e-5, atol=1e-5)


def test_nothing_is_written_where_something_is_wrong(tmp_path: Path) -> None:
    made = network(TEXT)
    compiled, graph = compile_network(made), build_graph(made)
    path = tmp_path / "out.py"
    path.write_text("before")

    class Broken:
        SUFFIX = ".py"

        def write(self, module: object, graph: object, path: str) -> None:
            Path(path).write_text("half")
            raise RuntimeError("broken")

    with pytest.raises(RunError, match="broken"):
        export(Broken(), compiled, graph, str(path))
    assert path.read_text() == "before"
    with pytest.raises(UsageError, match="can't write"):
        export(find("python", None), compiled, graph, str(tmp_path / "none" / "out.py"))
    assert [p.name for p in tmp_path.iterdir()] == ["out.py"]
