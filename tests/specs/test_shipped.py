"""Every file that ships: clean, formatted, compiled, and of one cost however it is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from anydsl.blocks.graphing import build_graph
from anydsl.blocks.measurement import measure
from anydsl.checker.engine import check_declaration, check_module
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.language.printer import format_text
from anydsl.lowering.compiler import compile_network

SPECS = Path(__file__).parents[2] / "specs"
FILES = sorted(str(path.relative_to(SPECS)) for path in SPECS.rglob("*.anynet"))
LIBRARY = Library()
SMALL = 2_000_000


def nets() -> dict[str, Network]:
    found: dict[str, Network] = {}
    for file in FILES:
        module = LIBRARY.module(str(SPECS / file))
        for block in module.declared("net"):
            checked = check_declaration(module, block)
            if isinstance(checked.value, Network):  # else test_lints_clean says why
                found[f"{file}::{checked.name}"] = checked.value
    return found


NETS = nets()


@pytest.mark.parametrize("file", FILES)
def test_lints_clean(file: str) -> None:
    found = check_module(LIBRARY.module(str(SPECS / file)))
    assert [d.concise() for d in found if d.level != "note"] == []


@pytest.mark.parametrize("file", FILES)
def test_formats_to_itself(file: str) -> None:
    text = (SPECS / file).read_text("utf-8")
    assert format_text(text) == text


def test_every_net_resolves() -> None:
    declared = [
        f"{file}::{block.label.name.text}"
        for file in FILES
        for block in LIBRARY.module(str(SPECS / file)).declared("net")
        if block.label
    ]
    assert list(NETS) == declared
    assert len(declared) >= 33


@pytest.mark.parametrize("spec", NETS)
def test_one_cost_however_counted(spec: str) -> None:
    network = NETS[spec]
    cost = measure(network).cost
    graph = build_graph(network)
    assert graph.cost() == cost
    module = compile_network(network, device="meta")
    assert sum(p.numel() for p in module.parameters()) == cost.params
    with torch.no_grad():
        out = module.eval()(torch.empty(2, *network.input, device="meta"))
    assert tuple(out.shape[1:]) == graph.shape(graph.output) == measure(network).output


@pytest.mark.parametrize("spec", [s for s, n in NETS.items() if measure(n).cost.params < SMALL])
def test_small_ones_run(spec: str) -> None:
    network = NETS[spec]
    module = compile_network(network).eval()
    with torch.no_grad():
        out = module(torch.randn(1, *network.input))
    assert out.isfinite().all()
    assert out.std() > 0
