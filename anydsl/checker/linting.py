"""Lints and fixes files: what `anydsl lint` does before it prints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from anydsl.checker.configuration import Settings
from anydsl.checker.engine import check_declaration, check_module
from anydsl.checker.loading import named, split
from anydsl.checker.selection import Selection
from anydsl.design.modules import SUFFIX, Library, Module
from anydsl.errors import UsageError
from anydsl.language.diagnostics import Diagnostic
from anydsl.language.record import Record

if TYPE_CHECKING:
    from anydsl.checker.fixing import Fixed


class Changed(Record):
    """A file that fixes have changed; it has not been written yet."""

    spec: str
    path: str
    before: str
    fixed: Fixed


def spec_files(specs: Sequence[str]) -> list[str]:
    """The specs themselves, folders replaced by the files beneath them: sorted, each file once.

    Folders whose names begin with a dot are passed over, unless they are named.

    Raises:
        UsageError: a folder holds no specs.
    """
    found: dict[tuple[str, str], str] = {}
    for spec in specs:
        for path in _beneath(spec) if os.path.isdir(spec) else [spec]:
            file, name = split(path)
            known = file == "-" or file.startswith("std:") or "\0" in file
            found.setdefault((file if known else os.path.realpath(file), name), path)
    whole = {file for file, name in found if not name}
    kept = [path for (file, name), path in found.items() if not name or file not in whole]
    return sorted(kept, key=lambda path: (path != "-", path))


def _beneath(folder: str) -> list[str]:
    found: list[str] = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.join(root, name) for name in names if name.endswith(SUFFIX)]
    if not found:
        raise UsageError(f"{folder} holds no {SUFFIX} files")
    return found


class Linter:
    """Lints files under some settings.

    Args:
        settings: which rules are on.
        stdin_as: the file that standard input stands for.

    Attributes:
        library: what the last run has read.
    """

    def __init__(self, settings: Settings, stdin_as: str = "") -> None:
        self.settings = settings
        self.stdin_as = stdin_as
        self.library = Library()
        self._stdin: Module | None = None

    def lint(
        self, specs: Iterable[str], texts: dict[str, Changed] | None = None
    ) -> list[Diagnostic]:
        """Check each file; in the order of their paths and their texts, each finding once.

        Args:
            specs: as `spec_files` gives them.
            texts: by their specs, files that are to be taken as fixes have made them.
        """
        self.library = Library()
        found: dict[tuple[object, ...], Diagnostic] = {}
        for spec in specs:
            changed = (texts or {}).get(spec)
            module = self._module(spec)
            if changed is not None:
                module = self.library.text(changed.fixed.text, changed.path, module.source.file)
            for d in self._check(spec, module)(module):
                at = d.at
                key = (at.source.file or at.source.path, at.start, at.end, d.kind.name, d.message)
                found.setdefault(key, d)
        return sorted(found.values(), key=lambda d: d.position)

    def fix(self, specs: Iterable[str], *, unsafe: bool) -> list[Changed]:
        """Fix each file, and say which would change or could not; nothing is written."""
        from anydsl.checker.fixing import fix

        found: list[Changed] = []
        for spec in specs:
            if spec.startswith("std:"):
                continue  # shipped specs are not the user's
            module = self._module(spec)
            if not module.legible:
                continue
            text, path = module.source.text, module.source.path
            check = self._check(spec, module)
            fixed = fix(text, check, path=path, file=module.source.file, unsafe=unsafe)
            if fixed.text != text or fixed.left:
                found.append(Changed(spec, path, text, fixed))
        return found

    def shown(self, spec: str) -> str:
        """What a spec is called in what is printed."""
        path, _ = split(spec)
        return path if path != "-" else self._module(spec).source.path

    def stdin_text(self) -> str:
        """What stands on standard input."""
        return self._module("-").source.text

    def _module(self, spec: str) -> Module:
        path, _ = split(spec)
        if path != "-":
            return self.library.module(path)
        if self._stdin is None:
            self._stdin = self.library.module(path, self.stdin_as)
        return self._stdin

    def _check(self, spec: str, module: Module) -> Callable[[Module], list[Diagnostic]]:
        """What finds what is to be said of a spec: of all of it, or of one declaration."""
        _, name = split(spec)
        selection = self.settings.selection(module.source.file)

        def check(module: Module) -> list[Diagnostic]:
            return check_module(module, selection) if not name else _one(module, name, selection)

        return check


def _one(module: Module, name: str, selection: Selection) -> list[Diagnostic]:
    found = check_declaration(module, named(module, name), selection).diagnostics
    return list(dict.fromkeys([*selection.apply(module.diagnostics), *found]))
