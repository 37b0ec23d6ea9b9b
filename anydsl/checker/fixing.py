"""Applies fixes to a text until nothing changes; never leaves one that can't be read.

A text that has been changed is also formatted. What would not parse then, or would change a network
although the fix is called safe, is not done, and that is said.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from anydsl.blocks.measurement import examine
from anydsl.design.modules import Library, Module
from anydsl.design.resolving import resolve
from anydsl.language.diagnostics import Diagnostic, Edit, Fix
from anydsl.language.parser import parse
from anydsl.language.printer import Unformattable, format_text
from anydsl.language.record import Record
from anydsl.language.source import Source

MOST_ROUNDS = 100
"""How often a text is checked and changed; each round applies all that does not overlap."""

Check = Callable[[Module], list[Diagnostic]]
_Key = tuple[str, str, tuple[tuple[str, str], ...]]


class Fixed(Record):
    """What fixing has made of a text.

    Attributes:
        text: as it is now.
        done: what was fixed, in order.
        left: what could not be fixed although there was a fix, with the reason.
    """

    text: str
    done: tuple[tuple[Diagnostic, Fix], ...]
    left: tuple[tuple[Diagnostic, str], ...]


def fix(
    text: str, check: Check, *, path: str, file: str | None = None, unsafe: bool = False
) -> Fixed:
    """Fix a text.

    Args:
        text: the text.
        check: finds what is to be fixed.
        path: how the text is called.
        file: the file that it stands for, from which its imports are found.
        unsafe: whether fixes that change the design are applied too.
    """
    return _Fixing(check, path, file, unsafe=unsafe).run(text)


def applicable(found: Diagnostic, source: Source, *, unsafe: bool) -> Fix | None:
    """The fix that is applied to a finding: the first safe one, else the first one.

    None where there is none, or where it changes another file.
    """
    ordered = sorted(found.fixes, key=lambda fix: not fix.safe)
    for fix in ordered if unsafe else (f for f in ordered if f.safe):
        if fix.edits and all(edit.at.source is source for edit in fix.edits):
            return fix
    return None


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Make edits that don't overlap."""
    parts: list[str] = []
    end = 0
    for edit in sorted(edits, key=lambda e: (e.at.start, e.at.end)):
        parts += [text[end : edit.at.start], edit.text]
        end = edit.at.end
    return "".join([*parts, text[end:]])


class _Fixing:
    def __init__(self, check: Check, path: str, file: str | None, *, unsafe: bool) -> None:
        self.check = check
        self.path = path
        self.file = file
        self.unsafe = unsafe
        self.refused: dict[_Key, tuple[Diagnostic, str]] = {}

    def run(self, text: str) -> Fixed:
        done: list[tuple[Diagnostic, Fix]] = []
        seen = {text}
        for _ in range(MOST_ROUNDS):
            module = Library().text(text, self.path, self.file)
            chosen = self._choose(module)
            changed, applied = self._attempt(text, module, chosen)
            if not applied:
                break
            if changed in seen:
                for found, fix in applied:
                    self._refuse(found, fix, "it is undone by another fix")
                continue
            seen.add(changed)
            text = changed
            done += applied
        return Fixed(text, tuple(done), tuple(self.refused.values()))

    def _choose(self, module: Module) -> list[tuple[Diagnostic, Fix]]:
        """Fixes that don't overlap, in the order of the text."""
        candidates: list[tuple[Diagnostic, Fix]] = []
        for found in self.check(module):
            fix = applicable(found, module.source, unsafe=self.unsafe)
            if fix is not None and _key(found, fix) not in self.refused:
                candidates.append((found, fix))
        candidates.sort(key=lambda pair: min(e.at.start for e in pair[1].edits))
        chosen: list[tuple[Diagnostic, Fix]] = []
        taken: list[tuple[int, int]] = []
        for found, fix in candidates:
            spans = [(edit.at.start, edit.at.end) for edit in fix.edits]
            if not _overlap(spans, taken):
                chosen.append((found, fix))
                for span in spans:
                    insort(taken, span)
        return chosen

    def _attempt(
        self, text: str, module: Module, chosen: Sequence[tuple[Diagnostic, Fix]]
    ) -> tuple[str, list[tuple[Diagnostic, Fix]]]:
        """Apply all at once; where that does not do, halve until those to blame are found."""
        if not chosen:
            return text, []
        changed, problem = self._apply(text, module, chosen)
        if not problem:
            return changed, list(chosen)
        if len(chosen) == 1:
            self._refuse(*chosen[0], problem)
            return text, []
        half = len(chosen) // 2
        for part in (chosen[:half], chosen[half:]):
            changed, applied = self._attempt(text, module, part)
            if applied:
                return changed, applied  # the others have their turn in the next round
        return text, []

    def _apply(
        self, text: str, module: Module, chosen: Sequence[tuple[Diagnostic, Fix]]
    ) -> tuple[str, str]:
        """The changed text, and why it can't be had."""
        changed = apply(text, (edit for _, fix in chosen for edit in fix.edits))
        if changed == text:
            return text, "it changes nothing"
        if parse(Source(self.path, changed)).diagnostics:
            return text, "the text could not be read any more"
        try:
            formatted = format_text(changed)
        except Unformattable as error:
            return text, f"the text could not be formatted: {error}"
        if text.startswith("\ufeff") and not formatted.startswith("\ufeff"):
            formatted = "\ufeff" + formatted
        if all(fix.safe for _, fix in chosen):
            after = Library().text(formatted, self.path, self.file)
            if not _same(_meaning(module), _meaning(after)):
                return text, "a network would change"
        return formatted, ""

    def _refuse(self, found: Diagnostic, fix: Fix, reason: str) -> None:
        self.refused[_key(found, fix)] = found, reason


def _key(found: Diagnostic, fix: Fix) -> _Key:
    """What a fix is known by, wherever it has moved in the text."""
    return found.kind.name, found.message, tuple((e.at.text, e.text) for e in fix.edits)


def _overlap(spans: list[tuple[int, int]], taken: list[tuple[int, int]]) -> bool:
    """Whether edits meet others, which are sorted; they may touch if none is a mere insertion."""
    for a, b in spans:
        place = bisect_left(taken, (a, b))
        for start, end in taken[max(0, place - 1) : place + 1]:
            inserts = a == b or start == end
            if (a < end and start < b) or (inserts and a <= end and start <= b):
                return True
    return False


def _meaning(module: Module) -> dict[str, Any]:
    """What each network of a file is made of, operation by operation; None where it has errors."""
    found: dict[str, Any] = {}
    for block in module.declared("net"):
        assert block.label is not None
        resolved, _ = resolve(module, block)
        measured = examine(resolved)[0] if resolved is not None else None
        parts = (measured.network.input, measured.parts) if measured is not None else None
        found[block.label.name.text] = parts
    return found


def _same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether all networks that there were are still there, and the same."""
    return all(
        name in after and (parts is None or after[name] == parts) for name, parts in before.items()
    )
