"""Whether the pictures of a data set fit a network or a space, as far as that is known."""

from __future__ import annotations

from anydsl.design.recipe import DATASETS, Dataset
from anydsl.graph.operations import spoken


def misfit(
    data: Dataset, shape: tuple[int, int, int], classes: int | None
) -> tuple[str, str] | None:
    """Why a design can't be trained with some data, and the way out.

    Args:
        data: the pictures.
        shape: channels, height and width that the design takes.
        classes: how many it tells apart, None where it has no head or that is not known.
    """
    name = next(n for n, kind in DATASETS.items() if type(data) is kind)
    channels, height, width = shape
    size = data.resize or (data.shape[1:] if data.shape else None)
    if data.shape and data.shape[0] != channels:
        colours = {1: "grey", 3: "in colour"}.get(data.shape[0], f"of {data.shape[0]} channels")
        hint = f"`input = {data.shape[0]}x{height}x{width}`, or other data"
        return f"the pictures of {name} are {colours}, not the {channels} channels", hint
    if size is not None and size != (height, width):
        hint = f"`resize = {height}x{width}` in the data, or `input = {channels}x{spoken(size)}`"
        return f"the pictures are {spoken(size)}, not the {height}x{width}", hint
    if data.classes and classes is not None and classes != data.classes:
        hint = f"`classes = {data.classes}` in the head"
        return f"{name} has {data.classes} classes, not the {classes}", hint
    return None
