"""The compiled module: its paths, its first weights, and what torch can do with it."""

from __future__ import annotations

import copy
import io
import math
import pickle
from pathlib import Path

import pytest
import torch
from torch import fx, nn
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

import anydsl
from anydsl.blocks.graphing import build_graph
from anydsl.lowering.compiler import compile_network
from tests.design.texts import net, network

SPECS = Path(__file__).parents[2] / "specs"

TEXT = net(
    "block = resnext, g = 4, se = 1/4\n"
    "stage s1 { d = 1, w = 16, s = 1 }\nstage s2 { d = 2, w = 24, act = silu }",
    head="stem { w = 8 }\nhead { classes = 10 }",
    shape="3x16x16",
)
X = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def compiled(text: str = TEXT, *, seed: int = 0) -> fx.GraphModule:
    return compile_network(network(text), seed=seed)


def test_paths() -> None:
    """LANGUAGE.md, section 3."""
    paths = [name for name, m in compiled().named_modules() if not list(m.children())]
    for path in (
        "stem.conv1",
        "stem.relu1",
        "s1.b1.main.conv1",
        "s1.b1.main.squeeze_excite1.scale.gap1",
        "s1.b1.main.squeeze_excite1.scale.conv1",
        "s1.b1.shortcut.bn1",
        "s1.b1.relu1",
        "s2.b1.main.conv3",
        "s2.b2.main.squeeze_excite1.scale.sigmoid1",
        "head.linear1",
    ):
        assert path in paths
    assert "s2.b2.shortcut.conv1" not in paths
    assert paths[0] == "stem.conv1" and paths[-1] == "head.linear1", "in the order of the network"


def test_the_published_paths() -> None:
    made = anydsl.load(str(SPECS / "regnet/regnety.anynet::RegNetY_400MF"))
    assert isinstance(made, anydsl.Network)
    names = dict(anydsl.compile(made, device="meta").named_parameters())
    assert names["s2.b1.main.conv1.weight"].shape == (104, 48, 1, 1)
    assert names["s1.b1.main.squeeze_excite1.scale.conv1.bias"].shape == (8,)
    assert names["head.linear1.weight"].shape == (1000, 440)


def test_the_graph_is_the_dataflow() -> None:
    module, graph = compiled(), build_graph(network(TEXT))
    called = [str(n.target) for n in module.graph.nodes if n.op == "call_module"]
    assert called == [n.path for n in graph if n.operation.word not in ("add", "mul")]
    module.graph.lint()
    assert module.__class__.__name__ == "N"


# ---------------------------------------------------------------------------- initialization


WIDE = """
block wide(w, s = 1) {
  main = x -> conv(w, k = 3, s = s) -> bn -> conv(w, k = 3, g = 8) -> bn
    -> conv(w, k = 1, bias = true) -> bn
  out = main
}
""" + net("block = wide\nstage s1 { d = 1, w = 256 }", head="head { classes = 500 }")


def test_initial_weights() -> None:
    """He's fan-out whatever the groups, N(0, 0.01) for the linear layer, identity for BN."""
    modules = dict(compiled(WIDE).named_modules())
    for path, std in (
        ("s1.b1.main.conv1", math.sqrt(2 / (9 * 256))),
        ("s1.b1.main.conv2", math.sqrt(2 / (9 * 256))),
        ("s1.b1.main.conv3", math.sqrt(2 / 256)),
        ("head.linear1", 0.01),
    ):
        weight: torch.Tensor = modules[path].weight  # type: ignore[assignment]
        values = weight.detach().flatten()
        error = std / math.sqrt(len(values))
        assert abs(values.mean()) < 5 * error
        assert abs(values.std() - std) < 5 * error
        tail = (values.abs() > 2 * std).float().mean()
        assert 0.03 < tail < 0.06, "normal: 4.6 % are beyond two sigma"
    bias: torch.Tensor = modules["s1.b1.main.conv3"].bias  # type: ignore[assignment]
    assert 0 < bias.abs().max() <= 1 / math.sqrt(256)
    assert not modules["head.linear1"].bias.any()  # type: ignore[union-attr]
    for module in modules.values():
        if isinstance(module, nn.BatchNorm2d):
            assert module.weight.eq(1).all() and module.bias.eq(0).all()
            assert module.running_mean is not None and module.running_mean.eq(0).all()
            assert module.running_var is not None and module.running_var.eq(1).all()
            assert module.num_batches_tracked == 0


def test_seeds() -> None:
    one, same, other = (compiled(seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    weights = [name for name in one if "conv" in name or name == "head.linear1.weight"]
    assert all(not torch.equal(one[name], other[name]) for name in weights)


def test_the_same_weights_on_any_number_of_threads() -> None:
    text = net("block = plain\nstage s1 { d = 3, w = 256 }", head="head { classes = 10 }")
    assert sum(p.numel() for p in compiled(text).parameters()) > 1_000_000
    before = torch.get_num_threads()
    try:
        states: list[dict[str, torch.Tensor]] = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            states.append(compiled(text, seed=4).state_dict())
    finally:
        torch.set_num_threads(before)
    for state in states[1:]:
        assert all(torch.equal(states[0][name], state[name]) for name in state)


def test_a_thousand_blocks() -> None:
    text = net("block = resnext, g = 8\nstage s1 { d = 500, w = 16 }\nstage s2 { d = 500, w = 24 }")
    module = compiled(text).eval()
    with torch.no_grad():
        assert module(torch.zeros(1, 3, 32, 32)).shape == (1, 24, 8, 8)


def test_no_two_layers_start_alike() -> None:
    weights = [p for n, p in compiled(WIDE).named_parameters() if "conv" in n and p.dim() == 4]
    assert not torch.equal(weights[0][0, 0], weights[1][0, 0])


def test_the_seed_of_torch_is_left_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    compiled()
    assert torch.equal(torch.rand(1), expected)


def test_first_signals_keep_their_scale() -> None:
    text = net("block = plain, s = 1\nstage s1 { d = 8, w = 64 }", head="stem { w = 64 }")
    with torch.no_grad():
        out = compiled(text)(torch.randn(4, 3, 32, 32))
    assert 0.3 < out.std() < 3


def test_parameters_are_apart() -> None:
    """Modules are copied, weights are not shared, and all of them learn."""
    module = compiled(net("block = plain\nstage s1 { d = 3, w = 8 }"))
    storages = {p.untyped_storage().data_ptr() for p in module.parameters()}
    assert len(storages) == len(list(module.parameters()))
    assert all(p.requires_grad and p.dtype == torch.float32 for p in module.parameters())
    module.train()
    module(X).sum().backward()
    assert all(p.grad is not None for p in module.parameters())
    batch_norms = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len({id(m.running_mean) for m in batch_norms}) == 3
    assert all(m.num_batches_tracked == 1 for m in batch_norms)


# ------------------------------------------------------------------------- what torch can do


def test_on_meta() -> None:
    module = compile_network(network(TEXT), device="meta")
    assert {t.device.type for t in module.state_dict().values()} == {"meta"}
    assert module(torch.empty(5, 3, 16, 16, device="meta")).shape == (5, 10)
    filled = module.to_empty(device="cpu")
    filled.load_state_dict(compiled().state_dict())
    torch.testing.assert_close(filled.eval()(X), compiled().eval()(X))


def test_train_and_eval() -> None:
    module = compiled()
    assert module.training
    module.eval()
    assert not any(m.training for m in module.modules())
    with torch.no_grad():
        torch.testing.assert_close(module(X)[:1], module(X[:1]))  # eval: no look at the batch
        assert not torch.allclose(module.train()(X)[:1], module.eval()(X[:1]))


def test_pickle_and_deepcopy() -> None:
    module = compiled().eval()
    for copied in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(copied(X), module(X))
        assert list(copied.state_dict()) == list(module.state_dict())
        with torch.no_grad():
            copied.get_parameter("stem.conv1.weight").zero_()
        assert module.get_parameter("stem.conv1.weight").any()
        assert not torch.equal(copied(X), module(X))


def test_save_and_load() -> None:
    module = compiled().eval()
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other = compiled(seed=5).eval()
    assert not torch.equal(other(X), module(X))
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(X), module(X))


def test_torch_export() -> None:
    module = compiled().eval()
    shapes = {"x": {0: torch.export.Dim("batch", min=1)}}
    program = torch.export.export(module, (X,), dynamic_shapes=shapes)
    with torch.no_grad():
        torch.testing.assert_close(program.module()(X), module(X))
        more = torch.randn(5, 3, 16, 16)
        torch.testing.assert_close(program.module()(more), module(more))


def test_torch_compile() -> None:
    module = compiled()
    torch._dynamo.reset()
    fast = torch.compile(copy.deepcopy(module), backend="eager", fullgraph=True)
    for model in (module, fast):
        model.train()
        model(X).square().mean().backward()
    for (name, left), right in zip(module.named_parameters(), fast.parameters(), strict=True):
        torch.testing.assert_close(left.grad, right.grad, msg=name, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(fast.eval()(X), module.eval()(X))


def test_feature_extraction() -> None:
    module = compiled().eval()
    names = get_graph_node_names(module)[0]
    assert {"stem.relu1", "s1.b1.relu1", "s2.b2.silu1"} <= set(names)
    extractor = create_feature_extractor(module, {"s1.b1.relu1": "low", "s2.b2.silu1": "high"})
    with torch.no_grad():
        found = extractor(X)
    assert {name: tuple(t.shape) for name, t in found.items()} == {
        "low": (2, 16, 8, 8),
        "high": (2, 24, 4, 4),
    }


def test_fx_passes() -> None:
    retraced = fx.symbolic_trace(compiled().eval())
    torch.testing.assert_close(retraced(X), compiled().eval()(X))
    from torch.fx.experimental.optimization import fuse

    with torch.no_grad():
        torch.testing.assert_close(fuse(compiled().eval())(X), compiled().eval()(X))


def test_half_precision() -> None:
    module = compiled().eval().to(torch.bfloat16)
    assert module(X.bfloat16()).dtype == torch.bfloat16
    with torch.no_grad():
        last = compiled().eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        torch.testing.assert_close(last(X), compiled().eval()(X), rtol=1e-4, atol=1e-4)


# ----------------------------------------------------------------------------------- in place


def without_inplace(module: fx.GraphModule) -> fx.GraphModule:
    changed = copy.deepcopy(module)
    for part in changed.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    return changed


TWICE = {
    "before and after": "y = x -> conv(w, k = 1, s = s) -> bn\nout = (y -> relu) + y",
    "two activations": "y = x -> conv(w, k = 1, s = s)\nout = (y -> relu) + (y -> silu)",
    "after a sum": "y = x -> conv(w, k = 1, s = s)\nz = y + y\nout = (z -> relu) * z",
    "the block's input": "y = x -> relu -> conv(w, k = 1)\nout = (x -> conv(w, k = 1)) + y",
    "not used at all": "y = x -> conv(w, k = 1, s = s)\nz = y -> relu\nout = y",
    "after the result": "out = x -> conv(w, k = 1, s = s) -> bn\nz = out -> relu",
    "through an alias": "y = x -> conv(w, k = 1)\nz = y\nv = z -> relu6\nout = y + v -> silu",
    "after dropout": "y = x -> conv(w, k = 1, s = s)\nz = y -> dropout(0.5)\nout = (z -> relu) + y",
    "in a weighing": "y = x -> conv(w, k = 1, s = s)\nz = y -> gap -> conv(w, k = 1) -> relu\n"
    "out = y * z -> relu",
}


@pytest.mark.parametrize("way", TWICE)
@pytest.mark.parametrize("depth", [1, 2])
def test_writing_in_place_changes_no_result(way: str, depth: int) -> None:
    text = f"block f(w, s = 1) {{ {TWICE[way]} }}\n"
    text += net(f"block = f\nstage s1 {{ d = {depth}, w = 8 }}", head="stem { w = 6 }")
    module = compiled(text)
    reference = without_inplace(module)
    x, y = (X.clone().requires_grad_() for _ in range(2))
    for model in (module, reference):
        torch.manual_seed(0)
        model.train()
        model(x if model is module else y).square().sum().backward()
    torch.testing.assert_close(x.grad, y.grad)
    torch.testing.assert_close(module.eval()(X), reference.eval()(X))


def test_the_picture_is_never_written_to() -> None:
    text = "block f(w, s = 1) { out = x -> relu -> conv(w, k = 1, s = s) }\n"
    module = compiled(text + net("block = f\nstage s1 { d = 1, w = 8 }"))
    x = X.clone()
    module(x)
    assert torch.equal(x, X)


def test_what_nobody_else_reads_is_written_to() -> None:
    parts = dict(compiled().named_modules())
    for path in ("stem.relu1", "s1.b1.main.relu1", "s1.b1.relu1", "s2.b1.silu1"):
        assert parts[path].inplace  # type: ignore[union-attr]
