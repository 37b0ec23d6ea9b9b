"""Which rules are on, and how grave what they find is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from anydsl.checker.registry import kinds, optional, rules, usual
from anydsl.checker.rule import Rule
from anydsl.errors import UsageError
from anydsl.language.diagnostics import Diagnostic, Kind, nearest
from anydsl.language.record import Record

ALL = "ALL"


class Selection(Record):
    """Which rules are on.

    Attributes:
        enabled: the names of the kinds that are reported; None for those that are on by themselves.
            Errors of the language are always reported.
        severities: name of a kind and its severity, where that is not its own.
    """

    enabled: frozenset[str] | None = None
    severities: tuple[tuple[str, str], ...] = ()

    def rules(self) -> tuple[Rule, ...]:
        """The rules that are on, in the order of their codes."""
        if self.enabled is None:
            return usual()
        return tuple(rule for rule in rules() if rule.name in self.enabled)

    def without(self, ignored: frozenset[str]) -> Selection:
        """The same without some kinds."""
        if not ignored:
            return self
        enabled = self.enabled if self.enabled is not None else _usual_kinds()
        return self.replace(enabled=enabled - ignored)

    def apply(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """What of these findings is to be reported, as grave as it was said to be."""
        severities = dict(self.severities)
        kept: list[Diagnostic] = []
        for diagnostic in found:
            kind = diagnostic.kind
            on = self.enabled is None or kind.name in self.enabled or not optional(kind)
            if on and diagnostic.level == kind.severity and kind.name in severities:
                diagnostic = diagnostic.replace(severity=severities[kind.name])
            if on:
                kept.append(diagnostic)
        return kept


USUAL = Selection()


def select(
    selected: Sequence[str] | None,
    ignored: Sequence[str] = (),
    *,
    more: Sequence[str] = (),
    where: str = "",
) -> Selection:
    """Make a selection of selectors: names, codes, beginnings of codes and `ALL`.

    Where both select and ignore speak of a rule the longer word wins, of equal ones `ignored`.

    Args:
        selected: what is on; None for what is on by itself.
        ignored: what is off.
        more: what is on beside `selected`.
        where: how messages start.

    Raises:
        UsageError: a selector names nothing, or ignores an error of the language.
    """
    if selected is None and not ignored and not more:
        return USUAL
    on: dict[str, int] = dict.fromkeys(_usual_kinds(), -1) if selected is None else {}
    off: dict[str, int] = {}
    for selector in (*(selected or ()), *more):
        for kind in matching(selector, where):
            on[kind.name] = max(on.get(kind.name, -1), _length(selector, kind))
    for selector in ignored:
        for kind in ignorable(selector, where):
            off[kind.name] = max(off.get(kind.name, -1), _length(selector, kind))
    return Selection(frozenset(name for name, n in on.items() if n > off.get(name, -2)))


def ignorable(selector: str, where: str = "") -> list[Kind]:
    """The kinds that a selector leaves out.

    Raises:
        UsageError: it names nothing, or only errors of the language.
    """
    found = matching(selector, where)
    kept = [kind for kind in found if optional(kind)]
    if not kept:
        message = f"`{selector}` is an error of the language: errors can't be ignored"
        raise UsageError(_at(where, message))
    return kept


def matching(selector: str, where: str = "") -> list[Kind]:
    """The kinds that a selector names.

    Raises:
        UsageError: there are none.
    """
    word, name = selector.strip().upper(), selector.strip().lower().replace("-", "_")
    if word == ALL:
        return list(kinds())
    found = [k for k in kinds() if k.name == name or (word and k.code.startswith(word))]
    if not found:
        hint = nearest(name, [k.name for k in kinds()]) or "anydsl explain lists all"
        raise UsageError(_at(where, f"no rule is called `{selector}`; {hint}"))
    return found


@cache
def _usual_kinds() -> frozenset[str]:
    return frozenset(kind.name for kind in kinds() if kind.on)


def _length(selector: str, kind: Kind) -> int:
    word = selector.strip().upper()
    if word == ALL:
        return 0
    return len(word) if word != kind.code and kind.code.startswith(word) else 100


def _at(where: str, message: str) -> str:
    return f"{where}: {message}" if where else message
