"""Holds declarations to their own rules, to the principles and to the lint rules."""

from __future__ import annotations

from collections.abc import Callable

from anydsl.blocks.measurement import Measurement
from anydsl.checker.broken import broken
from anydsl.checker.outcomes import PREFERENCE, REQUIREMENT
from anydsl.checker.registry import rules as all_rules
from anydsl.checker.remedies import Places, fixes
from anydsl.checker.rule import (
    Comparison,
    Declaration,
    DeclarationRule,
    Finding,
    NetworkRule,
    RecipeRule,
    Remark,
    Rule,
    StudyRule,
    Subject,
    Training,
)
from anydsl.checker.selection import Selection
from anydsl.checker.waivers import Waivers
from anydsl.design.network import Resolved, Space, Waiver
from anydsl.design.network import Rule as OwnRule
from anydsl.design.predicates import holds, write
from anydsl.design.recipe import Recipe
from anydsl.design.recipes import places
from anydsl.design.rules import read_rule
from anydsl.language import tree
from anydsl.language.diagnostics import NOTE, Diagnostic, Fault, Label
from anydsl.language.source import Span

_SAID = {"require": "required", "prefer": "preferred"}


class Judge:
    """Judges one declaration that has no errors; `found` is what there is to say.

    Attributes:
        used: the waivers that have cancelled something.
    """

    def __init__(self, declared: Declaration, selection: Selection) -> None:
        self.declared = declared
        self.selection = selection
        self.found: list[Diagnostic] = []
        self.waivers = Waivers(())
        self.places: Places = {"": declared.block.head}

    def network(self, resolved: Resolved, measured: Measurement) -> None:
        """Judge a network that has been measured."""
        self.places = resolved.places
        self.waivers = Waivers(resolved.network.waivers)
        on = self.selection.rules()
        rules = (*on, *(rule for rule in self.waivers.named() if rule not in on))
        for found in broken(resolved.network, measured, rules):
            if found.waiver is not None:
                self.waivers.used.add(found.waiver)
            elif isinstance(found.rule, OwnRule):
                self.found.append(self._own_rule(found.rule, found.finding))
            else:
                self.found.append(self._finding(found.rule, found.finding))
        self._run(self._remarks)
        self.found += self.waivers.idle(self.declared.block, lambda p: holds(p, measured))

    def space(self, space: Space) -> None:
        """Judge a space; what a design of it breaks is not known yet."""
        self.waivers = Waivers(space.waivers)
        self._run(self._remarks)
        if not space.waivers:
            return
        known = {rule.predicate for rule in all_rules() if isinstance(rule, NetworkRule)}
        idle = [
            w for w in space.waivers if w.predicate and not w.cancels and w.predicate not in known
        ]
        self.found += self.waivers.idle(self.declared.block)
        self.found += Waivers(idle).idle(self.declared.block, lambda _: False)

    def recipe(self, recipe: Recipe, networks: Callable[[], tuple[Subject, ...]]) -> None:
        """Judge a recipe beside the networks of its file."""
        self._settings()
        subject: list[Training] = []

        def check(rule: Rule) -> list[Diagnostic]:
            if not isinstance(rule, RecipeRule):
                return self._remarks(rule)
            if not subject:
                subject.append(Training(recipe, frozenset(self.places) - {""}, networks()))
            return [self._finding(rule, finding) for finding in rule.check(subject[0])]

        self._run(check)
        self.found += self.waivers.idle(self.declared.block, lambda _: True)

    def study(self, subject: Comparison) -> None:
        """Judge a study by what it compares."""
        self._settings()

        def check(rule: Rule) -> list[Diagnostic]:
            if not isinstance(rule, StudyRule):
                return self._remarks(rule)
            return [self._finding(rule, finding) for finding in rule.check(subject)]

        self._run(check)
        self.found += self.waivers.idle(self.declared.block, lambda _: True)

    # ------------------------------------------------------------------------------ pieces

    def _run(self, check: Callable[[Rule], list[Diagnostic]]) -> None:
        """Run the rules that are on, and those that are waived: a waiver has to cancel something.

        What is on is not the design's affair: a waiver is as good where its rule is off.
        """
        on = self.selection.rules()
        waived = [rule for rule in self.waivers.named() if rule not in on]
        for rule in (*on, *waived):
            found = check(rule)
            if found and not self.waivers.cancel(rule) and rule in on:
                self.found += found

    def _settings(self) -> None:
        """Where the settings of a recipe or a study stand, and what it and its parents waive."""
        declared = self.declared
        self.places = places(declared.module, declared.block)
        waivers: list[Waiver] = []
        module, block = declared.module, declared.block
        while True:
            for statement in block.body:
                if isinstance(statement, tree.Requirement) and block.label:
                    try:
                        said = read_rule(statement, module, block.label.name.text, ())
                    except Fault as fault:
                        self.found += [fault.diagnostic] if block is declared.block else []
                        continue
                    assert isinstance(said, Waiver)
                    waivers.append(said.replace(inherited=block is not declared.block))
            parent = declared.replace(module=module, block=block).parent()
            if parent is None:
                break
            module, block = parent
        self.waivers = Waivers(waivers)

    def _remarks(self, rule: Rule) -> list[Diagnostic]:
        if not isinstance(rule, DeclarationRule):
            return []
        return [diagnosed(rule, remark) for remark in rule.check(self.declared)]

    def _place(self, path: str) -> Span:
        while path not in self.places and "." in path:
            path = path.rpartition(".")[0]
        return self.places.get(path) or self.places[""]

    def _second(self, at: Span, path: str, message: str) -> tuple[Label, ...]:
        """The second value that a finding speaks of, unless one place gives both."""
        if not path or self._place(path) == at:
            return ()
        return (Label(self._place(path), message),)

    def _finding(self, rule: Rule, finding: Finding) -> Diagnostic:
        at = self._place(finding.path)
        labels = self._second(at, finding.other, finding.other_message)
        hint = finding.help
        predicate = rule.predicate if isinstance(rule, NetworkRule) else None
        if predicate is not None and finding.severity != NOTE:
            hint = f'where it is on purpose: waive {write(predicate)} because "…"'
        mended = fixes(finding.remedy, self.declared.block, self.places)
        return Diagnostic(
            rule.kind(), finding.message, at, labels, hint, mended, severity=finding.severity
        )

    def _own_rule(self, rule: OwnRule, finding: Finding) -> Diagnostic:
        kind = REQUIREMENT if rule.kind == "require" else PREFERENCE
        at = self._place(finding.path)
        if not finding.path and rule.span is not None and not rule.inherited:
            at = rule.span
        labels = self._second(at, finding.other, finding.other_message)
        if rule.span is not None and at != rule.span:
            by = f" by {rule.owner}" if rule.inherited else ""
            labels = (*labels, Label(rule.span, f"{_SAID[rule.kind]} here{by}"))
        hint = f"because {rule.because}" if rule.because else ""
        return Diagnostic(kind, finding.message, at, labels, hint)


def diagnosed(rule: Rule, remark: Remark) -> Diagnostic:
    """A remark as a finding of its rule."""
    return Diagnostic(
        rule.kind(), remark.message, remark.at, remark.labels, remark.help, remark.fixes
    )
