"""Bottlenecks that other libraries have and the library of the language lacks, as text."""

from __future__ import annotations


def own_block(strided: str, *, grouped: bool, se: bool) -> tuple[str, tuple[str, ...]]:
    """A bottleneck block of its own.

    Args:
        strided: which convolution has the stride: `1x1` as in He et al. 2016 or `3x3`.
        grouped: whether the 3x3 convolution has groups.
        se: whether there is squeeze-and-excitation; it takes the activation of the block.

    Returns:
        The name of the block and its text, line by line.
    """
    first = strided == "1x1"
    name = f"{'resnext' if grouped else 'bottleneck'}_{'1x1' if first else 'act'}"
    where = "first 1x1" if first else "3x3"
    doc = f"## 1x1, 3x3, 1x1 and a shortcut, the stride in the {where}"
    doc += "; `act` also within squeeze-and-excitation." if se else "."
    parameters = ["w", "s = 1", "b", *(["g"] if grouped else [])]
    parameters += [*(["se"] if se else []), "act = relu"]
    reduce, middle = (", s = s", "") if first else ("", ", s = s")
    lines = [
        "inner = w / b",
        "main = x",
        f"-> conv(inner, k = 1{reduce}) -> bn -> act",
        f"-> conv(inner, k = 3{middle}{', g = g' if grouped else ''}) -> bn -> act",
        *(["-> squeeze_excite(round(x.w * se), act = act)"] if se else []),
        "-> conv(w, k = 1) -> bn",
        "shortcut = x if x.w == w and s == 1 else x -> conv(w, k = 1, s = s) -> bn",
        "out = main + shortcut -> act",
    ]
    return name, (doc, f"block {name}({', '.join(parameters)}) {{", *lines, "}")
