"""The standalone Python file: run beside the module, and looked at as its reader does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from anydsl.exporters._classes import unique
from anydsl.exporters.python import source
from anydsl.lowering.compilation import Compilation
from anydsl.lowering.compiler import compile_network
from tests.design.texts import net, network
from tests.exporters.test_exporters import TEXT

SE = "block = resnext, g = 4, se = 1/4\n"


def classes(text: str) -> dict[str, Any]:
    """The classes that a file makes, in a namespace of their own; the last is the net's."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    return {k: v for k, v in names.items() if getattr(v, "__module__", "") == "exported"}


def written(text: str, **options: bool) -> str:
    return source(Compilation(network(text), **options))


def without_inplace(module: nn.Module) -> nn.Module:
    for part in module.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    return module


def same(text: str) -> str:
    """Assert that the file's net is the compiled one; give the file's text."""
    made = network(text)
    exported = source(Compilation(made))
    x = torch.randn(2, *made.input, generator=torch.Generator().manual_seed(0))
    *_, cls = classes(exported).values()
    model = cls()
    ours = compile_network(made, seed=3)
    without_inplace(ours)
    assert list(model.state_dict()) == list(ours.state_dict())
    model.load_state_dict(ours.state_dict())
    ours.load_state_dict(model.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(x), ours.eval()(x), rtol=1e-6, atol=1e-8)
        torch.manual_seed(0)
        expected = ours.train()(x)
        torch.manual_seed(0)
        torch.testing.assert_close(model.train()(x), expected, rtol=1e-6, atol=1e-8)
    for name, tensor in ours.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], tensor, msg=name)
    return exported


def formatted(folder: Path) -> None:
    """Assert that ruff has nothing to say of what stands in a folder."""
    ruff = [sys.executable, "-m", "ruff"]
    line = ["--isolated", "--no-cache", "--line-length", "100"]
    for command in (["format", "--check", *line], ["check", "--isolated", "--no-cache"]):
        done = subprocess.run([*ruff, *command, str(folder)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_operation() -> None:
    exported = same(TEXT)
    assert "anydsl" not in exported.partition('"""\n')[2], "it stands by itself"


def test_what_a_person_would_have_written() -> None:
    """The text of a block is read back from the class; numbers are parameters, stages are short."""
    exported = same(net(f"{SE}stage s1 {{ d = 5, w = 16 }}\nstage s2 {{ d = 2, w = 24 }}"))
    for line in (
        "class SqueezeExcite(nn.Module):",
        "        return x * self.scale(x)",
        "    def __init__(self, w: int, groups: int, w_squeeze_excite: int) -> None:",
        "conv2=nn.Conv2d(w, w, 3, stride=2, padding=1, groups=groups, bias=False),",
        "squeeze_excite1=SqueezeExcite(w, w_inner=w_squeeze_excite),",
        "        return self.relu1(self.main(x) + self.shortcut(x))",
        '**{f"b{i}": Resnext(16, groups=4, w_squeeze_excite=4) for i in range(2, 6)},',
        "        self.s1 = nn.Sequential(",
        "        x = self.s1(x)",
    ):
        assert line in exported, line
    found = classes(exported)
    assert list(found) == ["SqueezeExcite", "ResnextShortcut", "Resnext", "N"]
    assert "`w` is the width in between" in found["SqueezeExcite"].__doc__


CASES = {
    "a line that nothing uses": "y = x -> conv(w, k = 1)\nz = y -> relu\nout = y -> bn",
    "a line after the result": "out = x -> conv(w, k = 1) -> bn\nz = out -> relu",
    "dropout that nothing uses": "z = x -> dropout(0.5) -> bn\n"
    "out = x -> conv(w, k = 1) -> dropout(0.5)",
    "values used in turns": "y = x -> conv(w, k = 1)\nz = y -> bn\nv = z -> conv(w, k = 1)\n"
    "out = y * z + v * (y -> relu) + (v -> silu)",
    "nothing at all": "out = x -> relu",
    "only operators": "y = x + x\nout = y * y",
    "sums and products": "y = x -> conv(w, k = 1)\nz = x -> conv(w, k = 1)\n"
    "v = (y + z) * (y + (z + y)) * ((z * y) * z) + y * (z * z)\nout = v -> sigmoid",
    "dropout out of order": "y = x -> conv(w, k = 1) -> dropout(0.5)\n"
    "z = x -> conv(w, k = 1) -> dropout(0.5)\nout = z * y + (x -> conv(w, k = 1) -> dropout(0.5))",
    "one line as two": "y = x -> conv(w, k = 1)\nz = y\nout = z + (y -> relu)",
    "lines that are no chains": "y = x -> conv(w, k = 1) -> relu\n"
    "z = (x -> conv(w, k = 1)) + (y -> conv(w, k = 3))\n"
    "v = concat(z, y, x) -> conv(w, k = 1)\nout = v * (y -> gap) + z",
    "parts": "out = concat(x -> split(2, 1), x -> split(2, 0) -> conv(w / 2, k = 1)) -> shuffle(2)",
    "places": "out = x -> conv(w, k = 1) -> when(i == 1, bn) -> when(j > 1, relu)",
    "norms": "y = x -> layernorm -> conv(w, k = 1)\n"
    "out = y + (y -> layer_scale(0.5) -> drop_path(0.5))",
    "blocks in blocks": "y = x -> outer(w)\n"
    "out = y + (x -> inner(w)) -> outer(w) -> same -> outer(w)",
    "words of Python": "input = x -> conv(w, k = 1)\nself = input + x\n"
    "torch = self -> conv(w, k = 1)\n"
    "nn = torch * input\nOrderedDict = torch + nn\nmax = OrderedDict -> conv(w, k = 1)\n"
    "out = concat(input, self, torch, nn, OrderedDict, max) -> conv(w, k = 1) -> bn",
    "words of nn.Sequential": "pop = x -> conv(w, k = 1)\nout = pop -> bn",
    "many branches": "\n".join(f"branch_{k} = x -> conv(w, k = 1)" for k in range(12))
    + f"\nout = concat({', '.join(f'branch_{k}' for k in range(12))}) -> conv(w, k = 1)",
    "underscores": "__main = x -> conv(w, k = 1)\n__y = __main -> bn\nout = __main + (__y -> relu)",
    "pools": "out = x -> maxpool(3, s = s, pad = 1) -> avgpool_to(4x5) -> conv(w, k = 1)",
}
BLOCKS = """
block outer(w) { main = x -> inner(w)\nout = x -> inner(w) -> bn }
block inner(w) { out = x -> conv(w, k = 1) }
block same { y = x -> relu\nout = x }
"""


@pytest.mark.parametrize("case", CASES)
def test_any_dataflow(tmp_path: Path, case: str) -> None:
    text = f"block f(w = 8, s = 1) {{ {CASES[case]} }}\n{BLOCKS}"
    text += net("block = f\nstage s1 { d = 3 }\nstage s2 { d = 2 }", head="stem { w = 8 }")
    exported = same(text)
    (tmp_path / "exported.py").write_text(exported)
    formatted(tmp_path)


@pytest.mark.parametrize(
    "name", ["step", "lambda", "torch", "nn", "_N", "__N", "super", "int", "OrderedDict", "Resnext"]
)
def test_any_name(name: str) -> None:
    found = classes(same(TEXT.replace("net N", f"net {name}")))
    assert list(found)[-1].rstrip("_") == name
    assert len(found) == 6


@pytest.mark.parametrize(
    "name", ["type", "module", "Exception", "_", "_3x3", "n", "drop_path_", "x__y"]
)
def test_any_block(name: str) -> None:
    text = f"block {name}(w, s = 1) {{ out = x -> conv(w, k = 1) -> drop_path(0.1) -> relu }}\n"
    same(text + net(f"block = {name}\nstage s1 {{ d = 3, w = 8 }}"))


def test_a_doc_comment_may_hold_anything(tmp_path: Path) -> None:
    doc = '## Says """so""" and \\\\ "'
    text = f"{doc}\nblock f(w, s = 1) {{ out = x -> conv(w, k = 1) }}\n"
    text += f"{doc}\n## {'word ' * 30}\n" + net("block = f\nstage s1 { d = 2, w = 8 }").lstrip()
    exported = same(text)
    (tmp_path / "exported.py").write_text(exported)
    formatted(tmp_path)


def test_a_thousand_blocks_take_a_line_each_at_most() -> None:
    lines = [
        len(written(net(f"block = basic\nstage s1 {{ d = {d}, w = {w} }}")).splitlines())
        for d, w in ((10, 8), (1000, 8), (1000, [8 + k % 50 * 8 for k in range(1000)]))
    ]
    assert lines[0] == lines[1] < 80
    assert lines[2] < 1100


def test_unique() -> None:
    taken = {"A", "A2", "B2"}
    assert [unique(n, taken.__contains__) for n in ("A", "B", "B2")] == ["A3", "B", "B2_2"]
