"""The specs of the workspace: which of them use a name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from pygls.uris import from_fs_path, to_fs_path

from anydsl.design.modules import SUFFIX, Module, shipped
from anydsl.design.symbols import Use, uses
from anydsl.language.files import read_bytes
from anydsl.lsp.documents import Document
from anydsl.lsp.session import Server

MOST_FILES = 2000
"""How many specs of a workspace are looked at."""
_SKIPPED = ("node_modules", "__pycache__")


class Found(NamedTuple):
    """A file, all names in it, and those among them that were looked for."""

    module: Module
    uses: list[Use]
    matching: list[Use]


def uses_of(ls: Server, document: Document, use: Use) -> list[Use]:
    """All uses of what a name stands for, each place once, those of the file itself first."""
    return [other for found in find(ls, document, use) for other in found.matching]


def find(ls: Server, document: Document, use: Use) -> list[Found]:
    """The files that use what a name stands for, each once, the file itself first."""
    found: dict[str, Found] = {}
    for module in _modules(ls, document, use.at.text):
        place = module.source.file or module.source.path
        if place not in found:
            everything = uses(module)
            matching = [other for other in everything if other.target == use.target]
            found[place] = Found(module, everything, matching)
    return [known for known in found.values() if known.matching]


def _modules(ls: Server, document: Document, name: str) -> Iterator[Module]:
    """The file, those of the workspace that hold the name, and all that they import."""
    seen: set[int] = set()
    waiting = [document.module]
    for path in _files(ls, document):
        if _holds(ls, path, name):
            waiting.append(ls.documents.get(_uri(ls, path)).module)
    while waiting:
        module = waiting.pop(0)
        if id(module) not in seen:
            seen.add(id(module))
            yield module
            waiting += [imported for _, imported in module.imports]


def _files(ls: Server, document: Document) -> list[str]:
    """The specs of the workspace's folders, and the open ones."""
    folders = [to_fs_path(folder.uri) for folder in ls.workspace.folders.values()]
    if not folders and ls.workspace.root_path:
        folders = [ls.workspace.root_path]
    if not any(folders) and document.file:
        folders = [os.path.dirname(document.file)]
    found = dict.fromkeys(ls.documents.texts)
    for folder in filter(None, folders):
        for beneath, inner, names in os.walk(folder):
            inner[:] = sorted(n for n in inner if n not in _SKIPPED and not n.startswith("."))
            for name in sorted(names):
                if name.endswith(SUFFIX) and len(found) < MOST_FILES:
                    found[os.path.realpath(os.path.join(beneath, name))] = None
    return list(found)


def _holds(ls: Server, path: str, name: str) -> bool:
    text = ls.documents.texts.get(path)
    if text is None:
        try:
            text = read_bytes(path).decode("utf-8", "replace")
        except OSError:
            return False
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _uri(ls: Server, path: str) -> str:
    for document in ls.documents.open.values():
        if document.file == path:
            return document.uri
    return from_fs_path(path) or path


def is_shipped(use: Use) -> bool:
    """Whether a name is declared in the library, which nobody may change."""
    root = os.path.realpath(shipped()) + os.sep
    target = use.target
    return target is not None and target[0].startswith(root)
