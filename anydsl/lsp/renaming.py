"""Renaming what a file declares, in all files that use it; refused where that would change more.

The edits are proved before they are sent: what they make of the files must not have errors that
the files did not have, and their nets must come to the same shapes, costs and settings.
"""

from __future__ import annotations

import re

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from anydsl.blocks.scope import POSITIONS
from anydsl.checker.engine import Checked, check_each
from anydsl.design.modules import Library
from anydsl.design.outline import PARTS, outline
from anydsl.design.symbols import Use
from anydsl.design.values import Symbol
from anydsl.design.vocabulary import SETTINGS
from anydsl.graph.catalog import OPERATIONS
from anydsl.language.lexer import KEYWORDS
from anydsl.language.tables import PATTERNS
from anydsl.lsp import positions, words
from anydsl.lsp.session import Feature, Server
from anydsl.lsp.workspace import Found, find, is_shipped

_NAME = re.compile(PATTERNS["NAME"])
_LOCAL = ("parameter", "line", "key")
_FIXED = {"block", "d", "groups", "x", "out", "true", "false", *POSITIONS, *SETTINGS}
_ELSEWHERE = ("key", "stage", "kind", "rule", "path", "total")
"""What may have the same name as something that a file declares."""


def prepare(ls: Server, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    """The name that would be changed."""
    document = ls.document(params.text_document)
    use = document.use_at(document.offset(params.position))
    if use is None:
        return None
    _check(use)
    at = positions.range_of(document.codec, use.at)
    return types.PrepareRenamePlaceholder(range=at, placeholder=use.at.text)


def rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """The edits in all files."""
    document = ls.document(params.text_document)
    use = document.use_at(document.offset(params.position))
    if use is None:
        return None
    _check(use)
    new = params.new_name.strip()
    if new == use.at.text:
        return types.WorkspaceEdit(changes={})
    found = find(ls, document, use)
    _check_name(use, found, new)
    _prove(ls, found, new)
    codec = document.codec
    changes = {
        ls.documents.uri(one.module.source): [
            types.TextEdit(positions.range_of(codec, other.at), new) for other in one.matching
        ]
        for one in found
    }
    return types.WorkspaceEdit(changes=dict(changes))


def _check(use: Use) -> None:
    """Refuse what can't be renamed."""
    name = use.at.text
    if use.definition is None:
        raise _refused(f"`{name}` is a word of the language")
    if is_shipped(use):
        raise _refused(f"`{name}` ships with anydsl, and its file is not to be changed")
    if use.role in _LOCAL and name in _FIXED:
        raise _refused(f"`{name}` means the same in every block, which a new name would not")


def _check_name(use: Use, found: list[Found], new: str) -> None:
    """Refuse a new name that is none, or that means something where it would stand."""
    if not _NAME.fullmatch(new) or new in KEYWORDS:
        raise _refused(f"`{new}` is no name: letters, digits and `_`, and no word of the grammar")
    if new in _FIXED or (use.role == "stage" and new in (*PARTS, "input")):
        raise _refused(f"`{new}` already means something")
    for one in found:
        if use.role == "stage":
            _check_stage(one, new)
            continue
        if use.role not in _LOCAL:
            if new in OPERATIONS or new in words.OTHERS or one.module.find(new):
                raise _refused(f"`{new}` already means something")
            used = [other for other in one.uses if other.role not in _ELSEWHERE]
        else:
            used = _beside(use, one)
        if any(other.at.text == new for other in used):
            raise _refused(f"`{new}` is already used in {one.module.source.path}")


def _beside(use: Use, one: Found) -> list[Use]:
    """The names in the block that declares a parameter or a line."""
    assert use.definition is not None
    for block in one.module.declared("block"):
        span = block.span
        same = (one.module.source.file or one.module.source.path) == (use.target or ("",))[0]
        if same and span.start <= use.definition.start < span.end:
            return [other for other in one.uses if span.start <= other.at.start < span.end]
    return []


def _check_stage(one: Found, new: str) -> None:
    text = one.module.source.text
    for other in one.matching:
        if text.startswith("[", other.at.end):
            raise _refused(f"`{other.at.text}` is counted: the brackets make its names")
        for net in one.module.declared("net", "space"):
            inside = net.span.start <= other.at.start < net.span.end
            if inside and new in outline(one.module, net).stages:
                raise _refused(f"there is a stage `{new}` already")


def _prove(ls: Server, found: list[Found], new: str) -> None:
    """Refuse edits after which a file has an error that it did not have."""
    texts = dict(ls.documents.texts)
    for one in found:
        text = one.module.source.text
        for other in reversed(one.matching):
            text = text[: other.at.start] + new + text[other.at.end :]
        if one.module.source.file is not None:
            texts[one.module.source.file] = text
    for one in found:
        if one.module.source.file is None:
            continue
        before, after = (
            check_each(Library(state).module(one.module.source.file))
            for state in (ls.documents.texts, texts)
        )
        wrong = [d for d in after[0] if d.level == "error"]
        said = {d.message for d in before[0] if d.level == "error"}
        if len(wrong) > sum(d.level == "error" for d in before[0]):
            first = next((d for d in wrong if d.message not in said), wrong[0])
            raise _refused(f"that would be an error: {first.message}")
        for old, now in zip(before[1], after[1], strict=True):
            if _meaning(old) != _meaning(now):
                raise _refused(f"that would change `{old.name}`, which uses the name twice over")


def _meaning(checked: Checked) -> object:
    """What a net comes to, but for names: shapes, costs, and the settings of each stage."""
    if checked.measured is None:
        return None
    settings = [
        [None if isinstance(value, Symbol) else value for _, value in stage.settings]
        for stage in checked.measured.network.stages
    ]
    return checked.measured.cost, [part.output for part in checked.measured.parts], settings


def _refused(why: str) -> JsonRpcInvalidParams:
    return JsonRpcInvalidParams(message=why)


FEATURES = (
    Feature(types.TEXT_DOCUMENT_PREPARE_RENAME, prepare),
    Feature(types.TEXT_DOCUMENT_RENAME, rename),
)
