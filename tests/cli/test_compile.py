"""`anydsl compile`."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import anydsl


def reference(spec: Path, seed: int = 0) -> torch.fx.GraphModule:
    net = anydsl.load(str(spec))
    assert isinstance(net, anydsl.Network)
    return anydsl.compile(net, seed=seed).eval()


def same(state: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return state.keys() == other.keys() and all(torch.equal(state[k], other[k]) for k in state)


def test_the_fx_graph_is_printed(run, spec: Path) -> None:
    ran = run("compile", spec)
    assert ran.status == 0
    assert ran.err == ""
    assert ran.out.startswith("graph():")
    assert "call_module[target=s2.b1.main.conv1]" in ran.out
    assert run("compile", spec, "--stop-at", "fx").out == ran.out


@pytest.mark.parametrize(
    ("stage", "word"),
    [("tree", "statements:"), ("network", "stages:"), ("graph", "s2.b2.main.conv1 = conv(")],
)
def test_each_step_can_be_seen(run, spec: Path, stage: str, word: str) -> None:
    ran = run("compile", spec, "--stop-at", stage)
    assert ran.status == 0
    assert word in ran.out


@pytest.mark.parametrize("stage", ["graph", "fx"])
def test_the_form_for_inference_can_be_seen(run, spec: Path, stage: str) -> None:
    plain = run("compile", spec, "--stop-at", stage).out
    ran = run("compile", spec, "--stop-at", stage, "--for-inference")
    assert (ran.status, ran.err) == (0, "")
    assert "bn1" in plain and "bn1" not in ran.out
    assert "s2.b1.main.conv1" in ran.out


def test_the_tree_by_name(run, spec: Path, tmp_path: Path) -> None:
    out = tmp_path / "tree.json"
    assert run("compile", spec, "--to", "tree", "-o", out).status == 0
    assert json.loads(out.read_text())["statements"][0]["label"]["name"]["text"] == "Small"


def test_python_is_standalone(run, spec: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.py"
    ran = run("compile", spec, "-o", out)
    assert (ran.status, ran.out, ran.err) == (0, "", f"wrote {out}\n")
    assert "anydsl" not in out.read_text().split('"""', 2)[2]
    found = importlib.util.spec_from_file_location("small", out)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    net, ours = module.Small().eval(), reference(spec)
    net.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(net(x), ours(x))


def test_json_is_the_graph(run, spec: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.json"
    assert run("compile", spec, "-o", out).status == 0
    graph = json.loads(out.read_text())
    assert graph["input"] == [3, 32, 32]
    paths = {node["path"]: node for node in graph["nodes"]}
    assert paths["s1.b1.main.conv2"]["settings"]["g"] == 8
    assert paths[graph["output"]]["output"] == [10]
    known = {"input"}
    for node in graph["nodes"]:
        assert set(node["inputs"]) <= known
        known.add(node["path"])


def test_safetensors_under_a_seed_and_back(run, spec: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.safetensors" for name in ("a", "b", "c", "d")]
    for path, seed in zip(paths, ("7", "7", "8"), strict=False):
        assert run("compile", spec, "-o", path, "--seed", seed).status == 0
    a, b, c = map(load_file, paths[:3])
    assert same(a, reference(spec, 7).state_dict())
    assert same(a, b)
    assert not same(a, c)
    assert run("compile", spec, "-o", paths[3], "--weights", paths[2]).status == 0
    assert same(load_file(paths[3]), c)


def test_the_names_of_other_libraries(run, spec: Path, tmp_path: Path) -> None:
    """What is written so is read so, and is torch's to load."""
    theirs, ours = tmp_path / "theirs.safetensors", tmp_path / "ours.safetensors"
    ran = run("compile", spec, "-o", theirs, "--names", "torchvision", "--seed", "3")
    assert (ran.status, ran.out, ran.err) == (0, "", f"wrote {theirs}\n")
    state = load_file(theirs)
    assert "trunk_output.block2.block2-0.proj.0.weight" in state
    path = tmp_path / "theirs.pth"
    torch.save({"state_dict": state}, path)
    for file in (theirs, path):
        assert run("compile", spec, "-o", ours, "--weights", file).status == 0
        assert same(load_file(ours), reference(spec, 3).state_dict())


def test_a_library_without_names_for_a_net(run, spec: Path, tmp_path: Path) -> None:
    spec.write_text(spec.read_text().replace("block = resnext\n    g = 8", "block = plain"))
    out = tmp_path / "a.safetensors"
    ran = run("compile", spec, "-o", out, "--names", "pycls")
    assert ran.status == 1
    assert "pycls has no names for a net like this" in ran.err
    assert not out.exists()


def test_notes_on_weights(run, spec: Path, tmp_path: Path, monkeypatch) -> None:
    out = tmp_path / "a.safetensors"
    monkeypatch.setattr("anydsl.weights.loading.load_weights", lambda *_: ("be careful",))
    assert run("compile", spec, "-o", out, "--weights", "a").err.startswith("note: be careful\n")


def test_a_torch_export_program(run, spec: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.pt2"
    assert run("compile", spec, "-o", out).status == 0
    program = torch.export.load(out).module()
    x = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(program(x), reference(spec)(x))


def test_the_form_by_name(run, spec: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("compile", spec, "--to", "graph").err == "wrote small.json\n"
    assert (tmp_path / "small.json").is_file()
    assert run("compile", spec, "--to", "python", "-o", "odd.txt").status == 0
    assert "class Small" in (tmp_path / "odd.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.foo"], "no form has the suffix `.foo`"),
        (["-o", "a"], "no form has the suffix"),
        (["--to", "pyhton"], "did you mean `python`?"),
        (["-o", "no/such/folder/a.py"], "can't write"),
        (["-o", "a.safetensors", "--weights", "no.safetensors"], "can't read"),
        (["--stop-at", "end"], "invalid choice"),
        (["--names", "timm"], "--names needs a file to write: -o NAME.safetensors"),
        (["--names", "timm", "-o", "a.py"], "--names is for .safetensors, not for .py"),
        (["--names", "tim", "-o", "a.safetensors"], "did you mean `timm`?"),
        (["--weights", "torchvision:V1"], "--weights needs a file to write"),
        (["--stop-at", "tree", "--for-inference"], "comes before it"),
        (["--to", "tree", "--for-inference"], "no form for inference"),
        (["-o", "a.safetensors", "--names", "timm", "--for-inference"], "--names has no names"),
        (["--seed", "one"], "a seed is a whole number"),
    ],
)
def test_wrong_use(run, spec: Path, tmp_path: Path, monkeypatch, arguments, message) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("compile", spec, *arguments)
    assert ran.status == 2
    assert message in ran.err
    assert ran.out == ""
    assert os.listdir(tmp_path) == [spec.name]


def test_weights_that_do_not_fit(run, spec: Path, tmp_path: Path) -> None:
    weights, out = tmp_path / "w.safetensors", tmp_path / "a.safetensors"
    state = reference(spec).state_dict()
    state["stem.conv1.weight"] = torch.zeros(1)
    state["more"] = state.pop("head.linear1.bias")
    save_file(state, weights)
    ran = run("compile", spec, "-o", out, "--weights", weights)
    assert ran.status == 1
    for word in ("missing head.linear1.bias", "left over more", "stem.conv1.weight is 1 "):
        assert word in ran.err
    weights.write_bytes(b"no weights")
    assert run("compile", spec, "-o", out, "--weights", weights).status == 1
    assert not out.exists()


def test_warnings_are_said_and_strict_refuses_them(run, files: Path) -> None:
    path = files / "falling.anynet"
    ran = run("compile", path)
    assert ran.status == 0
    assert "warning[nondecreasing_width]" in ran.err
    ran = run("compile", path, "--strict")
    assert ran.status == 1
    assert ran.out == ""
    assert "error[nondecreasing_width]" in ran.err


def test_a_failed_requirement_stops_it(run, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("  head", "  require params < 10\n  head"))
    ran = run("compile", spec)
    assert ran.status == 1
    assert ran.out == ""
    assert "error[requirement]" in ran.err


def test_onnx(run, spec: Path, tmp_path: Path) -> None:
    import onnxruntime as runtime

    out = tmp_path / "small.onnx"
    assert run("compile", spec, "-o", out).status == 0
    session = runtime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    x = torch.randn(4, 3, 32, 32)
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(
            torch.from_numpy(found), reference(spec)(x), rtol=1e-4, atol=1e-5
        )
