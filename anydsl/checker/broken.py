"""What a network breaks of its own rules and of the lint rules, waived or not.

Findings are at field paths, so that a network that was never text is judged like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from anydsl.blocks.measurement import Measurement
from anydsl.checker.registry import usual
from anydsl.checker.rule import Finding, NetworkRule, Subject
from anydsl.checker.rule import Rule as LintRule
from anydsl.design.network import Network, Rule, Waiver
from anydsl.design.predicates import blame
from anydsl.language.record import Record


class Broken(Record):
    """One thing that is broken.

    Attributes:
        rule: a rule of the design's own, or a lint rule.
        waiver: what takes it back; None where nothing does.
    """

    rule: Rule | NetworkRule
    finding: Finding
    waiver: Waiver | None = None


def broken(
    network: Network, measured: Measurement, rules: Iterable[LintRule] | None = None
) -> Iterator[Broken]:
    """What a network breaks: its own rules first, then the lint rules, then what it has waived.

    Args:
        network: the network.
        measured: what it measures.
        rules: the lint rules that it is held to, those of them that judge networks; None for those
            that are on by themselves.
    """
    for rule in network.rules:
        for finding in _findings(rule, measured):
            yield Broken(rule, finding)
    subject = Subject(network, measured)
    said = {rule.predicate for rule in network.rules}
    for rule in usual() if rules is None else rules:
        if not isinstance(rule, NetworkRule):
            continue
        if rule.predicate is not None and rule.predicate in said:
            continue  # the design speaks for itself
        waivers = _waivers(network, rule) or (None,)
        for finding in rule.check(subject):
            for waiver in waivers:
                yield Broken(rule, finding, waiver)
    for waiver in network.waivers:
        for rule in waiver.cancels:
            for finding in _findings(rule, measured):
                yield Broken(rule, finding, waiver)


def _findings(rule: Rule, measured: Measurement) -> Iterator[Finding]:
    for found in blame(rule.predicate, measured):
        yield Finding(found.path, found.message, found.other, found.other_message)


def _waivers(network: Network, rule: NetworkRule) -> tuple[Waiver, ...]:
    return tuple(
        waiver
        for waiver in network.waivers
        if waiver.rule == rule.name
        or (waiver.predicate is not None and waiver.predicate == rule.predicate)
    )
