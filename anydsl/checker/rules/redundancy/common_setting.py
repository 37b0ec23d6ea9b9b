"""Settings that all stages give, and the body could."""

from __future__ import annotations

from collections.abc import Iterable

from anydsl.checker.editing import take_out
from anydsl.checker.rule import SAFE, Declaration, DeclarationRule, Remark
from anydsl.design.reading import evaluate
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Edit, Fault, Fix, Label
from anydsl.language.source import Span

_COMMON = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = resnext
    stage s1 { d = 1, w = 16, g = 8 }
    stage s2 { d = 1, w = 32, g = 8 }
  }
  head { classes = 10 }
}
"""
_OWN = ("d", "w")
_ALIASES = {"g": "groups", "groups": "g"}


class CommonSetting(DeclarationRule):
    """A setting that all stages share belongs on the body.

    ## Why
    What stands on the body is the same for all stages, and is seen to be: the principles of
    RegNet, a shared b and a shared g, are kept by it and not by chance. `d` and `w` are a stage's
    own and are left where they are.

    ## Example
    ```anynet
    body {
      block = resnext
      stage s1 { d = 1, w = 16, g = 8 }
      stage s2 { d = 1, w = 32, g = 8 }
    }
    ```

    ## Use instead
    ```anynet
    body {
      block = resnext
      g = 8
      stage s1 { d = 1, w = 16 }
      stage s2 { d = 1, w = 32 }
    }
    ```

    ## Fix
    Safe: the setting goes to the body, unless a comment would be lost on the way.
    """

    name, code, severity, fix = "common_setting", "R003", WARNING, SAFE
    failing = (_COMMON,)
    fixed = (_COMMON.replace("resnext\n", "resnext\n    g = 8\n").replace(", g = 8 }", " }"),)
    passing = (
        _COMMON.replace("resnext\n", "resnext\n    g = 8\n").replace(", g = 8 }", " }"),
        _COMMON.replace("16, g = 8 }", "16, g = 8, act = silu }")
        .replace("resnext\n", "resnext\n    g = 8\n")
        .replace(", g = 8", ""),
    )

    def check(self, subject: Declaration) -> Iterable[Remark]:
        """Look for settings that each of several stages gives alike."""
        block = subject.block
        if block.base is not None or block.kind.text not in ("net", "space"):
            return
        for body in block.body:
            if not isinstance(body, tree.Block) or body.kind.text != "body":
                continue
            stages = [s for s in body.body if isinstance(s, tree.Block)]
            if len(stages) < 2 or any(s.kind.text != "stage" for s in stages):
                continue
            shared = {s.name.text for s in body.body if isinstance(s, (tree.Assign, tree.Draw))}
            given = [
                {s.name.text: s for s in stage.body if isinstance(s, tree.Assign)}
                for stage in stages
            ]
            for key, first in given[0].items():
                all_have = all(key in own for own in given)
                if key in _OWN or not all_have or {key, _ALIASES.get(key)} & shared:
                    continue
                statements = [own[key] for own in given]
                if self._alike(statements, subject):
                    yield self._remark(body, stages, statements, first)

    def _alike(self, statements: list[tree.Assign], subject: Declaration) -> bool:
        if any(isinstance(s.value, tree.List) for s in statements):
            return False  # a list is for the blocks of one stage
        try:
            values = [evaluate(s.value, subject.module) for s in statements]
        except Fault:
            return False
        return all(type(v) is type(values[0]) and v == values[0] for v in values)

    def _remark(
        self,
        body: tree.Block,
        stages: list[tree.Block],
        statements: list[tree.Assign],
        first: tree.Assign,
    ) -> Remark:
        source = body.span.source
        at = min(stage.span.start for stage in stages)
        said = f"{first.name.text} = {first.value.span.text}"
        edits = [Edit(Span(source, at, at), f"{said}\n")]
        lost = False
        for statement in statements:
            edit, comment = take_out(statement.span)
            edits.append(edit)
            lost = lost or comment
        all_ = "both stages" if len(stages) == 2 else f"all {len(stages)} stages"
        message = f"`{said}` in {all_}: it belongs on the body"
        labels = (Label(body.kind.span, "for all stages"),)
        fix = Fix(f"set `{first.name.text}` on the body", tuple(edits), not lost)
        return Remark(first.span, message, labels, fixes=(fix,))
