"""Checks a file: syntax, meaning, costs, then what the designs say of themselves and the rules."""

from __future__ import annotations

from anydsl.blocks.definitions import check_definition
from anydsl.blocks.measurement import Measurement, examine
from anydsl.checker.broken import broken
from anydsl.checker.outcomes import PREFERENCE, REQUIREMENT, UNUSED_WAIVER
from anydsl.checker.registry import rules
from anydsl.checker.rule import Finding
from anydsl.checker.rule import Rule as LintRule
from anydsl.design.faults import UNKNOWN_NAME
from anydsl.design.modules import Module
from anydsl.design.network import Network, Resolved, Rule, Space, Waiver
from anydsl.design.predicates import holds, write
from anydsl.design.reading import constant
from anydsl.design.recipe import Recipe
from anydsl.design.recipes import resolve_recipe, resolve_study
from anydsl.design.resolving import resolve, resolve_space
from anydsl.design.study import Study
from anydsl.language import tree
from anydsl.language.diagnostics import NOTE, Diagnostic, Fault, Label, nearest
from anydsl.language.record import Record
from anydsl.language.source import Span

_SAID = {"require": "required", "prefer": "preferred"}

Meaning = Network | Space | Recipe | Study


class Checked(Record):
    """A declaration that has been checked.

    Attributes:
        value: what it means; None where errors leave nothing.
        measured: what it costs, if it is a network whose blocks fit together.
        diagnostics: what was found in it.
    """

    name: str
    kind: str
    value: Meaning | None
    measured: Measurement | None
    diagnostics: tuple[Diagnostic, ...]
    resolved: Resolved | None = None

    @property
    def sound(self) -> bool:
        """Whether there is no error."""
        return all(d.level != "error" for d in self.diagnostics)


def check_module(module: Module) -> list[Diagnostic]:
    """Everything that is to be said of a file, in the order of its text."""
    found = list(module.diagnostics)
    for statement in module.file.statements:
        match statement:
            case tree.Assign():
                found += _check_constant(module, statement)
            case tree.Block(label=tree.Label()):
                found += check_declaration(module, statement).diagnostics
            case _:
                pass
    unique = list(dict.fromkeys(found))
    return sorted(unique, key=lambda d: (d.at.source.path != module.source.path, d.position))


def check_declaration(module: Module, block: tree.Block) -> Checked:
    """Check one net, space, block, recipe or study."""
    assert block.label is not None
    name, kind = block.label.name.text, block.kind.text
    value: Meaning | None = None
    match kind:
        case "net":
            return _check_net(module, block)
        case "space":
            value, found = resolve_space(module, block)
            if value is not None:
                found += _space_waivers(value)
        case "recipe":
            value, found = resolve_recipe(module, block)
        case "study":
            value, found = resolve_study(module, block)
        case "block":
            found = check_definition(block, module)
        case _:
            found = []  # the module has said that there is no such thing
    return Checked(name, kind, value, None, tuple(found))


def _check_constant(module: Module, assign: tree.Assign) -> list[Diagnostic]:
    """A constant is any value; what a bare word in it means is for the reader to say."""
    try:
        constant(module, assign)
    except Fault as fault:
        return [fault.diagnostic]
    return []


def _check_net(module: Module, block: tree.Block) -> Checked:
    assert block.label is not None
    name = block.label.name.text
    resolved, found = resolve(module, block)
    if resolved is None:
        return Checked(name, "net", None, None, tuple(found))
    measured, more = examine(resolved)
    found += more
    if measured is not None:
        judge = _Judge(resolved, measured)
        found += judge.run()
        waivers = tuple(w for w in resolved.network.waivers if w in judge.used)
        resolved = resolved.replace(network=resolved.network.replace(waivers=waivers))
    return Checked(name, "net", resolved.network, measured, tuple(found), resolved)


class _Judge:
    """Holds a network to its own rules, to the principles and to the lint rules."""

    def __init__(self, resolved: Resolved, measured: Measurement) -> None:
        self.resolved = resolved
        self.network = resolved.network
        self.measured = measured
        self.used: set[Waiver] = set()
        self.found: list[Diagnostic] = []

    def run(self) -> list[Diagnostic]:
        for found in broken(self.network, self.measured):
            if found.waiver is not None:
                self.used.add(found.waiver)
            elif isinstance(found.rule, Rule):
                self.found.append(self._own_rule(found.rule, found.finding))
            else:
                self.found.append(self._finding(found.rule, found.finding))
        for waiver in self.network.waivers:
            self._waiver(waiver)
        return self.found

    def _own_rule(self, rule: Rule, finding: Finding) -> Diagnostic:
        kind = REQUIREMENT if rule.kind == "require" else PREFERENCE
        at = self.resolved.place(finding.path)
        if not finding.path and rule.span is not None and not rule.inherited:
            at = rule.span
        labels = self._second(at, finding.other, finding.other_message)
        if rule.span is not None and at != rule.span:
            by = f" by {rule.owner}" if rule.inherited else ""
            labels.append(Label(rule.span, f"{_SAID[rule.kind]} here{by}"))
        hint = f"because {rule.because}" if rule.because else ""
        return Diagnostic(kind, finding.message, at, tuple(labels), hint)

    def _second(self, at: Span, path: str, message: str) -> list[Label]:
        """The second value that a finding speaks of, unless one place gives both."""
        if not path or self.resolved.place(path) == at:
            return []
        return [Label(self.resolved.place(path), message)]

    def _finding(self, rule: LintRule, finding: Finding) -> Diagnostic:
        at = self.resolved.place(finding.path)
        labels = tuple(self._second(at, finding.other, finding.other_message))
        hint = ""
        if rule.predicate is not None and finding.severity != NOTE:
            hint = f'where it is on purpose: waive {write(rule.predicate)} because "…"'
        return Diagnostic(rule.kind(), finding.message, at, labels, hint, severity=finding.severity)

    def _waiver(self, waiver: Waiver) -> None:
        """A waiver of the network's own has to cancel something that is broken."""
        if waiver.inherited or waiver in self.used:
            return
        at = waiver.span or self.resolved.place("")
        if waiver.predicate is None:
            names = [rule.name for rule in rules()]
            if waiver.rule not in names:
                hint = nearest(waiver.rule, names)
                message = f"no rule is called `{waiver.rule}`"
                self.found.append(Diagnostic(UNKNOWN_NAME, message, at, help=hint))
            else:
                message = f"`{waiver.rule}` finds nothing here to waive"
                self.found.append(Diagnostic(UNUSED_WAIVER, message, at))
            return
        text = write(waiver.predicate)
        kept = holds(waiver.predicate, self.measured)
        message = f"`{text}` holds: there is nothing to waive" if kept else f"no rule says `{text}`"
        self.found.append(Diagnostic(UNUSED_WAIVER, message, at))


def _space_waivers(space: Space) -> list[Diagnostic]:
    """A space's waivers have to name a rule; whether a design breaks it is not known yet."""
    found: list[Diagnostic] = []
    known = {rule.predicate for rule in rules()}
    for waiver in space.waivers:
        if waiver.inherited or waiver.span is None:
            continue
        if waiver.predicate is None:
            names = [rule.name for rule in rules()]
            if waiver.rule not in names:
                hint = nearest(waiver.rule, names)
                message = f"no rule is called `{waiver.rule}`"
                found.append(Diagnostic(UNKNOWN_NAME, message, waiver.span, help=hint))
        elif not waiver.cancels and waiver.predicate not in known:
            message = f"no rule says `{write(waiver.predicate)}`"
            found.append(Diagnostic(UNUSED_WAIVER, message, waiver.span))
    return found
