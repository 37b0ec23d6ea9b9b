"""The names of torchvision's models."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from anydsl.weights.layout import Layout
from anydsl.weights.naming import Name, Scheme, Unnamed, concatenated, counted, fit, inverted

MEAN_HEAD = "gap flatten linear=fc"


def regnet(net: Layout) -> Iterator[Name]:
    """RegNetX and RegNetY (`torchvision.models.regnet`)."""
    yield from fit(net.stem, "conv=stem.0 bn=stem.1 act")
    for block in net.blocks:
        parts = block.residual()
        at = f"trunk_output.block{block.s + 1}.block{block.s + 1}-{block.i}."
        yield from fit(parts.before, "")
        yield from fit(
            parts.main,
            "conv=f.a.0 bn=f.a.1 act conv=f.b.0 bn=f.b.1 act se=f.se.fc1,f.se.fc2?"
            " conv=f.c.0 bn=f.c.1",
            at=at,
        )
        yield from fit(parts.shortcut, "", "conv=proj.0 bn=proj.1", at=at)
        yield from fit(parts.after, "act")
    yield from fit(net.head, MEAN_HEAD)


def resnet(net: Layout) -> Iterator[Name]:
    """ResNet, ResNeXt and Wide ResNet (`torchvision.models.resnet`)."""
    return resnet_like(net, "")


def resnet_like(net: Layout, squeeze: str) -> Iterator[Name]:
    """ResNet's names, which timm shares but for the squeeze-and-excitation at the end of a block.

    Args:
        net: the net.
        squeeze: the rule of that step.
    """
    yield from fit(net.stem, "conv=conv1 bn=bn1 act maxpool?")
    for block in net.blocks:
        parts = block.residual()
        at = f"layer{block.s + 1}.{block.i}."
        yield from fit(parts.before, "")
        two = "conv=conv1 bn=bn1 act conv=conv2 bn=bn2"
        yield from fit(
            parts.main, f"{two} {squeeze}", f"{two} act conv=conv3 bn=bn3 {squeeze}", at=at
        )
        yield from fit(parts.shortcut, "", "conv=downsample.0 bn=downsample.1", at=at)
        yield from fit(parts.after, "act")
    yield from fit(net.head, MEAN_HEAD)


def sequential(net: Layout) -> Iterator[Name]:
    """AlexNet and VGG: operations numbered up to the pool before the classifier, and after it."""
    flow = net.flow
    pools = [place for place, item in enumerate(flow) if item.word == "avgpool_to"]
    if len(pools) != 1:
        raise Unnamed(word="avgpool_to")
    yield from counted(flow[: pools[0]], "features.")
    yield from fit(flow[pools[0] + 1 : pools[0] + 2], "flatten")
    yield from counted(flow[pools[0] + 2 :], "classifier.")


def googlenet(net: Layout) -> Iterator[Name]:
    """GoogLeNet: the stem counts as levels 1 and 2 of its inceptions."""
    levels = [f"conv=conv{n}.conv bn=conv{n}.bn act" for n in (1, 2, 3)]
    yield from fit(net.stem, f"{levels[0]} maxpool {levels[1]} {levels[2]}")
    for block in net.blocks:
        before, branches, after = concatenated(block)
        yield from fit(before, "maxpool?")
        yield from fit(after, "")
        for n, branch in enumerate(branches, 1):
            yield from fit(
                branch,
                "conv=conv bn=bn act",
                "conv=0.conv bn=0.bn act conv=1.conv bn=1.bn act",
                "maxpool conv=1.conv bn=1.bn act",
                at=f"inception{block.s + 3}{ascii_lowercase[block.i % 26]}.branch{n}.",
            )
    yield from fit(net.head, MEAN_HEAD)


def densenet(net: Layout) -> Iterator[Name]:
    """DenseNet; the transition to a stage is named after the stage before it."""
    yield from fit(net.stem, "conv=features.conv0 bn=features.norm0 act maxpool")
    for block in net.blocks:
        before, branches, after = concatenated(block)
        if len(branches) != 2:
            raise Unnamed(block.flow[-1].paths[0])
        if block.s and not block.i:
            rule = "bn=norm act conv=conv avgpool"
            yield from fit(before, rule, at=f"features.transition{block.s}.")
            before = ()
        yield from fit((*before, *branches[0], *after), "")
        yield from fit(
            branches[1],
            "bn=norm1 act conv=conv1 bn=norm2 act conv=conv2",
            at=f"features.denseblock{block.s + 1}.denselayer{block.i + 1}.",
        )
    last = f"features.norm{net.stages + 1}"
    yield from fit(net.head, f"bn={last} act gap flatten linear=classifier")


def mobilenet_v2(net: Layout) -> Iterator[Name]:
    """MobileNetV2: blocks numbered through all stages."""
    yield from fit(net.stem, "conv=features.0.0 bn=features.0.1 act")
    for block in net.blocks:
        yield from inverted(
            block,
            "conv=0.0 bn=0.1 act dw=1.0 bn=1.1 act conv=2 bn=3",
            "dw=0.0 bn=0.1 act conv=1 bn=2",
            at=f"features.{block.j + 1}.conv.",
        )
    last = f"features.{len(net.blocks) + 1}"
    yield from fit(net.head, f"conv={last}.0 bn={last}.1 act gap flatten linear=classifier.1")


BLOCK = (
    "conv=0.0 bn=0.1 act dw=1.0 bn=1.1 act se=2.fc1,2.fc2 conv=3.0 bn=3.1",
    "conv=0.0 bn=0.1 act dw=1.0 bn=1.1 act conv=2.0 bn=2.1",
    "dw=0.0 bn=0.1 act se=1.fc1,1.fc2 conv=2.0 bn=2.1",
    "conv=0.0 bn=0.1 act conv=1.0 bn=1.1",
    "conv=0.0 bn=0.1 act",
)
"""Inverted bottlenecks as numbered units, with what may be missing; the last two are "fused"."""


def mobilenet_v3(net: Layout) -> Iterator[Name]:
    """MobileNetV3: blocks numbered through all stages, two linear layers at the end."""
    yield from fit(net.stem, "conv=features.0.0 bn=features.0.1 act")
    for block in net.blocks:
        yield from inverted(block, *BLOCK, at=f"features.{block.j + 1}.block.")
    last = f"features.{len(net.blocks) + 1}"
    yield from fit(
        net.head,
        f"conv={last}.0 bn={last}.1 act gap flatten linear=classifier.0 act linear=classifier.3",
    )


def efficientnet(net: Layout) -> Iterator[Name]:
    """EfficientNet, also of the second version: blocks numbered in their stages."""
    yield from fit(net.stem, "conv=features.0.0 bn=features.0.1 act")
    for block in net.blocks:
        at = f"features.{block.s + 1}.{block.i}.block."
        yield from inverted(block, *BLOCK, at=at)
    last = f"features.{net.stages + 1}"
    yield from fit(net.head, f"conv={last}.0 bn={last}.1 act gap flatten linear=classifier.1")


def convnext(net: Layout) -> Iterator[Name]:
    """ConvNeXt: stages and what lies between them numbered in turns."""
    yield from fit(net.stem, "conv=features.0.0 layernorm=features.0.1")
    for block in net.blocks:
        parts, at = block.residual(), f"features.{2 * block.s + 1}.{block.i}."
        between = "" if block.i else "layernorm=0 conv=1"
        yield from fit(parts.before, "", between, at=f"features.{2 * block.s}.")
        yield from fit(
            parts.main,
            "dw=block.0 layernorm=block.2 conv=block.3:2 act conv=block.5:2"
            " layer_scale=layer_scale",
            at=at,
        )
        yield from fit((*parts.shortcut, *parts.after), "")
    yield from fit(net.head, "gap layernorm=classifier.0 flatten linear=classifier.2")


def shufflenet(net: Layout) -> Iterator[Name]:
    """ShuffleNetV2: the stem is its first stage."""
    yield from fit(net.stem, "conv=conv1.0 bn=conv1.1 act maxpool")
    for block in net.blocks:
        before, branches, after = concatenated(block)
        if len(branches) != 2:
            raise Unnamed(block.flow[-1].paths[0])
        yield from fit(before, "")
        yield from fit(after, "shuffle")
        at = f"stage{block.s + 2}.{block.i}."
        yield from fit(branches[0], "split", "dw=0 bn=1 conv=2 bn=3 act", at=f"{at}branch1.")
        yield from fit(
            branches[1],
            "conv=0 bn=1 act dw=3 bn=4 conv=5 bn=6 act",
            "split conv=0 bn=1 act dw=3 bn=4 conv=5 bn=6 act",
            at=f"{at}branch2.",
        )
    last = f"conv{net.stages + 2}"
    yield from fit(net.head, f"conv={last}.0 bn={last}.1 act gap flatten linear=fc")


SCHEMES = (
    Scheme("RegNet", regnet),
    Scheme("ResNet", resnet),
    Scheme("AlexNet and VGG", sequential),
    Scheme(
        "GoogLeNet",
        googlenet,
        ignored=r"aux\d\.",
        note="these weights take pictures of which (x - 0.5) / 0.5 was taken; torchvision's model "
        "does that itself (transform_input)",
    ),
    Scheme(
        "DenseNet",
        densenet,
        older=((r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2."),),
    ),
    Scheme("MobileNetV2", mobilenet_v2),
    Scheme("MobileNetV3", mobilenet_v3),
    Scheme("EfficientNet", efficientnet),
    Scheme("ConvNeXt", convnext),
    Scheme("ShuffleNetV2", shufflenet),
)
