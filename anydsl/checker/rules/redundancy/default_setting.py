"""Settings that are what they would be without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from anydsl.checker.editing import take_out
from anydsl.checker.rule import SAFE, Declaration, DeclarationRule, Remark
from anydsl.design.modules import Module
from anydsl.design.network import Network, Stage
from anydsl.design.outline import Outline
from anydsl.design.reading import evaluate, read
from anydsl.design.recipe import Recipe
from anydsl.design.study import Study
from anydsl.design.values import BlockDef, spoken
from anydsl.language import tree
from anydsl.language.declaration import Setting
from anydsl.language.diagnostics import NOTE, Fault, Fix

_DEFAULT = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16, s = 2 }
  body {
    block = resnext
    b = 1
    g = 8
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 1, w = 32, s = 2 }
  }
  head { classes = 10 }
}

recipe r {
  data = cifar10
  epochs = 10
}
"""


class DefaultSetting(DeclarationRule):
    """A setting that is its default can be left out.

    ## Why
    What is left out is what everybody knows, and what is written stands out. To write a default
    down is a matter of taste all the same, as it tells a reader what there is to set: therefore
    this rule is off unless it is selected.

    ## Example
    ```anynet
    body {
      block = resnext
      b = 1
      g = 8
      stage s1 { d = 1, w = 16, s = 2 }
    }
    ```

    ## Use instead
    ```anynet
    body {
      block = resnext
      g = 8
      stage s1 { d = 1, w = 16 }
    }
    ```

    ## Fix
    Safe: the setting is taken out, unless a comment would go with it.
    """

    name, code, severity, fix, on = "default_setting", "R002", NOTE, SAFE, False
    failing = (_DEFAULT,)
    fixed = (
        _DEFAULT.replace("w = 16, s = 2", "w = 16")
        .replace("    b = 1\n", "")
        .replace("w = 32, s = 2", "w = 32")
        .replace("  epochs = 10\n", ""),
    )
    passing = (
        _DEFAULT.replace("w = 16, s = 2", "w = 16, s = 1")
        .replace("b = 1", "b = 2")
        .replace("w = 32, s = 2", "w = 32")
        .replace("epochs = 10", "epochs = 2"),
    )

    def check(self, subject: Declaration) -> Iterable[Remark]:
        """Compare what is written with what the block or the recipe would have."""
        value, block = subject.value, subject.block
        if isinstance(value, (Recipe, Study)):
            if block.base is None:
                yield from _declared(block, subject.module, type(value).__settings__)
        elif isinstance(value, Network):
            yield from _network(subject, value)


def _declared(
    block: tree.Block, module: Module, settings: Mapping[str, Setting]
) -> Iterator[Remark]:
    for statement in block.body:
        if isinstance(statement, tree.Assign) and statement.name.text in settings:
            setting = settings[statement.name.text]
            if setting.kind in ("spaces", "recipe", "variant"):
                continue
            try:
                value = read(statement.value, setting, module, statement.name.text)
            except Fault:
                continue
            if value == setting.default:
                yield _remark(statement, statement.value.span.text)


def _network(subject: Declaration, network: Network) -> Iterator[Remark]:
    module, merged = subject.module, subject.outline()
    stages = {stage.name: stage for stage in network.stages}
    for section in subject.block.body:
        if not isinstance(section, tree.Block):
            continue
        part = network.stem if section.kind.text == "stem" else network.head
        if section.kind.text in ("stem", "head") and part is not None:
            if subject.block.base is None:
                yield from _given(section.body, module, [part.block])
        elif section.kind.text == "body" and subject.block.base is None:
            yield from _body(section, module, merged, stages)


def _body(
    body: tree.Block, module: Module, merged: Outline, stages: dict[str, Stage]
) -> Iterator[Remark]:
    blocks = [stage.block for stage in stages.values()]
    yield from _given(body.body, module, blocks, stage=True)
    shared = merged.parts["body"].entries
    for stage in body.body:
        if isinstance(stage, tree.Block) and stage.kind.text == "stage" and stage.label:
            name = stage.label.name.text
            names = [name] if stage.label.places is None else []
            used = [stages[n].block for n in names if n in stages]
            own = [
                s for s in stage.body if isinstance(s, tree.Assign) and s.name.text not in shared
            ]
            yield from _given(own, module, used, stage=True)


def _given(
    body: Iterable[tree.Statement],
    module: Module,
    blocks: list[BlockDef],
    *,
    stage: bool = False,
) -> Iterator[Remark]:
    for statement in body:
        if not isinstance(statement, tree.Assign) or not blocks:
            continue
        key = statement.name.text
        asked = [block for block in blocks if block.param(key) is not None]
        try:
            value = evaluate(statement.value, module)
            defaults = [_default(block, key, stage=stage) for block in asked]
        except Fault:
            continue
        if asked and all(type(d) is type(value) and d == value for d in defaults):
            yield _remark(statement, spoken(value))


def _default(block: BlockDef, key: str, *, stage: bool) -> object:
    if key == "s" and stage:
        return 2
    param = block.param(key)
    if param is None or param.default is None:
        return None
    return evaluate(param.default, block.scope)


def _remark(statement: tree.Assign, value: str) -> Remark:
    key = statement.name.text
    edit, lost = take_out(statement.span)
    message = f"`{key}` is {value} if nothing is said"
    return Remark(statement.span, message, fixes=(Fix(f"take `{key}` out", (edit,), not lost),))
