"""The names of pycls, the code of the RegNet papers."""

from __future__ import annotations

from collections.abc import Iterator

from anydsl.weights.layout import Layout
from anydsl.weights.naming import Name, Scheme, fit, inverted

_FIRST = "conv=f.a bn=f.a_bn act conv=f.b bn=f.b_bn"
_THIRD = "conv=f.c bn=f.c_bn"
_SQUEEZE = "se=f.se.f_ex.0,f.se.f_ex.2?"


def anynet(net: Layout) -> Iterator[Name]:
    """AnyNet, hence RegNet, and ResNet: residual blocks, or two convolutions in a row."""
    yield from fit(net.stem, "conv=stem.conv bn=stem.bn act maxpool?")
    for block in net.blocks:
        parts = block.residual()
        at = f"s{block.s + 1}.b{block.i + 1}."
        yield from fit(parts.before, "")
        bottleneck = f"{_FIRST} act {_SQUEEZE} {_THIRD}"
        if parts.summed:
            yield from fit(
                (*parts.main, *parts.after), f"{_FIRST} act", f"{bottleneck} act?", at=at
            )
        else:
            yield from fit(parts.main, bottleneck, "conv=a bn=a_bn act conv=b bn=b_bn act", at=at)
        yield from fit(parts.shortcut, "", "conv=proj bn=bn", at=at)
    yield from fit(
        net.head,
        "gap flatten linear=head.fc",
        "conv=head.conv bn=head.bn act gap flatten linear=head.fc",
    )


def efficientnet(net: Layout) -> Iterator[Name]:
    """EfficientNet; its own words for the steps of a block."""
    yield from fit(net.stem, "conv=stem.conv bn=stem.bn act")
    rest = "dw=dwise bn=dwise_bn act se=se.f_ex.0,se.f_ex.2 conv=lin_proj bn=lin_proj_bn"
    for block in net.blocks:
        at = f"s{block.s + 1}.b{block.i + 1}."
        yield from inverted(block, rest, f"conv=exp bn=exp_bn act {rest}", at=at)
    yield from fit(net.head, "conv=head.conv bn=head.conv_bn act gap flatten linear=head.fc")


SCHEMES = (Scheme("EfficientNet", efficientnet), Scheme("AnyNet", anynet))
