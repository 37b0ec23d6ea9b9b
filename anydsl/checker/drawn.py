"""Designs drawn from a space as nets: what they break of the principles is waived, and says why."""

from __future__ import annotations

from anydsl.blocks.measurement import measure
from anydsl.checker.broken import broken
from anydsl.design.network import Network, Rule, Waiver


def as_net(network: Network, space: str) -> Network:
    """A drawn network with the waivers that it needs to lint clean, and with no other ones.

    Args:
        network: it keeps every `require` of its space.
        space: the name of that space, for the reasons.
    """
    used: list[Waiver] = []
    dropped: list[Rule] = []
    for found in broken(network, measure(network)):
        waiver = found.waiver
        if waiver is None:
            because = f"drawn from {space}"
            if isinstance(found.rule, Rule):
                if found.rule not in dropped:
                    dropped.append(found.rule)
                waiver = Waiver(found.rule.predicate, "", because, cancels=(found.rule,))
            else:
                waiver = Waiver(found.rule.predicate, found.rule.name, because)
        if waiver not in used:
            used.append(waiver)
    rules = tuple(rule for rule in network.rules if rule not in dropped)
    return network.replace(rules=rules, waivers=tuple(used))
