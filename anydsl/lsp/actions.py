"""Quick fixes, all safe fixes at once, and waivers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from anydsl.checker.fixing import fix
from anydsl.checker.outcomes import PREFERENCE, REQUIREMENT
from anydsl.checker.registry import rule
from anydsl.checker.rule import FileRule, NetworkRule
from anydsl.design.predicates import write
from anydsl.language import tree
from anydsl.language.diagnostics import NOTE, Diagnostic, Edit
from anydsl.language.printer import INDENT
from anydsl.lsp import diagnostics, positions
from anydsl.lsp.documents import Document
from anydsl.lsp.formatting import replaced
from anydsl.lsp.session import Feature, Server

FIX_ALL = "source.fixAll.anydsl"
REASON = "anydsl.selectReason"
"""A command of the client: select the reason of a waiver that was just written, to type over."""
_REASON = "why"


def actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done about the findings in a stretch of a file."""
    document = ls.document(params.text_document)
    only = params.context.only
    start, end = document.offset(params.range.start), document.offset(params.range.end)
    found: list[types.CodeAction] = []
    for diagnostic in document.diagnostics:
        at = diagnostic.at
        near = at.start <= max(start, end) and at.end >= start
        if near and at.source is document.source and _wanted(only, types.CodeActionKind.QuickFix):
            found += _fixes(ls, diagnostic)
            found += _waivers(ls, document, diagnostic)
    if only and _wanted(only, FIX_ALL):  # it takes several checks: not at each step of the cursor
        edit = fix_all(ls, document)
        if edit is not None:
            found.append(types.CodeAction("Apply all safe fixes", FIX_ALL, edit=edit))
    return found


def _wanted(only: Sequence[types.CodeActionKind | str] | None, kind: str) -> bool:
    """Whether a client asks for a sort of action; one that names no sort asks for all."""
    asked = [k.value if isinstance(k, types.CodeActionKind) else k for k in only or ()]
    return not asked or any(kind == k or not k or kind.startswith(f"{k}.") for k in asked)


def _fixes(ls: Server, diagnostic: Diagnostic) -> Iterator[types.CodeAction]:
    """The fixes of a finding, the safe ones first."""
    safe_first = sorted(diagnostic.fixes, key=lambda one: not one.safe)
    for place, one in enumerate(safe_first):
        title = one.message[:1].upper() + one.message[1:]
        yield types.CodeAction(
            title if one.safe else f"{title} (changes the design)",
            types.CodeActionKind.QuickFix,
            diagnostics=[diagnostics.diagnostic(ls, diagnostic)],
            is_preferred=(one.safe and place == 0) or None,
            edit=_edit(ls, list(one.edits)),
        )


def fix_all(ls: Server, document: Document) -> types.WorkspaceEdit | None:
    """What `anydsl lint --fix` makes of a file; None where that is the file as it is."""
    if not document.module.legible or not any(
        f.safe for d in document.diagnostics for f in d.fixes
    ):
        return None
    source = document.source
    fixed = fix(
        source.text, document.check, path=source.path, file=source.file, texts=ls.documents.texts
    )
    edits = replaced(document, fixed.text)
    return types.WorkspaceEdit(changes={ls.documents.uri(source): edits}) if edits else None


def _edit(ls: Server, edits: list[Edit]) -> types.WorkspaceEdit:
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        at = positions.range_of(ls.documents.codec, edit.at)
        changes.setdefault(ls.documents.uri(edit.at.source), []).append(
            types.TextEdit(at, edit.text)
        )
    return types.WorkspaceEdit(changes=dict(changes))


# ------------------------------------------------------------------------------- waivers


def _waivers(ls: Server, document: Document, found: Diagnostic) -> Iterator[types.CodeAction]:
    """Waive a rule with a reason, which is selected to be typed over where the client can."""
    what = _waivable(found)
    net = _net_around(document, found)
    if not what or net is None or (found.level == NOTE and found.kind.severity != NOTE):
        return
    text = document.source.text
    closing = text.rfind("}", net.span.start, net.span.end)
    if closing < 0:
        return
    before = text[net.span.start : closing]
    newline = "\r\n" if "\r\n" in text else "\n"
    line = text[text.rfind("\n", 0, net.span.start) + 1 : net.span.start]
    indent = line if not line.strip() else ""
    kept = len(before.rstrip())
    spaced = text[net.span.start + kept : closing]
    at = net.span.start + kept
    shown = f"{newline}{indent}{INDENT}waive {what} because "
    tail = "" if "\n" in spaced else newline + indent
    uri = ls.documents.uri(document.source)
    action = types.CodeAction(
        f"Waive `{what}` with a reason",
        types.CodeActionKind.QuickFix,
        diagnostics=[diagnostics.diagnostic(ls, found)],
    )
    where = document.range(at, at)
    workspace = ls.client_capabilities.workspace
    can = workspace.workspace_edit if workspace else None
    if can and can.snippet_edit_support and can.document_changes:
        escaped = shown.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
        snippet = types.StringValue(f'{escaped}"${{1:{_REASON}}}"{tail}')
        identifier = types.OptionalVersionedTextDocumentIdentifier(uri, document.version)
        edit = types.TextDocumentEdit(identifier, [types.SnippetTextEdit(where, snippet)])
        action.edit = types.WorkspaceEdit(document_changes=[edit])
    else:
        written = types.TextEdit(where, f'{shown}"{_REASON}"{tail}')
        action.edit = types.WorkspaceEdit(changes={uri: [written]})
        if REASON in ls.commands:
            column = len(shown) - shown.rindex(newline) - len(newline) + 1
            start = types.Position(where.start.line + 1, column)
            stop = types.Position(start.line, column + len(_REASON))
            action.command = types.Command(
                "Give the reason", REASON, arguments=[uri, types.Range(start, stop)]
            )
    yield action


def _waivable(found: Diagnostic) -> str:
    """What stands behind `waive` for a finding; empty where it can't be waived."""
    known = rule(found.kind.name)
    if isinstance(known, NetworkRule) and known.predicate is not None:
        return write(known.predicate)
    if known is not None:
        return "" if isinstance(known, FileRule) else known.name
    if found.kind in (PREFERENCE, REQUIREMENT):
        said = [
            (label.at.text, label.message)
            for label in found.labels
            if label.message.startswith(("required here", "preferred here"))
        ]
        inherited = [text for text, message in said if " by " in message]
        if found.kind is PREFERENCE and said:
            return said[0][0]
        return inherited[0] if inherited else ""
    return ""


def _net_around(document: Document, found: Diagnostic) -> tree.Block | None:
    for net in document.module.declared("net", "space", "recipe", "study"):
        if net.span.start <= found.at.start < net.span.end:
            return net
    return None


FEATURES = (
    Feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        actions,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL]),
    ),
)
