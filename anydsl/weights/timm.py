"""The names of timm's models."""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.weights.layout import Layout
from anydsl.weights.naming import Name, Scheme, fit, inverted
from anydsl.weights.torchvision import densenet, resnet_like


def regnet(net: Layout) -> Iterator[Name]:
    """RegNetX, RegNetY and RegNetZ (`timm.models.regnet`)."""
    yield from fit(net.stem, "conv=stem.conv bn=stem.bn act")
    units = [f"conv=conv{n}.conv bn=conv{n}.bn" for n in (1, 2, 3)]
    for block in net.blocks:
        parts = block.residual()
        at = f"s{block.s + 1}.b{block.i + 1}."
        yield from fit(parts.before, "")
        yield from fit(
            parts.main, f"{units[0]} act {units[1]} act se=se.fc1,se.fc2? {units[2]}", at=at
        )
        yield from fit(parts.shortcut, "", "conv=downsample.conv bn=downsample.bn", at=at)
        yield from fit(parts.after, "act?")
    yield from fit(
        net.head,
        "act? gap flatten linear=head.fc",
        "conv=final_conv.conv bn=final_conv.bn act gap flatten linear=head.fc",
    )


def resnet(net: Layout) -> Iterator[Name]:
    """ResNet and its kin, also with squeeze-and-excitation (`timm.models.resnet`)."""
    return resnet_like(net, "se=se.fc1,se.fc2?")


def mobile(net: Layout) -> Iterator[Name]:
    """MobileNetV2, MobileNetV3 and EfficientNet; a stage ends wherever the width changes."""
    yield from fit(net.stem, "conv=conv_stem bn=bn1 act")
    squeeze = "se=se.conv_reduce,se.conv_expand?"
    s, i = -1, 0
    before = None
    for block in net.blocks:
        new = before is None or block.i == 0 or block.w != before.w
        s, i, before = (s + 1, 0, block) if new else (s, i + 1, block)
        yield from inverted(
            block,
            f"conv=conv_pw bn=bn1 act dw=conv_dw bn=bn2 act {squeeze} conv=conv_pwl bn=bn3",
            f"dw=conv_dw bn=bn1 act {squeeze} conv=conv_pw bn=bn2",
            at=f"blocks.{s}.{i}.",
        )
    last = f"blocks.{s + 1}.0."
    yield from fit(
        net.head,
        "conv=conv_head bn=bn2 act gap flatten linear=classifier",
        f"conv={last}conv bn={last}bn1 act gap flatten linear=conv_head:4 act linear=classifier",
    )


def convnext(net: Layout) -> Iterator[Name]:
    """ConvNeXt (`timm.models.convnext`)."""
    yield from fit(net.stem, "conv=stem.0 layernorm=stem.1")
    for block in net.blocks:
        parts, stage = block.residual(), f"stages.{block.s}."
        between = "" if block.i else "layernorm=downsample.0 conv=downsample.1"
        yield from fit(parts.before, "", between, at=stage)
        yield from fit(
            parts.main,
            "dw=conv_dw layernorm=norm conv=mlp.fc1:2 act conv=mlp.fc2:2 layer_scale=gamma:1",
            at=f"{stage}blocks.{block.i}.",
        )
        yield from fit((*parts.shortcut, *parts.after), "")
    yield from fit(net.head, "gap layernorm=head.norm flatten linear=head.fc")


SCHEMES = (
    Scheme("RegNet", regnet),
    Scheme("ResNet", resnet),
    Scheme("DenseNet", densenet),
    Scheme("MobileNet and EfficientNet", mobile),
    Scheme("ConvNeXt", convnext),
)
