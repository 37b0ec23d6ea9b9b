"""RegNet: written stages that the quantized linear function makes."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from anydsl.blocks.measurement import setting
from anydsl.checker.editing import commented, take_out
from anydsl.checker.rule import SAFE, Declaration, DeclarationRule, Remark
from anydsl.design.network import Network
from anydsl.design.values import Groups, spoken
from anydsl.language import tree
from anydsl.language.diagnostics import NOTE, Edit, Fix

_FEWEST = 4
_WRITTEN = """anynet 1

net A {
  input = 3x224x224
  stem { w = 24 }
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 1, w = 56 }
    stage s3 { d = 4, w = 152 }
    stage s4 { d = 7, w = 368 }
  }
  head { classes = 1000 }
}
"""
_GENERATED = """anynet 1

net A {
  input = 3x224x224
  stem { w = 24 }
  body {
    block = resnext
    g = 8
    stages quantized_linear { d = 13, w0 = 24, wa = 39, wm = 2.49 }
  }
  head { classes = 1000 }
}
"""


class QuantizedWidths(DeclarationRule):
    """Stages that a quantized linear function makes can be generated.

    ## Why
    In the best networks of AnyNetX_E widths grow linearly with depth, and RegNet is the space of
    those that do so exactly, once rounded (Radosavovic et al. 2020, section 3.3): four numbers say
    what depths and widths of all stages say. A network that is written with them can be varied
    without leaving that space. Four stages or more are looked at, without a parent, alike but for
    d and w: two or three are made by some parameters or other nearly always.

    ## Example
    ```anynet
    stage s1 { d = 1, w = 24 }
    stage s2 { d = 1, w = 56 }
    stage s3 { d = 4, w = 152 }
    stage s4 { d = 7, w = 368 }
    ```

    ## Use instead
    ```anynet
    stages quantized_linear { d = 13, w0 = 24, wa = 39, wm = 2.49 }
    ```

    ## Fix
    Safe: the stages are the same. The parameters are looked for among w0 that are multiples of 8
    and wa and wm of two decimals; of those that make exactly these stages the shortest are taken.
    Where a comment stands between the stages the fix would lose it, and is unsafe.
    """

    name, code, severity, fix = "quantized_widths", "P005", NOTE, SAFE
    failing = (_WRITTEN,)
    fixed = (_GENERATED,)
    passing = (
        _GENERATED,
        _WRITTEN.replace("368", "384"),
        _WRITTEN.replace("    stage s4 { d = 7, w = 368 }\n", ""),
    )

    def check(self, subject: Declaration) -> Iterable[Remark]:
        """Look for the parameters of written stages."""
        network = subject.value
        if not isinstance(network, Network) or subject.block.base is not None:
            return
        stages = _stages(subject.block)
        found = _runs(network)
        if found is None or len(stages) != len(found):
            return
        first = network.stages[0]
        b, g = setting(first, "b"), setting(first, "g")
        from anydsl.design.fitting import Fitting, fit_exactly

        fitting = Fitting(
            b if isinstance(b, (int, Fraction)) else 1,
            g if isinstance(g, int) else None,
            g.n if isinstance(g, Groups) else None,
        )
        made = fit_exactly(found, fitting, finest=2)
        if made is None:
            return
        settings = ", ".join(f"{k} = {spoken(getattr(made, k))}" for k in ("d", "w0", "wa", "wm"))
        text = f"stages quantized_linear {{ {settings} }}"
        names = [stage.name for stage in network.stages]
        plain = all({s.name.text for s in _settings(stage)} == {"d", "w"} for stage in stages)
        fixes: tuple[Fix, ...] = ()
        if plain and names == [f"s{i}" for i in range(1, len(names) + 1)]:
            fixes = (_generate(stages, text),)
        yield Remark(stages[0].head, f"these stages are those of `{text}`", fixes=fixes)


def _runs(network: Network) -> list[tuple[int, int]] | None:
    """Depth and width of each stage, where they rise and nothing else differs."""
    found: list[tuple[int, int]] = []
    rest = [(s.block.name, tuple(p for p in s.settings if p[0] != "w")) for s in network.stages]
    if len(rest) < _FEWEST or any(other != rest[0] for other in rest):
        return None
    for stage in network.stages:
        width = stage.get("w")
        if not isinstance(width, int) or (found and width <= found[-1][1]):
            return None
        found.append((stage.d, width))
    return found


def _stages(block: tree.Block) -> list[tree.Block]:
    bodies = [s for s in block.body if isinstance(s, tree.Block) and s.kind.text == "body"]
    inside = [s for body in bodies for s in body.body if isinstance(s, tree.Block)]
    return [s for s in inside if s.kind.text == "stage" and s.label and not s.label.places]


def _settings(stage: tree.Block) -> list[tree.Assign]:
    return [s for s in stage.body if isinstance(s, tree.Assign)]


def _generate(stages: list[tree.Block], text: str) -> Fix:
    first, *others = stages
    edits = [Edit(first.span, text)]
    lost = commented(first.span.source, first.span.start, stages[-1].span.end)
    for stage in others:
        edit, comment = take_out(stage.span)
        edits.append(edit)
        lost = lost or comment
    return Fix("generate the stages", tuple(edits), not lost)
