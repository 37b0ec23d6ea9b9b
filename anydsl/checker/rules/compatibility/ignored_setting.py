"""Settings that the block they are given to makes nothing of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from anydsl.blocks.measurement import Measurement, PartCost
from anydsl.checker.editing import take_out
from anydsl.checker.rule import SAFE, Declaration, DeclarationRule, Remark
from anydsl.design.network import Network
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Fix

_IGNORED = """anynet 1

block pooled(w, s = 1, window = 3) {
  out = x -> when(s > 1, maxpool(window, s = s)) -> conv(w, k = 3) -> relu
}

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = pooled
    stage s1 { d = 1, w = 16, s = 1, window = 2 }
    stage s2 { d = 1, w = 32 }
  }
  head { classes = 10 }
}
"""
_PLACES = ("block", "d", "s")


class IgnoredSetting(DeclarationRule):
    """A setting should be one that its block uses.

    ## Why
    The lines of a block decide by conditions what they do, and a parameter that is only read on a
    way that is not taken changes nothing. Whoever reads the spec believes that it does.

    ## Example
    ```anynet
    block pooled(w, s = 1, window = 3) {
      out = x -> when(s > 1, maxpool(window, s = s)) -> conv(w, k = 3) -> relu
    }
    ```
    A stage of this block with `s = 1, window = 2` never pools.

    ## Use instead
    Leave the setting out, or change the one that keeps it from being read.

    ## Fix
    Safe: the setting is taken out, unless a comment would go with it.
    """

    name, code, severity, fix = "ignored_setting", "C005", WARNING, SAFE
    failing = (_IGNORED,)
    fixed = (_IGNORED.replace(", window = 2", ""),)
    passing = (_IGNORED.replace("w = 16, s = 1, window", "w = 16, window"),)

    def check(self, subject: Declaration) -> Iterable[Remark]:
        """Look for each setting among the names that the blocks of its stages have read."""
        if not isinstance(subject.value, Network) or subject.measured is None:
            return
        parts = {part.name: part for part in subject.measured.parts}
        for section in subject.block.body:
            if not isinstance(section, tree.Block):
                continue
            if section.kind.text in parts:
                yield from self._section(section, [parts[section.kind.text]])
            elif section.kind.text == "body":
                yield from self._body(section, subject.value, subject.measured)

    def _body(self, body: tree.Block, network: Network, measured: Measurement) -> Iterator[Remark]:
        parts = {part.name: part for part in measured.stages}
        own: dict[str, set[str]] = {}
        for stage in body.body:
            if isinstance(stage, tree.Block) and stage.label is not None:
                names = _names(stage.label, list(parts))
                said = {s.name.text for s in stage.body if isinstance(s, tree.Assign)}
                own |= dict.fromkeys(names, said)
                yield from self._section(stage, [parts[name] for name in names])
        for statement in body.body:
            if isinstance(statement, tree.Assign):
                key = _key(statement)
                asked = [
                    parts[stage.name]
                    for stage in network.stages
                    if stage.block.param(key) is not None
                    and not {key, statement.name.text} & own.get(stage.name, set())
                ]
                yield from self._setting(statement, asked)

    def _section(self, section: tree.Block, parts: list[PartCost]) -> Iterator[Remark]:
        for statement in section.body:
            if isinstance(statement, tree.Assign):
                yield from self._setting(statement, parts)

    def _setting(self, statement: tree.Assign, parts: list[PartCost]) -> Iterator[Remark]:
        key = _key(statement)
        if key in _PLACES or not parts:
            return
        if any(key in block.read for part in parts for block in part.blocks):
            return
        names = ", ".join(dict.fromkeys(f"`{part.block}`" for part in parts))
        where = ", ".join(part.name for part in parts[:3]) + (", …" if len(parts) > 3 else "")
        message = f"block {names} makes nothing of `{statement.name.text}` in {where}"
        edit, lost = take_out(statement.span)
        fix = Fix(f"take `{statement.name.text}` out", (edit,), not lost)
        yield Remark(statement.name.span, message, fixes=(fix,))


def _key(statement: tree.Assign) -> str:
    return "g" if statement.name.text == "groups" else statement.name.text


def _names(label: tree.Label, known: list[str]) -> list[str]:
    """The stages that a label stands for."""
    name = label.name.text
    if label.places is None:
        return [name] if name in known else []
    return [stage for stage in known if stage.removeprefix(name).isdigit()]
