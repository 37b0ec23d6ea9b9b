"""Settings that say again what the body or the parent says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from anydsl.checker.editing import take_out
from anydsl.checker.rule import SAFE, Declaration, DeclarationRule, Remark
from anydsl.design.modules import Module
from anydsl.design.outline import Entry, Outline, Section, outline
from anydsl.design.reading import evaluate
from anydsl.design.values import Value
from anydsl.language import tree
from anydsl.language.diagnostics import WARNING, Fault, Fix, Label

_REPEATED = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 16, g = 8 }
    stage s2 { d = 1, w = 32 }
  }
  head { classes = 10 }
}
"""
_CHILD = """anynet 1

net A {
  input = 3x32x32
  stem { w = 16 }
  body {
    block = resnext
    g = 8
    stage s1 { d = 1, w = 16 }
    stage s2 { d = 1, w = 32 }
  }
  head { classes = 10 }
}

net B extends A {
  input = 3x32x32
  head { classes = 100 }
}
"""
_RECIPES = """anynet 1

recipe a {
  data = cifar10
  epochs = 20
}

recipe b extends a {
  epochs = 20
  batch = 64
}
"""


class RepeatedSetting(DeclarationRule):
    """A setting should not say again what it would be anyway.

    ## Why
    A stage has what the body says, and a net or a recipe what its parent says. What is said once
    can be changed in one place; said twice, the second word holds on when the first is changed.

    ## Example
    ```anynet
    body {
      block = resnext
      g = 8
      stage s1 { d = 1, w = 16, g = 8 }
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

    name, code, severity, fix = "repeated_setting", "R001", WARNING, SAFE
    failing = (_REPEATED, _CHILD, _RECIPES)
    fixed = (
        _REPEATED.replace("w = 16, g = 8", "w = 16"),
        _CHILD.replace("B extends A {\n  input = 3x32x32\n", "B extends A {\n"),
        _RECIPES.replace("a {\n  epochs = 20\n", "a {\n").replace(
            "extends a {\n  epochs = 20\n", "extends a {\n"
        ),
    )
    passing = (
        _REPEATED.replace("w = 32", "w = 64, g = 16")
        .replace("w = 16, g = 8", "w = 16")
        .replace("head {", 'waive shared(g) because "a test"\n  head {'),
        _CHILD.replace("B extends A {\n  input = 3x32x32\n", "B extends A {\n  input = 3x64x64\n"),
    )

    def check(self, subject: Declaration) -> Iterable[Remark]:
        """Compare what is said with what would be there without it."""
        block, module = subject.block, subject.module
        parent = subject.parent()
        if block.kind.text in ("recipe", "study"):
            if parent is not None:
                above = _said(*parent)
                yield from _repeated(block.body, module, above, "its parent")
            return
        base = outline(*parent) if parent is not None else None
        if base is not None:
            yield from _repeated(block.body, module, _entries(base.entries), "its parent")
        for section in block.body:
            if not isinstance(section, tree.Block):
                continue
            if section.kind.text != "body":
                part = base.parts.get(section.kind.text) if base is not None else None
                if part is not None:
                    yield from _repeated(section.body, module, _entries(part.entries), "its parent")
            else:
                yield from _body(section, module, base)


def _body(body: tree.Block, module: Module, base: Outline | None) -> Iterator[Remark]:
    shared = {s.name.text: s for s in body.body if isinstance(s, tree.Assign)}
    above = {key: (s, module) for key, s in shared.items()}
    drawn = {s.name.text for s in body.body if isinstance(s, tree.Draw)}
    if base is not None:
        taken = {key for stage in base.stages.values() for key in stage.entries}
        entries = _entries(base.parts["body"].entries) if "body" in base.parts else {}
        own = {key: said for key, said in entries.items() if key not in taken}
        yield from _repeated(body.body, module, own, "its parent")
    for stage in body.body:
        if not isinstance(stage, tree.Block) or stage.label is None:
            continue
        if stage.kind.text == "stages":
            generator = base.generator if base is not None else None
            if generator is not None:
                entries = _entries(generator.entries)
                yield from _repeated(stage.body, module, entries, "its parent")
            continue
        yield from _repeated(stage.body, module, above, "the body")
        if base is not None and stage.label.places is None:
            section = base.stages.get(stage.label.name.text)
            inherited = _inherited(base, section) if section is not None else {}
            for key in (*shared, *drawn, *_aliases(shared, drawn)):
                inherited.pop(key, None)
            yield from _repeated(stage.body, module, inherited, "its parent")


def _inherited(base: Outline, stage: Section) -> dict[str, tuple[tree.Assign, Module]]:
    """What a parent's stage has, by its own word or the body's."""
    body = base.parts["body"].entries if "body" in base.parts else {}
    own = stage.entries
    kept = {k: e for k, e in body.items() if k not in own and _ALIASES.get(k) not in own}
    return _entries({**kept, **own})


_ALIASES = {"g": "groups", "groups": "g"}


def _aliases(*keys: Iterable[str]) -> list[str]:
    return [_ALIASES[key] for some in keys for key in some if key in _ALIASES]


def _entries(entries: Mapping[str, Entry]) -> dict[str, tuple[tree.Assign, Module]]:
    found: dict[str, tuple[tree.Assign, Module]] = {}
    for key, entry in entries.items():
        if not entry.drawn:
            at = entry.name.span.to(entry.value.span)
            found[key] = (tree.Assign(at, entry.name, entry.value), entry.module)
    return found


def _said(module: Module, block: tree.Block) -> dict[str, tuple[tree.Assign, Module]]:
    """What a recipe or a study and its parents say."""
    found: dict[str, tuple[tree.Assign, Module]] = {}
    seen: list[tree.Block] = []
    while block not in seen:
        seen.append(block)
        for statement in block.body:
            if isinstance(statement, tree.Assign):
                found.setdefault(statement.name.text, (statement, module))
        named = module.find(block.base.text) if block.base is not None else None
        if named is None or not isinstance(named[1], tree.Block):
            break
        module, block = named[0], named[1]
    return found


def _repeated(
    body: Iterable[tree.Statement],
    module: Module,
    above: Mapping[str, tuple[tree.Assign, Module]],
    whose: str,
) -> Iterator[Remark]:
    for statement in body:
        if not isinstance(statement, tree.Assign) or statement.name.text not in above:
            continue
        other, home = above[statement.name.text]
        if _equal(statement.value, module, other.value, home):
            key = statement.name.text
            edit, lost = take_out(statement.span)
            yield Remark(
                statement.span,
                f"{whose} says `{other.span.text}` already",
                (Label(other.span, "said here"),),
                fixes=(Fix(f"take `{key}` out", (edit,), not lost),),
            )


def _equal(value: tree.Expr, module: Module, other: tree.Expr, home: Module) -> bool:
    try:
        one, two = evaluate(value, module), evaluate(other, home)
    except Fault:
        return False
    return _exact(one) == _exact(two)


def _exact(value: Value) -> tuple[type, Value]:
    return type(value), value
