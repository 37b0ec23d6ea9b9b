"""Networks in process: compiled and initialized, and on `meta`, against torchvision and timm."""

from __future__ import annotations

from collections.abc import Iterator

from measuring import REGNETY, ROOT, Figure, milliseconds, seconds, take_turns

SAME = {
    "RegNetY-400MF": (REGNETY, "regnet_y_400mf", "regnety_004", 9),
    "ResNet-50": (f"{ROOT}/specs/classic/resnet50.anynet", "resnet50", "resnet50", 3),
    "RegNetX-32GF": (
        f"{ROOT}/specs/regnet/regnetx.anynet::RegNetX_32GF",
        "regnet_x_32gf",
        "regnetx_320",
        3,
    ),
}
DEEP = """anynet 1
net Deep {{
  input = 3x32x32
  stem {{ w = 16 }}
  body {{ block = resnext, g = 8, stage s1 {{ d = {0}, w = 16 }}, stage s2 {{ d = {0}, w = 24 }} }}
  head {{ classes = 10 }}
}}
"""


def figures() -> Iterator[Figure]:
    for name in SAME:
        yield from constructors(name)
    yield deep()


def constructors(name: str) -> Iterator[Figure]:
    import timm
    from torchvision import models

    import anydsl

    spec, in_torchvision, in_timm, times = SAME[name]
    net, build = anydsl.load(spec), getattr(models, in_torchvision)
    ours, from_text, on_meta, theirs, timms = take_turns(
        times,
        lambda: seconds(lambda: anydsl.compile(net)),
        lambda: seconds(lambda: anydsl.compile(anydsl.load(spec))),
        lambda: seconds(lambda: anydsl.compile(net, device="meta")),
        lambda: seconds(build),
        lambda: seconds(lambda: timm.create_model(in_timm)),
    )
    peer = f"torchvision's constructor: {milliseconds(theirs)}"
    yield Figure(f"{name}, initialized", milliseconds(ours), peer, ours / theirs, 0.7)
    other = f"timm's constructor: {milliseconds(timms)}"
    yield Figure("", "", other, ours / timms, 0.7)
    yield Figure("  from its text", milliseconds(from_text), peer, from_text / theirs, None)
    yield Figure("  on meta", milliseconds(on_meta), peer, on_meta / theirs, 1 / 3)


def deep() -> Figure:
    """How a thousand blocks compare with ten times a hundred."""
    import anydsl
    from anydsl.checker.engine import check_declaration
    from anydsl.design.modules import Library

    nets: list[anydsl.Network] = []
    for blocks in (1000, 100):
        module = Library().text(DEEP.format(blocks // 2))
        value = check_declaration(module, module.declared("net")[0]).value
        assert isinstance(value, anydsl.Network)
        nets.append(value)
    much, little = take_turns(
        3, *(lambda net=net: seconds(lambda: anydsl.compile(net, device="meta")) for net in nets)
    )
    peer = f"100 blocks: {milliseconds(little)}"
    return Figure("1,000 blocks, on meta", milliseconds(much), peer, much / little, 12)
