"""RegNetY-400MF in process: compiled and initialized, and on `meta`, against torchvision."""

from __future__ import annotations

from collections.abc import Iterator

from measuring import REGNETY, Figure, milliseconds, seconds, take_turns


def figures() -> Iterator[Figure]:
    from torch import fx
    from torchvision.models import regnet_y_400mf

    import anydsl

    net = anydsl.load(REGNETY)

    ours, from_text, theirs, on_meta, traced = take_turns(
        9,
        lambda: seconds(lambda: anydsl.compile(net)),
        lambda: seconds(lambda: anydsl.compile(anydsl.load(REGNETY))),
        lambda: seconds(regnet_y_400mf),
        lambda: seconds(lambda: anydsl.compile(net, device="meta")),
        lambda: seconds(lambda: fx.symbolic_trace(regnet_y_400mf())),
    )
    constructor = f"torchvision's constructor: {milliseconds(theirs)}"
    tracing = f"torchvision, symbolic_trace: {milliseconds(traced)}"
    yield Figure("RegNetY-400MF, initialized", milliseconds(ours), constructor, ours / theirs, 1.0)
    yield Figure("  from its text", milliseconds(from_text), constructor, from_text / theirs, None)
    yield Figure("RegNetY-400MF, on meta", milliseconds(on_meta), tracing, on_meta / traced, 0.25)
