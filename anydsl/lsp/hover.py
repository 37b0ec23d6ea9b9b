"""What a word means, what value it has here, and where that comes from."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lsprotocol import types

from anydsl.blocks.measurement import setting as setting_of
from anydsl.checker.engine import Checked
from anydsl.checker.registry import kinds, rules
from anydsl.checker.rule import NetworkRule, Rule
from anydsl.design.network import Part, Stage
from anydsl.design.outline import outline
from anydsl.design.predicates import TOTALS, write
from anydsl.design.recipes import places
from anydsl.design.values import spoken
from anydsl.graph.operations import spoken as graph_spoken
from anydsl.language import tree
from anydsl.language.cursor import Cursor, cursor
from anydsl.language.source import Span
from anydsl.lsp import costs, words
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Feature, Server
from anydsl.lsp.words import Word

_BREAK = "\n\n"


def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """Answer for the word at a place."""
    document = ls.document(params.text_document)
    offset = document.offset(params.position)
    at = cursor(document.source.text, document.tokens, offset)
    if not at.word:
        return None
    text = _text(document, at)
    if not text:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, document.range(at.start, at.end))


def _text(document: Document, at: Cursor) -> str:
    module = document.module
    if at.begins == "waive" and at.text != "because":
        page = _rule_page(document, at)
        if page:
            return page
    if at.calls and at.following == "=":
        callee = words.callable_word(module, at.calls[-1].callee, at.frames)
        return _first(word for word in callee.parameters if word.name == at.text) if callee else ""
    if not at.before and at.following in ("=", "~"):
        word = words.settings_at(module, at.frames).get(at.text)
        if word is not None:
            return _join(_written(word), _value(document, at))
    if not at.before and at.text in words.RULES:
        return f"`{at.text}`: {words.RULES[at.text]}"
    if not at.before and at.text in words.KINDS and at.following != "=":
        return f"`{at.text}`: {words.KINDS[at.text]}"
    return _name(document, at)


def _name(document: Document, at: Cursor) -> str:
    """A name of the file, or a word of the language."""
    module = document.module
    use = document.use_at(at.start)
    role = use.role if use is not None else ""
    if role in ("parameter", "line") and use is not None and use.definition is not None:
        line = use.definition.source.line(use.definition.source.position(use.definition.start)[0])
        return f"```anynet\n{line.strip()}\n```"
    if role == "stage":
        return _stage(document, at)
    if role == "key" and at.begins in words.RULES and at.frames:
        word = words.stage_keys(module, at.frames[0].label).get(at.text)
        return _written(word) if word else ""
    if role == "total" or (role == "word" and at.text in TOTALS and at.begins in words.RULES):
        return f"`{at.text}`: {TOTALS[at.text]}"
    if role == "generator" and at.text in words.GENERATORS:
        cls = words.GENERATORS[at.text]
        return f"`{at.text}`: {words.wording.doc(cls)}"
    if role in ("given", "word", "function", "predicate", "distribution", "variant"):
        if at.begins in words.RULES:
            found = _first(word for word in words.predicate_words() if word.name == at.text)
            if found:
                return found
        if role == "given":
            shown, doc = words.OTHERS[at.text]
            return f"`{shown}`: {doc}"
        if at.frames and at.frames[0].kind == "recipe" and at.text in words.VARIANTS:
            return _written(words.variant_word(at.text))
    word = words.callable_word(module, at.text, at.frames)
    if word is None:
        return ""
    cost = next(
        (
            costs.total(c.measured)
            for _, c in costs.nets(document)
            if c.name == at.text and c.measured
        ),
        "",
    )
    return _join(_written(word), cost)


def _written(word: Word) -> str:
    """A word as a hover shows it: how it is written, what it means, what its brackets take."""
    taken = ""
    if word.sort in ("operation", "variant", "function"):
        taken = "\n".join(
            f"- `{p.shown}`: {'; '.join(p.doc.split(_BREAK))}" for p in word.parameters
        )
    return _join(f"```anynet\n{word.shown}\n```", word.doc, taken)


def _first(found: Iterable[Word]) -> str:
    word = next(iter(found), None)
    return _written(word) if word is not None else ""


def _join(*texts: str) -> str:
    return _BREAK.join(text for text in texts if text)


def _rule_page(document: Document, at: Cursor) -> str:
    """The first sentence of the page of a rule that is waived."""
    kind = next((k for k in kinds() if k.name == at.text), None)
    if kind is None:
        statement = "".join(text for _, text in at.before[1:]) + document.source.text[at.start :]
        said = "".join(statement.partition("because")[0].split())
        rule = next((r for r in rules() if _predicate(r) == said), None)
        kind = rule.kind() if rule is not None else None
    if kind is None:
        return ""
    return f"**{kind.name}** ({kind.code}): {kind.page.splitlines()[0]}"


def _predicate(rule: Rule) -> str:
    """The predicate of a rule, without spaces."""
    predicate = rule.predicate if isinstance(rule, NetworkRule) else None
    return "".join(write(predicate).split()) if predicate is not None else ""


# ------------------------------------------------------------------------- values and costs


def _value(document: Document, at: Cursor) -> str:
    """The value that a setting has after all inheritance, and where it comes from."""
    if at.frames[0].kind in ("recipe", "study"):
        return _recipe_value(document, at)
    checked = next((c for _, c in costs.nets(document) if c.name == at.frames[0].label), None)
    last = at.frames[-1]
    written = last.kind == "stages" or at.text == "block"
    if written or checked is None or checked.resolved is None:
        return _entry_value(document, at)
    network, key = checked.resolved.network, at.text
    if len(at.frames) == 1:
        return _said(document, checked, "input", graph_spoken(network.input), "")
    if last.kind in ("stem", "head"):
        part = network.stem if last.kind == "stem" else network.head
        return _said(document, checked, f"{last.kind}.{key}", _of(part, key), "") if part else ""
    said: dict[str, list[str]] = {}
    names = _stage_names(document, at)
    for stage in network.stages:
        if last.kind != "stage" or stage.name in names:
            text = _said(
                document, checked, f"{stage.name}.{key}", _of(stage, key), stage.block.name
            )
            said.setdefault(text, []).append(stage.name)
    if len(said) == 1:
        return next(iter(said))
    return "\n".join(f"- {', '.join(names)}: {text}" for text, names in said.items() if text)


def _recipe_value(document: Document, at: Cursor) -> str:
    """The value of a recipe's or a study's word, its own or that of what it extends."""
    declared = document.module.declared(at.frames[0].kind)
    block = next((b for b in declared if b.label and b.label.name.text == at.frames[0].label), None)
    value = places(document.module, block).get(at.text) if block is not None else None
    return f"here `{value.text}`, from {_where(document, value)}" if value is not None else ""


def _entry_value(document: Document, at: Cursor) -> str:
    """What is written for a setting, here or further up: of a generator, a space, a broken net."""
    net = words.net_named(document.module, at.frames[0].label)
    if net is None:
        return ""
    out, last = outline(document.module, net), at.frames[-1]
    shared = out.parts["body"].entries if "body" in out.parts else {}
    match last.kind:
        case "stem" | "body" | "head":
            entries = out.parts[last.kind].entries if last.kind in out.parts else {}
        case "stage":
            stages = [out.stages[n] for n in _stage_names(document, at) if n in out.stages]
            entries = shared | (stages[0].entries if stages else {})
        case "stages":
            entries = out.generator.entries if out.generator else {}
        case _:
            entries = out.entries
    entry = entries.get(at.text)
    if entry is None:
        return ""
    said = "drawn from " if entry.drawn else ""
    return f"here {said}`{entry.value.span.text}`, from {_where(document, entry.value.span)}"


def _of(part: Part | Stage, key: str) -> str:
    key = "g" if key == "groups" else key
    value = setting_of(part, key) if isinstance(part, Stage) else part.get(key)
    return "" if value is None else spoken(value)


def _said(document: Document, checked: Checked, path: str, value: str, block: str) -> str:
    if not value or checked.resolved is None:
        return ""
    stage, _, key = path.rpartition(".")
    at = checked.resolved.places.get(f"{stage}.g" if key == "groups" else path)
    if at is None:
        return f"here `{value}`, the default" + (f" of `{block}`" if block else "")
    return f"here `{value}`, from {_where(document, at)}"


def _where(document: Document, at: Span) -> str:
    line = at.source.position(at.start)[0]
    if at.source is document.source:
        return f"line {line}"
    path = at.source.path
    shown = path if path.startswith("std:") else os.path.basename(path)
    return f"`{shown}`, line {line}"


def _stage_names(document: Document, at: Cursor) -> list[str]:
    """The stages that the one at a place stands for."""
    net = words.net_named(document.module, at.frames[0].label) if at.frames else None
    for body in net.body if net else ():
        for stage in body.body if isinstance(body, tree.Block) else ():
            if not isinstance(stage, tree.Block) or stage.label is None:
                continue
            if stage.span.start <= at.start < stage.span.end:
                return costs.stage_names(document.module, stage.label)
    return []


def _stage(document: Document, at: Cursor) -> str:
    names = _stage_names(document, at)
    for _, checked in costs.nets(document):
        if at.frames and checked.name == at.frames[0].label and checked.measured:
            shown = [
                f"`{part.name}` -> {costs.part(part)}"
                for part in checked.measured.stages
                if part.name in names
            ]
            return "  \n".join(shown)
    return ""


FEATURES = (Feature(types.TEXT_DOCUMENT_HOVER, hover),)
