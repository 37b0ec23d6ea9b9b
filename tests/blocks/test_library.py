"""What each block of the library computes and costs, reckoned by hand."""

from __future__ import annotations

import pytest

from anydsl.graph.operations import Cost
from tests.design.texts import measured, net


def conv(c: int, w: int, k: int, side: int, groups: int = 1, bias: int = 0) -> Cost:
    """A convolution from c to w channels that puts out side x side pixels."""
    weights = k * k * c * w // groups + bias * w
    return Cost(weights, weights * side * side, w * side * side)


def bn(w: int) -> Cost:
    return Cost(params=2 * w)


def total(*costs: Cost) -> Cost:
    return sum(costs, Cost())


def se(w: int, inner: int) -> Cost:
    return total(conv(w, inner, 1, 1, bias=1), conv(inner, w, 1, 1, bias=1))


def part(text: str, name: str = "s1") -> tuple[Cost, tuple[int, ...]]:
    (found,) = (p for p in measured(text).parts if p.name == name)
    return found.cost, found.output


# One block on 8 channels of 16x16 pixels, to 24 channels with a stride of 2; then to the same.
BLOCKS = {
    "plain": (total(conv(8, 24, 3, 8), bn(24)), total(conv(24, 24, 3, 8), bn(24))),
    "vanilla": (
        total(conv(8, 24, 3, 8), bn(24), conv(24, 24, 3, 8), bn(24)),
        total(conv(24, 24, 3, 8), bn(24), conv(24, 24, 3, 8), bn(24)),
    ),
    "basic": (
        total(conv(8, 24, 3, 8), bn(24), conv(24, 24, 3, 8), bn(24), conv(8, 24, 1, 8), bn(24)),
        total(conv(24, 24, 3, 8), bn(24), conv(24, 24, 3, 8), bn(24)),
    ),
    "bottleneck": (
        # inside a quarter as wide; the stride is in the 3x3, so the first 1x1 sees 16x16
        total(
            *(conv(8, 6, 1, 16), bn(6), conv(6, 6, 3, 8), bn(6), conv(6, 24, 1, 8), bn(24)),
            *(conv(8, 24, 1, 8), bn(24)),
        ),
        total(conv(24, 6, 1, 8), bn(6), conv(6, 6, 3, 8), bn(6), conv(6, 24, 1, 8), bn(24)),
    ),
    "resnext, b = 2, g = 4": (
        total(
            *(conv(8, 12, 1, 16), bn(12), conv(12, 12, 3, 8, groups=3), bn(12)),
            *(conv(12, 24, 1, 8), bn(24), conv(8, 24, 1, 8), bn(24)),
        ),
        total(
            *(conv(24, 12, 1, 8), bn(12), conv(12, 12, 3, 8, groups=3), bn(12)),
            *(conv(12, 24, 1, 8), bn(24)),
        ),
    ),
    "resnext, b = 1, groups = 6, se = 1/4": (
        # se is relative to what comes into the block: 8 / 4, then 24 / 4
        total(
            *(conv(8, 24, 1, 16), bn(24), conv(24, 24, 3, 8, groups=6), bn(24), se(24, 2)),
            *(conv(24, 24, 1, 8), bn(24), conv(8, 24, 1, 8), bn(24)),
        ),
        total(
            *(conv(24, 24, 1, 8), bn(24), conv(24, 24, 3, 8, groups=6), bn(24), se(24, 6)),
            *(conv(24, 24, 1, 8), bn(24)),
        ),
    ),
    "resnext_linear, g = 32": (
        # b = 1/4: four times wider inside, 96 channels in 3 groups; no shortcut where shapes differ
        total(
            *(conv(8, 96, 1, 16), bn(96), conv(96, 96, 3, 8, groups=3), bn(96)),
            *(conv(96, 24, 1, 8), bn(24)),
        ),
        total(
            *(conv(24, 96, 1, 8), bn(96), conv(96, 96, 3, 8, groups=3), bn(96)),
            *(conv(96, 24, 1, 8), bn(24)),
        ),
    ),
}


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks(block: str) -> None:
    text = net(f"block = {block}\nstage s1 {{ d = {{}}, w = 24 }}", shape="8x16x16")
    first, second = BLOCKS[block]
    assert part(text.replace("{}", "1")) == (first, (24, 8, 8))
    assert part(text.replace("{}", "2")) == (total(first, second), (24, 8, 8))


STEMS = {
    "w = 12": (total(conv(3, 12, 3, 16), bn(12)), (12, 16, 16)),
    "w = 12, s = 1": (total(conv(3, 12, 3, 32), bn(12)), (12, 32, 32)),
    "block = resnet_stem, w = 12": (
        total(conv(3, 12, 7, 16), bn(12), Cost(acts=12 * 8 * 8)),
        (12, 8, 8),
    ),
    "block = patch_stem, w = 12": (conv(3, 12, 4, 8, bias=1), (12, 8, 8)),
    "block = patch_stem, w = 12, k = 8": (conv(3, 12, 8, 4, bias=1), (12, 4, 4)),
}


@pytest.mark.parametrize("stem", STEMS)
def test_stems(stem: str) -> None:
    text = net("block = plain\nstage s1 { d = 1, w = 12 }", head=f"stem {{ {stem} }}")
    assert part(text, "stem") == STEMS[stem]


HEADS = {
    "classes = 7": (Cost(12 * 7 + 7, 12 * 7 + 7, 7), (7,)),
    "block = conv_head, classes = 7, w = 20": (
        total(conv(12, 20, 1, 16), bn(20), Cost(20 * 7 + 7, 20 * 7 + 7, 7)),
        (7,),
    ),
}


@pytest.mark.parametrize("head", HEADS)
def test_heads(head: str) -> None:
    text = net("block = plain\nstage s1 { d = 1, w = 12 }", head=f"head {{ {head} }}")
    assert part(text, "head") == HEADS[head]


def test_the_bottleneck_is_the_resnext_block_without_groups() -> None:
    bottleneck = net("block = bottleneck\nstage s1 { d = 2, w = 32 }")
    resnext = net("block = resnext, b = 4, groups = 1\nstage s1 { d = 2, w = 32 }")
    assert part(bottleneck) == part(resnext)


def test_the_totals_are_the_sums() -> None:
    text = net(
        "block = basic\nstage s1 { d = 2, w = 12 }\nstage s2 { d = 1, w = 16 }",
        head="stem { w = 8 }\nhead { classes = 3 }",
    )
    found = measured(text)
    assert [p.name for p in found.parts] == ["stem", "s1", "s2", "head"]
    assert found.cost == total(*(p.cost for p in found.parts))
    for piece in found.parts:
        assert piece.cost == total(*(b.cost for b in piece.blocks))
        for block in piece.blocks:
            assert block.cost == total(*(o.cost for o in block.operations))
    assert (found.total("depth"), found.total("stages")) == (3, 2)
    assert found.total("flops") == found.cost.flops
    assert found.output == (3,)
