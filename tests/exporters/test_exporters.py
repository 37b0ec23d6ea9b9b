"""Each form of a compiled network, read back by what reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from anydsl.blocks.graphing import build_graph
from anydsl.checker.loading import pick
from anydsl.cli import main
from anydsl.design.network import Network
from anydsl.errors import RunError, UsageError
from anydsl.exporters import onnx as onnx_exporter
from anydsl.exporters.registry import export, find, names
from anydsl.graph.folding import fold
from anydsl.lowering.compilation import Compilation
from anydsl.lowering.compiler import compile_network, lower
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
TINY = net("block = plain\nstage s1 { d = 1, w = 8 }", head="head { classes = 10 }")
X = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def written(form: str, folder: Path, text: str = TEXT, *, seed: int = 0) -> tuple[Path, Network]:
    made = network(text)
    path = folder / f"small{find(form, None).SUFFIX}"
    export(find(form, None), Compilation(made, seed=seed), str(path))
    assert [p.name for p in folder.iterdir()] == [path.name], "nothing else is left behind"
    return path, made


def outputs(of: Network, x: torch.Tensor = X, **more: Any) -> torch.Tensor:
    with torch.no_grad():
        return compile_network(of, **more).eval()(x)


def test_the_forms() -> None:
    assert names() == ["graph", "onnx", "python", "safetensors", "torch_export", "tree"]
    suffixes = {find(name, None).SUFFIX for name in names()}
    assert suffixes == {".json", ".onnx", ".py", ".safetensors", ".pt2"}
    for suffix in suffixes:
        found = find(None, f"a/b.c{suffix}")
        assert suffix == found.SUFFIX
    assert find(None, "a.json") is find("graph", None)


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


def test_onnx(tmp_path: Path, capfd) -> None:
    path, made = written("onnx", tmp_path, seed=2)
    assert capfd.readouterr() == ("", ""), "torch's exporter is chatty"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    (result,) = session.get_outputs()
    assert (source.name, source.shape) == ("x", ["batch", 3, 32, 32])
    assert (result.name, result.shape) == ("y", ["batch", 10])
    for batch in (1, 3):
        x = torch.randn(batch, 3, 32, 32)
        (found,) = session.run(None, {"x": x.numpy()})
        torch.testing.assert_close(
            torch.from_numpy(found), outputs(made, x, seed=2), rtol=1e-4, atol=1e-4
        )
    model = onnx.load(str(path))
    assert {p.key: p.value for p in model.metadata_props} == {"net": "N"}
    assert str(Path(torch.__file__).parent).encode() not in path.read_bytes()


def test_onnx_that_computes_something_else_is_not_written(tmp_path: Path, monkeypatch) -> None:
    """The check is independent of the exporter: here the module changes after it was exported."""
    net = Compilation(network(TINY))
    check = onnx_exporter._check

    def changed(module: torch.nn.Module, *rest: Any) -> None:
        with torch.no_grad():
            module.head.linear1.bias += 1e-3
        check(module, *rest)

    monkeypatch.setattr(onnx_exporter, "_check", changed)
    with pytest.raises(RunError, match="ONNX Runtime computes something else"):
        export(find("onnx", None), net, str(tmp_path / "small.onnx"))
    assert list(tmp_path.iterdir()) == []


def test_onnx_beyond_the_limit_keeps_its_weights_beside_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(onnx_exporter, "LARGEST", 1000)
    made = network(TINY)
    export(find("onnx", None), Compilation(made), str(tmp_path / "small.onnx"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.onnx", "small.onnx.data"]
    session = onnxruntime.InferenceSession(str(tmp_path / "small.onnx"))
    (found,) = session.run(None, {"x": X.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), outputs(made), rtol=1e-4, atol=1e-4)


def test_onnx_of_outputs_beyond_all_numbers() -> None:
    far = onnx_exporter._distance
    inf, nan = float("inf"), float("nan")
    expected = torch.tensor([1.0, -2.0, inf, nan])
    assert far(torch.tensor([1.0, -1.9, inf, nan]), expected) == pytest.approx(0.05)
    assert far(torch.tensor([1.0, -2.0, 3.0, nan]), expected) == inf
    assert far(torch.tensor([nan, -2.0, inf, nan]), expected) == inf
    assert far(torch.tensor([nan]), torch.tensor([nan])) == 0
    assert far(torch.zeros(2), torch.zeros(3)) == inf


def test_torch_export(tmp_path: Path) -> None:
    path, made = written("torch_export", tmp_path, seed=2)
    program = torch.export.load(str(path))
    for batch in (1, 3):
        x = torch.randn(batch, 3, 32, 32)
        with torch.no_grad():
            found = program.module()(x)
        torch.testing.assert_close(found, outputs(made, x, seed=2), rtol=1e-5, atol=1e-5)
    assert str(Path(torch.__file__).parent).encode() not in path.read_bytes()


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


def test_tree(tmp_path: Path) -> None:
    """Every node has its kind and the place where its text stands."""
    text = f"anynet 1\n\n# 🙂\n{TEXT}".replace("b = 1,", "b = 0.1 + 0.9,")
    spec, path = tmp_path / "small.anynet", tmp_path / "small.json"
    spec.write_text(text, "utf-8")
    module, checked = pick(str(spec), "net")
    assert isinstance(checked.value, Network)
    net = Compilation(checked.value, module.file)
    export(find("tree", None), net, str(path))
    found = json.loads(path.read_text("utf-8"))
    assert found["path"] == str(spec) and found["node"] == "File" and found["edition"]["value"] == 1
    assert [s["label"]["name"]["text"] for s in found["statements"]] == ["N", "f"]
    lines, seen = text.split("\n"), set()

    def look(node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                look(item)
        elif isinstance(node, dict) and "node" in node:
            seen.add(node["node"])
            span = node["span"]
            if node["node"] in ("Name", "Variable", "Size"):
                stands = lines[span["line"] - 1][span["column"] - 1 : span["end_column"] - 1]
                said = node.get("text") or node.get("name") or "x".join(map(str, node["dims"]))
                assert stands == said
            for value in node.values():
                look(value)

    look(found)
    assert seen >= {"Block", "Assign", "Pipe", "Call", "Conditional", "Binary", "Compare", "Size"}
    (default,) = (
        p["default"] for p in found["statements"][1]["params"] if p["name"]["text"] == "b"
    )
    assert (default["operator"], default["left"]["value"]) == ("+", "1/10")
    assert not {"built", "initialized", "graph", "module"} & vars(net).keys(), "nothing is compiled"
    with pytest.raises(UsageError, match="read from a file"):
        export(find("tree", None), Compilation(checked.value), str(path))
    with pytest.raises(UsageError, match="no form for inference"):
        export(find("tree", None), Compilation(checked.value, module.file, for_inference=True), "a")


@pytest.mark.parametrize("form", ["graph", "python"])
def test_what_needs_the_graph_makes_no_weights(form: str, tmp_path: Path) -> None:
    net = Compilation(network(TEXT))
    export(find(form, None), net, str(tmp_path / "out"))
    assert not {"initialized", "module"} & vars(net).keys()


@pytest.mark.parametrize("form", ["graph", "onnx", "python", "safetensors", "torch_export"])
def test_every_form_for_inference(form: str, tmp_path: Path) -> None:
    """Loaded weights are folded; what reads the form computes what the plain net computes."""
    spec = tmp_path / "small.anynet"
    spec.write_text(f"anynet 1\n{TEXT}", "utf-8")
    module = compile_network(network(TEXT)).eval()
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-0.5, 0.5)
            part.running_var.uniform_(0.5, 2)
    weights, path = tmp_path / "weights.safetensors", str(tmp_path / "out")
    save_file(module.state_dict(), weights)
    given = ["--weights", str(weights), "--for-inference"]
    assert main(["compile", str(spec), "--to", form, "-o", path, *given]) == 0
    graph = fold(build_graph(network(TEXT))).graph
    bare = lower(graph).eval()
    with torch.no_grad():
        expected = module(X)
        match form:
            case "graph":
                found = expected
                assert json.loads(Path(path).read_text("utf-8")) == graph.to_json()
            case "onnx":
                (out,) = onnxruntime.InferenceSession(path).run(None, {"x": X.numpy()})
                found = torch.from_numpy(out)
            case "python":
                names: dict[str, Any] = {"__name__": "exported"}
                exec(Path(path).read_text("utf-8"), names)
                assert "batch norm is folded" in names["__doc__"].lower()
                found = expected
                assert list(names["N"]().state_dict()) == list(bare.state_dict())
            case "safetensors":
                bare.load_state_dict(load_file(path))
                found = bare(X)
            case _:
                found = torch.export.load(path).module()(X)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_safetensors(tmp_path: Path) -> None:
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
    net = Compilation(network(TEXT))
    path = tmp_path / "out.py"
    path.write_text("before")

    class Broken:
        SUFFIX = ".py"

        def write(self, net: object, path: str) -> None:
            Path(path).write_text("half")
            raise RuntimeError("broken")

    with pytest.raises(RunError, match="broken"):
        export(Broken(), net, str(path))
    assert path.read_text() == "before"
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match="it is a folder"):
        export(find("python", None), net, str(tmp_path / "folder.py"))
    (tmp_path / "folder.py").rmdir()
    with pytest.raises(UsageError, match="can't write"):
        export(find("python", None), net, str(tmp_path / "none" / "out.py"))
    assert [p.name for p in tmp_path.iterdir()] == ["out.py"]
