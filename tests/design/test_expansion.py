"""`expand` writes a network out: what it writes means the same, by itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings

from anydsl.blocks.measurement import measure
from anydsl.checker.engine import check_declaration
from anydsl.design.augmentation import Crop, Flip
from anydsl.design.expansion import expand
from anydsl.design.modules import Library
from anydsl.design.network import Network
from anydsl.design.recipe import SGD, FashionMNIST, ImageFolder, Recipe, Step
from anydsl.language.printer import format_text
from tests.design.test_recipes import recipe
from tests.design.texts import network
from tests.strategies import networks

HALF = Fraction(1, 2)
SPECS = Path(__file__).parents[2] / "specs"


def read_again(text: str) -> Network:
    module = Library().text(text, "expanded.anynet")
    (block,) = module.declared("net")
    checked = check_declaration(module, block)
    problems = [d.concise() for d in (*module.diagnostics, *checked.diagnostics)]
    assert not [p for p in problems if ": error" in p], "\n".join(problems)
    assert isinstance(checked.value, Network)
    return checked.value


def unchanged(network: Network) -> str:
    """Check that the expansion stands for the same network; return it."""
    text = expand(network)
    again = read_again(text)
    assert (again.input, again.stem, again.head) == (network.input, network.stem, network.head)
    assert again.stages == network.stages
    assert (again.name, again.doc) == (network.name, network.doc)
    assert [r.predicate for r in again.rules] == [r.predicate for r in network.rules]
    assert [w.predicate for w in again.waivers] == [w.predicate for w in network.waivers]
    assert [w.because for w in again.waivers] == [w.because for w in network.waivers]
    assert measure(again).cost == measure(network).cost
    assert format_text(text) == text
    assert expand(again) == text
    return text


def shipped() -> dict[str, Network]:
    library = Library()
    found: dict[str, Network] = {}
    for path in sorted(SPECS.rglob("*.anynet")):
        module = library.module(str(path))
        for block in module.declared("net"):
            checked = check_declaration(module, block)
            if isinstance(checked.value, Network):
                found[checked.name] = checked.value
    return found


SHIPPED = shipped()


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_nets(name: str) -> None:
    text = unchanged(SHIPPED[name])
    assert "extends" not in text and "quantized" not in text and "import" not in text
    assert "block resnext" not in text, "the library is in scope anyway"


MINE = """
taps = 3
half = taps / 6

## Mine.
block mine(w, s = 1, act = inner_act(1/3)) {
  # first
  main = x
    # then
    -> conv(w, k = taps, s = s) -> bn  # last
  out = main -> act
}
block inner_act(share) { out = x -> when(share < half, silu) }

## A net
##
## of "mine".
net N {
  input = 3x32x32
  body {
    block = mine
    stage s1 { d = 2, w = [8, 16], s = [1, 2] }
    stage s2 { d = 2, w = 16, act = conv(w = 16, k = 1, pad = same) }
    stage s3 { d = 2, w = 24, block = resnext, groups = 4, b = 1/2, se = 0.25 }
    stage s4 { d = 2, w = 24, block = resnext, g = 12, b = 1/3 }
  }
  require depth == 8 because "of # reasons"
  require not shared(b)
  prefer flops / 3 < 5G
  waive shared(g) because "to see"
  waive shared_bottleneck because "to see, too"
}
"""


def test_own_blocks_and_constants_come_along() -> None:
    text = unchanged(network(MINE))
    assert "block mine" in text and "block inner_act" in text and "half" in text
    assert "# then" in text


@pytest.mark.parametrize("block", ["mine", "plain"])
def test_two_blocks_of_one_name(tmp_path: Path, block: str) -> None:
    """The parent's stages keep the parent's block, and its constants."""
    lines = "block %s(w, s = 1) { out = x -> conv(w, k = taps, s = s) }\ntaps = %d\n"
    (tmp_path / "base.anynet").write_text(
        f"anynet 1\n{lines % (block, 3)}net Base {{\ninput = 3x32x32\n"
        f"body {{ block = {block}\nstage s1 {{ d = 1, w = 8 }} }}\n}}\n"
    )
    (tmp_path / "main.anynet").write_text(
        f'anynet 1\nfrom "base.anynet" import Base\n{lines % (block, 5)}'
        f"net N extends Base {{\nbody {{ stage s2 {{ d = 1, w = 8, block = {block} }} }}\n}}\n"
    )
    module = Library().module(str(tmp_path / "main.anynet"))
    checked = check_declaration(module, module.declared("net")[0])
    assert isinstance(checked.value, Network)
    assert measure(checked.value).cost.params == 3 * 8 * 9 + 8 * 8 * 25
    again = read_again(expand(checked.value))
    assert measure(again).cost == measure(checked.value).cost


def test_a_block_that_hides_one_of_the_library(tmp_path: Path) -> None:
    """In the parent `plain` is the library's, in the child the child's own."""
    (tmp_path / "base.anynet").write_text(
        "anynet 1\nnet Base {\ninput = 3x32x32\n"
        "body { block = plain\nstage s1 { d = 1, w = 8 } }\n}\n"
    )
    (tmp_path / "main.anynet").write_text(
        'anynet 1\nfrom "base.anynet" import Base\n'
        "block plain(w, s = 1) { out = x -> conv(w, k = 1, s = s) }\n"
        "net N extends Base {\nbody { stage s2 { d = 1, w = 8, block = plain } }\n}\n"
    )
    module = Library().module(str(tmp_path / "main.anynet"))
    checked = check_declaration(module, module.declared("net")[0])
    assert isinstance(checked.value, Network)
    again = read_again(expand(checked.value))
    assert measure(again).cost == measure(checked.value).cost


@settings(max_examples=50)
@given(networks())
def test_any_net(text: str) -> None:
    module = Library().text(text, "spec.anynet")
    checked = check_declaration(module, module.declared("net")[0])
    assert isinstance(checked.value, Network)
    unchanged(checked.value)


@pytest.mark.parametrize(
    "made",
    [
        Recipe(),
        Recipe("r", "Two\nlines.", data=FashionMNIST(resize=(96, 96), augment=(Crop(), Flip()))),
        Recipe("r", data=ImageFolder(path="a b/c"), schedule=Step(every=7, warmup=HALF)),
        Recipe("r", optimizer=SGD(lr=HALF / 10, momentum=HALF, nesterov=True), precision="bf16"),
        Recipe("r", label_smoothing=HALF, ema=HALF**20, validation=HALF / 3, seed=2**32 - 1),
    ],
)
def test_recipes(made: Recipe) -> None:
    text = expand(SHIPPED["RegNetX32"], made)
    again = recipe(text.removeprefix("anynet 1\n"), made.name)
    assert again == made
