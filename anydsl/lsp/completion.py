"""What can be written at a place, from the declarations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from lsprotocol import types

from anydsl.blocks.scope import POSITIONS, WORDS
from anydsl.checker.registry import rules
from anydsl.checker.rule import FileRule
from anydsl.design.draws import DISTRIBUTIONS
from anydsl.design.modules import SUFFIX, Module
from anydsl.design.predicates import AGGREGATES, ORDERS
from anydsl.design.recipe import Recipe
from anydsl.design.values import FUNCTIONS
from anydsl.design.vocabulary import GENERATORS
from anydsl.graph.catalog import OPERATIONS
from anydsl.language import tree
from anydsl.language.cursor import Cursor, cursor
from anydsl.language.declaration import Setting
from anydsl.language.lexer import UNCLOSED
from anydsl.lsp import words
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Feature, Server
from anydsl.lsp.words import Word

_KINDS = {
    "setting": types.CompletionItemKind.Property,
    "kind": types.CompletionItemKind.Keyword,
    "operation": types.CompletionItemKind.Function,
    "block": types.CompletionItemKind.Function,
    "function": types.CompletionItemKind.Function,
    "distribution": types.CompletionItemKind.Function,
    "predicate": types.CompletionItemKind.Function,
    "variant": types.CompletionItemKind.Constructor,
    "word": types.CompletionItemKind.EnumMember,
    "rule": types.CompletionItemKind.EnumMember,
    "total": types.CompletionItemKind.Variable,
    "constant": types.CompletionItemKind.Constant,
    "variable": types.CompletionItemKind.Variable,
    "net": types.CompletionItemKind.Class,
    "space": types.CompletionItemKind.Interface,
    "recipe": types.CompletionItemKind.Struct,
    "study": types.CompletionItemKind.Struct,
    "file": types.CompletionItemKind.File,
}
_SNIPPETS = {
    "net": "net ${1:Name} {\n  input = ${2:3x224x224}\n  stem { w = ${3:32} }\n  body {\n"
    "    block = ${4:resnext}\n    g = ${5:16}\n    stage s1 { d = ${6:2}, w = ${7:64} }\n  }\n"
    "  head { classes = ${8:1000} }\n}",
    "space": "space ${1:Name} {\n  input = ${2:3x224x224}\n  stem { w = ${3:32} }\n  body {\n"
    "    block = ${4:resnext}\n    stage s[1..4] {\n      d ~ log_uniform(1..16)\n"
    "      w ~ log_uniform(8..1024 step 8)\n      g ~ choice(8, 16, 32)\n    }\n  }\n"
    "  head { classes = ${5:1000} }\n}",
    "block": "block ${1:name}(w, s = 1, act = relu) {\n"
    "  out = x -> conv(w, k = 3, s = s) -> bn -> act\n}",
    "recipe": "recipe ${1:name} {\n  data = ${2:digits}\n  epochs = ${3:10}\n"
    "  batch = ${4:128}\n  optimizer = sgd(lr = ${5:0.1}, momentum = 0.9)\n"
    "  schedule = cosine(warmup = 1)\n}",
    "study": "study ${1:name} {\n  spaces = [${2:A}, ${3:B}]\n  recipe = ${4:quick}\n}",
    "stem": "stem { w = ${1:32} }",
    "body": "body {\n  block = ${1:resnext}\n  stage s1 { d = ${2:2}, w = ${3:64} }\n}",
    "head": "head { classes = ${1:1000} }",
    "stage": "stage ${1:s1} { d = ${2:2}, w = ${3:64} }",
    "stages": "stages quantized_linear { d = ${1:16}, w0 = ${2:48}, wa = ${3:27.89}, "
    "wm = ${4:2.09} }",
    "from": 'from "$1" import $2',
}
_LITERALS = ("true", "false")


def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
    """The words that can stand at a place."""
    document = ls.document(params.text_document)
    offset = document.offset(params.position)
    at = cursor(document.source.text, document.tokens, offset)
    text_document = ls.client_capabilities.text_document
    can = text_document.completion if text_document else None
    snippets = bool(can and can.completion_item and can.completion_item.snippet_support)
    found: dict[str, types.CompletionItem] = {}
    if at.kind not in ("COMMENT", "NUMBER", "SIZE"):
        for item in _items(document, at, snippets=snippets):
            found.setdefault(item.label, item)
    return types.CompletionList(is_incomplete=False, items=list(found.values()))


def _items(document: Document, at: Cursor, *, snippets: bool) -> Iterator[types.CompletionItem]:
    module = document.module
    if at.kind in ("STRING", UNCLOSED):
        if at.begins == "from" and len(at.before) == 1:
            yield from _paths(document, at)
    elif at.calls and at.calls[-1].callee and not at.calls[-1].argument:
        yield from _arguments(module, at)
        yield from _values(module, at)
    elif at.last == "extends" or (at.last == "NAME" and at.following == "extends"):
        yield from map(_item, _bases(module, at.begins))
    elif at.begins == "from":
        yield from _imports(document, at)
    elif not at.before:
        yield from _starts(module, at, snippets=snippets)
    elif at.begins in words.RULES:
        yield from _rules(module, at)
    elif at.begins == "stages" and len(at.before) == 1:
        for name, cls in GENERATORS.items():
            yield _item(Word(name, "function", name, words.wording.doc(cls)))
    elif at.before[1:2] and at.before[1][0] == "~":
        yield from map(_item, map(words.distribution_word, DISTRIBUTIONS))
    elif at.key:
        yield from _values(module, at)


def _item(word: Word) -> types.CompletionItem:
    doc = types.MarkupContent(types.MarkupKind.Markdown, word.doc) if word.doc else None
    detail = word.shown if word.shown != word.name else None
    return types.CompletionItem(word.name, kind=_KINDS[word.sort], detail=detail, documentation=doc)


# ------------------------------------------------------------------- where a statement begins


def _starts(module: Module, at: Cursor, *, snippets: bool) -> Iterator[types.CompletionItem]:
    for word in words.settings_at(module, at.frames).values():
        item = _item(word)
        if at.following not in ("=", "~"):
            item.insert_text = f"{word.name} = "
        yield item
    for kind in words.kinds_at(at.frames):
        yield _kind(kind, words.KINDS[kind], snippets=snippets)
    if not at.frames:
        yield _kind("from", "names from another file", snippets=snippets)
    elif len(at.frames) == 1 and at.frames[0].kind in words.NETS:
        for name, doc in words.RULES.items():
            yield _item(Word(name, "kind", name, doc))


def _kind(name: str, doc: str, *, snippets: bool) -> types.CompletionItem:
    item = _item(Word(name, "kind", name, doc))
    if snippets:
        item.insert_text = _SNIPPETS[name]
        item.insert_text_format = types.InsertTextFormat.Snippet
    return item


# ---------------------------------------------------------------------------------- values

_COMPARED = {"spaces": "space", "recipe": "recipe"}
"""What the words of a study name."""


def _values(module: Module, at: Cursor) -> Iterator[types.CompletionItem]:
    """What can stand behind `=`, or in the brackets of a call."""
    in_block = bool(at.frames) and at.frames[0].kind == "block"
    if at.last == "->" or in_block:
        yield from _operands(module, at)
        return
    setting = _setting(module, at)
    if at.key == "block" and not at.calls:
        yield from map(_item, words.named(module, "block"))
        return
    if at.frames and at.frames[0].kind == "study" and at.key in _COMPARED:
        yield from map(_item, words.named(module, _COMPARED[at.key]))
        return
    if setting is not None:
        yield from _choices(setting)
    if setting is None or setting.kind == "any":
        yield from map(_item, map(words.operation_word, OPERATIONS))
        yield from map(_item, words.named(module, "block"))
    if setting is None or setting.kind in ("whole", "number", "any"):
        yield from map(_item, map(words.function_word, FUNCTIONS))
    yield from map(_item, words.named(module, "constant"))


def _setting(module: Module, at: Cursor) -> Setting | None:
    """The declaration of what is being given: a setting, or an argument of a call."""
    calls = [call for call in at.calls if call.callee]  # a list stands in the call around it
    if calls:
        callee = words.callable_word(module, calls[-1].callee, at.frames)
        named = calls[-1].argument
        found = [w for w in callee.parameters if w.name == named] if callee else []
    else:
        word = words.settings_at(module, at.frames).get(at.key)
        found = [word] if word else []
    return found[0].setting if found else None


def _choices(setting: Setting) -> Iterator[types.CompletionItem]:
    for choice in setting.choices:
        if choice in words.VARIANTS and setting.kind in ("variant", "variants"):
            yield _item(words.variant_word(choice))
        else:
            yield _item(Word(choice, "word", choice, ""))
    if setting.kind == "flag":
        for literal in _LITERALS:
            yield _item(Word(literal, "word", literal, ""))


def _operands(module: Module, at: Cursor) -> Iterator[types.CompletionItem]:
    """What a line of a block is made of; behind `->` only what can be applied."""
    yield from map(_item, map(words.operation_word, OPERATIONS))
    yield from map(_item, words.named(module, "block"))
    block = (
        next(
            (
                b
                for b in module.declared("block")
                if b.label and b.label.name.text == at.frames[0].label
            ),
            None,
        )
        if at.frames
        else None
    )
    names = [p.name for p in block.params or ()] if block else []
    lines = [s.name for s in block.body if isinstance(s, tree.Assign)] if block else []
    for name in (*names, *lines):
        yield _item(Word(name.text, "variable", name.text, ""))
    others = ["when"] if at.last == "->" else [*WORDS, "x", *POSITIONS]
    for name in others:
        yield _item(Word(name, "function" if name in WORDS else "variable", *words.OTHERS[name]))
    if at.last != "->":
        yield from map(_item, map(words.function_word, FUNCTIONS))
        yield from map(_item, words.named(module, "constant"))


def _arguments(module: Module, at: Cursor) -> Iterator[types.CompletionItem]:
    """The parameters of what is called that are not given yet."""
    call = at.calls[-1]
    callee = words.callable_word(module, call.callee, at.frames)
    for word in callee.parameters if callee else ():
        if word.name not in call.given:
            item = _item(word)
            item.sort_text = f" {word.name}"  # before the values
            if at.following != "=":
                item.insert_text = f"{word.name} = "
            yield item
    if call.callee in Recipe.__settings__:
        return


# ------------------------------------------------------------------------ rules and imports


def _rules(module: Module, at: Cursor) -> Iterator[types.CompletionItem]:
    net = at.frames[0].label if at.frames else ""
    if at.calls and at.calls[-1].callee in (*ORDERS, *AGGREGATES):
        yield from map(_item, words.stage_keys(module, net).values())
        return
    yield from map(_item, words.predicate_words())
    if at.begins == "waive" and len(at.before) == 1:
        for rule in (r for r in rules() if not isinstance(r, FileRule)):
            page = rule.kind().page.splitlines()[0]
            yield _item(Word(rule.name, "rule", rule.name, page))
    if len(at.before) > 1:
        yield _item(Word("because", "kind", "because", "the reason, in quotes"))
        yield from map(_item, words.named(module, "constant"))


def _bases(module: Module, kind: str) -> Iterable[Word]:
    sorts = {"net": words.NETS, "space": ("space",)}.get(kind, (kind,))
    return words.named(module, *sorts)


def _imports(document: Document, at: Cursor) -> Iterator[types.CompletionItem]:
    """`import` itself, and the names that the file declares that is imported from."""
    if "import" not in [kind for kind, _ in at.before]:
        yield _item(Word("import", "kind", "import", "the names that are imported"))
        return
    path = next((text for kind, text in at.before if kind == "STRING"), "").strip('"')
    taken = {text for kind, text in at.before if kind == "NAME"}
    for name, (home, declared) in _module_at(document, path).items():
        if name not in taken:
            yield _item(words.declared_word(name, home, declared))


def _module_at(document: Document, path: str) -> dict[str, tuple[Module, tree.Assign | tree.Block]]:
    """The names of a file that is imported from, also where the import is half-written."""
    from anydsl.language.diagnostics import Fault

    at = document.module.file.span
    try:
        return document.library.imported(tree.String(at, path), document.module).names
    except Fault:
        return {}


def _paths(document: Document, at: Cursor) -> Iterator[types.CompletionItem]:
    """Shipped specs, and the files beneath the folder of this one."""
    names = [f"std:{name}" for name in document.library.shipped_names()]
    folder = os.path.dirname(document.file) if document.file else ""
    for beneath, inner, files in os.walk(folder) if folder else ():
        inner[:] = sorted(n for n in inner if not n.startswith(".") and n != "node_modules")
        for file in sorted(files):
            path = os.path.join(beneath, file)
            if file.endswith(SUFFIX) and path != document.file and len(names) < 500:
                names.append(os.path.relpath(path, folder).replace(os.sep, "/"))
    end = at.end - 1 if at.kind == "STRING" else at.end
    where = document.range(at.start + 1, end)
    for name in names:
        item = _item(Word(name, "file", name, ""))
        item.text_edit = types.TextEdit(where, name)
        yield item


FEATURES = (
    Feature(
        types.TEXT_DOCUMENT_COMPLETION,
        completion,
        types.CompletionOptions(trigger_characters=["=", "~", ">", '"', "(", "/", ":"]),
    ),
)
