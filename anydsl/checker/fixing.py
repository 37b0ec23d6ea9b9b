"""Applies fixes to a text until nothing changes; never leaves one that can't be read.

A text that has been changed is also formatted. What would not parse then, or would change a network
although the fix is called safe, is not done, and that is said.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from anydsl.blocks.measurement import examine
from anydsl.design.modules import Library, Module
from anydsl.design.resolving import resolve
from anydsl.language.diagnostics import ERROR, Diagnostic, Edit, Fix
from anydsl.language.parser import parse
from anydsl.language.printer import Unformattable, format_text
from anydsl.language.record import Record
from anydsl.language.source import Source

MOST_ROUNDS = 100
"""How often a text is checked and changed; each round applies all that does not overlap."""

MOST_ATTEMPTS = 1000
"""How many sets of fixes are tried; those that fail after that are not looked at one by one."""

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
    text: str,
    check: Check,
    *,
    path: str,
    file: str | None = None,
    unsafe: bool = False,
    texts: Mapping[str, str] | None = None,
) -> Fixed:
    """Fix a text.

    Args:
        text: the text.
        check: finds what is to be fixed.
        path: how the text is called.
        file: the file that it stands for, from which its imports are found.
        unsafe: whether fixes that change the design are applied too.
        texts: what stands in files that an editor has not saved yet, by their real paths.
    """
    return _Fixing(check, path, file, unsafe=unsafe, texts=texts).run(text)


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


_Choice = tuple[Diagnostic, Fix]


class _State:
    """A text, and what is to be said of it.

    Attributes:
        illegible: whether it has errors of syntax, which come before all others.
    """

    def __init__(
        self, text: str, module: Module, found: tuple[Diagnostic, ...], illegible: bool
    ) -> None:
        self.text, self.module, self.found, self.illegible = text, module, found, illegible
        self._meaning: dict[str, Any] | None = None

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(found.level == ERROR for found in self.found)

    @property
    def meaning(self) -> dict[str, Any]:
        """What the networks are made of."""
        if self._meaning is None:
            self._meaning = _meaning(self.module)
        return self._meaning


class _Fixing:
    def __init__(
        self,
        check: Check,
        path: str,
        file: str | None,
        *,
        unsafe: bool,
        texts: Mapping[str, str] | None,
    ) -> None:
        self.texts = texts
        self.check = check
        self.path = path
        self.file = file
        self.unsafe = unsafe
        self.attempts = 0
        self.refused: dict[_Key, tuple[Diagnostic, str]] = {}

    def run(self, text: str) -> Fixed:
        done: list[tuple[Diagnostic, Fix]] = []
        seen = {text}
        state = self._state(text)
        for _ in range(MOST_ROUNDS):
            chosen = self._choose(state)
            after = self._attempt(state, chosen)
            if after is None:
                if not chosen or state.illegible:
                    break  # nothing is left, or nothing can be read
                continue  # those that were to blame are refused: others have their turn
            changed, applied = after
            if changed.text in seen:
                for found, fix in applied:
                    self._refuse(found, fix, "it is undone by another fix")
                continue
            seen.add(changed.text)
            state = changed
            done += applied
        return Fixed(state.text, tuple(done), tuple(self.refused.values()))

    def _state(self, text: str) -> _State:
        module = Library(self.texts).text(text, self.path, self.file)
        illegible = bool(parse(module.source).diagnostics) or module.file.edition is None
        return _State(text, module, tuple(self.check(module)), illegible)

    def _choose(self, state: _State) -> list[_Choice]:
        """Fixes that don't overlap, in the order of the text; those of errors come first."""
        candidates: list[_Choice] = []
        for found in state.found:
            fix = applicable(found, state.module.source, unsafe=self.unsafe)
            if fix is not None and _key(found, fix) not in self.refused:
                candidates.append((found, fix))
        if any(found.level == ERROR for found, _ in candidates):
            candidates = [pair for pair in candidates if pair[0].level == ERROR]
        candidates.sort(key=lambda pair: min(e.at.start for e in pair[1].edits))
        chosen: list[_Choice] = []
        taken: list[tuple[int, int]] = []
        for found, fix in candidates:
            spans = [(edit.at.start, edit.at.end) for edit in fix.edits]
            if not _overlap(spans, taken):
                chosen.append((found, fix))
                for span in spans:
                    insort(taken, span)
        return chosen

    def _attempt(
        self, state: _State, chosen: Sequence[_Choice]
    ) -> tuple[_State, list[_Choice]] | None:
        """Apply all at once; where that does not do, halve until those to blame are found."""
        if not chosen:
            return None
        self.attempts += 1
        changed = self._apply(state, chosen)
        if not isinstance(changed, str):
            return changed, list(chosen)
        if len(chosen) == 1 or state.illegible or self.attempts > MOST_ATTEMPTS:
            for found, fix in chosen:
                self._refuse(found, fix, changed)
            return None
        half = len(chosen) // 2
        first = self._attempt(state, chosen[:half])
        return first if first is not None else self._attempt(state, chosen[half:])

    def _apply(self, state: _State, chosen: Sequence[_Choice]) -> _State | str:
        """What the text becomes, or why that can't be had."""
        text = state.text
        changed = apply(text, (edit for _, fix in chosen for edit in fix.edits))
        if changed == text:
            return "it changes nothing"
        if parse(Source(self.path, changed)).diagnostics:
            return "the text could not be read"
        try:
            formatted = format_text(changed)
        except Unformattable as error:
            return f"the text could not be formatted: {error}"
        after = self._state(formatted)
        if all(fix.safe for _, fix in chosen) and not _same(state.meaning, after.meaning):
            return "a network would change"
        if all(found.level != ERROR for found, _ in chosen) and after.errors > state.errors:
            return "there would be an error that there is not now"
        return after

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
