"""Networks in process: compiled and initialized, and on `meta`, against torchvision and timm."""

from __future__ import annotations

from collections.abc import Iterator

from measuring import REGNETX, REGNETY, Figure, milliseconds, take_turns

from anydsl.design.modules import shipped

NEEDS = ("torch", "torchvision", "timm")
SAME = {
    "RegNetY-400MF": (REGNETY, "regnet_y_400mf", "regnety_004", 9),
    "ResNet-50": (f"{shipped()}/classic/resnet50.anynet", "resnet50", "resnet50", 3),
    "RegNetX-32GF": (
        f"{REGNETX}::RegNetX_32GF",
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
        lambda: milliseconds(lambda: anydsl.compile(net)),
        lambda: milliseconds(lambda: anydsl.compile(anydsl.load(spec))),
        lambda: milliseconds(lambda: anydsl.compile(net, device="meta")),
        lambda: milliseconds(build),
        lambda: milliseconds(lambda: timm.create_model(in_timm)),
    )
    said = f"{name} from its `Network` to a module with initial weights; the peer builds its own."
    yield Figure(f"{name}, initialized", said, ours, "ms", "torchvision", theirs, target=0.7)
    yield Figure(f"{name}, initialized", "", ours, "ms", "timm", timms, target=0.7)
    said = "The same from the spec's text: parsed, checked and compiled."
    yield Figure(f"{name}, from its text", said, from_text, "ms", "torchvision", theirs)
    said = "The same without weights, on torch's device `meta`; the peer makes weights."
    yield Figure(f"{name}, on meta", said, on_meta, "ms", "torchvision", theirs, target=1 / 3)


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
        3,
        *(lambda net=net: milliseconds(lambda: anydsl.compile(net, device="meta")) for net in nets),
    )
    said = "A net ten times as deep on `meta`: 10 where time grows with depth."
    return Figure("1,000 blocks, on meta", said, much, "ms", "100 blocks", little, target=12)
